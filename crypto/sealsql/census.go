package sealsql

import (
	"context"
	"database/sql"
	"strings"

	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// Census implements rekey.Source. It reads the table once for all rows and once
// for each sealed column, or their indexes.
func (s *Source) Census(ctx context.Context) (rekey.Census, error) {
	census, err := again(ctx, func() (rekey.Census, error) { return s.census(ctx) })
	return census, s.failed("source: census", err)
}

func (s *Source) census(ctx context.Context) (census rekey.Census, err error) {
	if err := s.start(ctx, ""); err != nil {
		return census, err
	}
	for _, wrong := range s.q.wrong() {
		if n, err := s.count(ctx, s.q.count(s.tenant, wrong.condition, wrong.everybody)); err != nil || n > 0 {
			return census, orProblem(err, wrong.problem)
		}
	}
	if census.Rows, err = s.count(ctx, s.q.count(s.tenant, "1 = 1", false)); err != nil {
		return census, err
	}
	for i := range s.q.prefixes {
		if err := s.cells(ctx, i, &census); err != nil {
			return census, err
		}
	}
	return census, nil
}

func orProblem(err error, p problem) error {
	if err != nil {
		return err
	}
	return p
}

func (s *Source) count(ctx context.Context, q *query) (n uint64, err error) {
	err = one(ctx, s.db, q, &n)
	return n, err
}

// cells counts the values of a column by their prefixes.
func (s *Source) cells(ctx context.Context, column int, census *rekey.Census) error {
	q := s.q.prefixCounts(column, s.tenant)
	rows, err := s.db.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err has it
	for rows.Next() {
		var prefix sql.Null[any]
		var n uint64
		if err := rows.Scan(&prefix, &n); err != nil {
			return err
		}
		census.AddCells(stored(prefix.V), n)
	}
	return rows.Err()
}

// A fault is a condition that no row may meet, of the tenant or at all.
type fault struct {
	condition string
	everybody bool
	problem   problem
}

// wrong are the conditions under which pages would pass rows over.
func (q *tableQueries) wrong() []fault {
	all := []fault{{strings.Join(q.key, " IS NULL OR ") + " IS NULL", false, errNull}}
	if q.tenant != "" && q.d == SQLite { // bytes are never equal to text there
		all = append(all, fault{"typeof(" + q.tenant + ") = 'blob'", true, "the tenant's column holds bytes; it needs text"})
	}
	return all
}

// count counts the rows that meet a condition.
func (q *tableQueries) count(tenant, condition string, everybody bool) *query {
	b := q.begin("SELECT count(*) FROM %s", q.table)
	if everybody {
		b.add(" WHERE ")
	} else {
		q.where(b, tenant)
	}
	b.add("(%s)", condition)
	return b
}

// prefixCounts counts the values of a column under each prefix.
func (q *tableQueries) prefixCounts(column int, tenant string) *query {
	b := q.begin("SELECT %s, count(*) FROM %s", q.prefixes[column], q.table)
	q.where(b, tenant)
	b.add("%s IS NOT NULL GROUP BY %s", q.sealed[column], q.prefixes[column])
	return b
}
