package sealsql

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// A Source is the rows of one tenant in a table, for package rekey. It finds
// stale rows through the indexes of [Table.Indexes]: it asks for one old key
// id after the other, then for the rows under it in the order of the key, and
// so never walks over fresh ones. A page ends before it holds much more than
// 64 MiB of sealed values, whatever was asked for. Rows are replaced by
// statements that compare the old values, some hundred in a transaction.
// Positions hold keys of rows. It is safe for concurrent use and does not close
// the database. The zero Source is not usable.
//
// It must see all rows. Where PostgreSQL's row level security is active for its
// role it returns an error: give it a role with BYPASSRLS. A key that holds
// NULL is an error where it is read, and always to Census.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Source struct {
	db     *sql.DB
	table  *Table
	tenant string
	q      *tableQueries
	page   int // bytes of sealed values at which a page ends
}

const pageBytes = 64 << 20

var _ rekey.Source = (*Source)(nil)

// Source returns the rows of tenant in db. Where the table has one tenant,
// tenant is that or empty.
func (t *Table) Source(db *sql.DB, d Dialect, tenant string) (*Source, error) {
	if db == nil {
		return nil, errors.New("sealsql: source: no database")
	}
	q, err := newTableQueries(t, d)
	if err != nil {
		return nil, err
	}
	if tenant == "" {
		tenant = t.Tenant.Value
	}
	if tenant == "" || t.Tenant.Value != "" && t.Tenant.Value != tenant {
		return nil, errors.New("sealsql: source: the table has no rows of such a tenant")
	}
	return &Source{db: db, table: t.clone(), tenant: tenant, q: q, page: pageBytes}, nil
}

// Tenant implements rekey.Source.
func (s *Source) Tenant() string { return s.tenant }

// Stale implements rekey.Source.
func (s *Source) Stale(ctx context.Context, current uint32, after string, max int) (rekey.Page, error) {
	var at position
	if err := decode(after, &at); err != nil || at.Column < 0 {
		return rekey.Page{}, errPosition
	}
	if err := s.start(ctx, after); err != nil {
		return rekey.Page{}, s.failed("source: stale", err)
	}
	var rows []rekey.Row
	for at.Column < len(s.table.Columns) {
		found, err := s.staleUnder(ctx, &at, current, max-len(rows))
		if err != nil {
			return rekey.Page{}, s.failed("source: stale", err)
		}
		if rows = append(rows, found...); at.Key != nil || len(rows) >= max {
			return rekey.Page{Rows: rows, Next: encode(at)}, nil
		}
	}
	return rekey.Page{Rows: rows}, nil
}

// staleUnder returns stale rows at the position and moves it on.
func (s *Source) staleUnder(ctx context.Context, at *position, current uint32, max int) ([]rekey.Row, error) {
	if at.Key == nil {
		prefix, err := s.nextPrefix(ctx, *at, current)
		if err != nil {
			return nil, err
		}
		if prefix == nil {
			*at = position{Column: at.Column + 1}
			return nil, nil
		}
		at.Prefix = prefix
	}
	if at.Prefix == nil || fresh(*at.Prefix, current) {
		at.Key = nil
		return nil, nil
	}
	rows, last, err := s.read(ctx, s.q.under(*at, s.tenant, max), max)
	if err != nil {
		return nil, err
	}
	at.Key = last
	return unseen(rows, at.Column, current), nil
}

// nextPrefix returns the next prefix that is not of the current key.
func (s *Source) nextPrefix(ctx context.Context, at position, current uint32) (*value, error) {
	prefix := at.Prefix
	for {
		q := s.q.nextPrefix(at.Column, s.tenant, prefix)
		next := new(value)
		err := one(ctx, s.db, q, next)
		if errors.Is(err, sql.ErrNoRows) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		if !fresh(*next, current) {
			return next, nil
		}
		prefix = next
	}
}

// fresh reports whether a prefix is of the current key.
func fresh(prefix value, current uint32) bool {
	b, ok := prefix.v.([]byte)
	if !ok || len(b) != 5 {
		return false
	}
	_, ok = crypto.KeyID(b)
	return ok && binary.BigEndian.Uint32(b[1:]) == current
}

// unseen drops the rows that are stale in an earlier column too, and so were
// seen there.
func unseen(rows []rekey.Row, column int, current uint32) []rekey.Row {
	kept := rows[:0]
	for _, row := range rows {
		seen := false
		for _, cell := range row.Cells[:column] {
			seen = seen || cell.Sealed != nil && !fresh(value{cell.Sealed[:min(5, len(cell.Sealed))]}, current)
		}
		if !seen {
			kept = append(kept, row)
		}
	}
	return kept
}

// All implements rekey.Source.
func (s *Source) All(ctx context.Context, after string, max int) (rekey.Page, error) {
	var key []value
	if err := s.decodeKey(after, &key); err != nil {
		return rekey.Page{}, err
	}
	if err := s.start(ctx, after); err != nil {
		return rekey.Page{}, s.failed("source: all", err)
	}
	page, err := s.paged(ctx, s.q.all(key, s.tenant, max), max)
	return page, s.failed("source: all", err)
}

// paged returns the page of a query for at most max rows.
func (s *Source) paged(ctx context.Context, q *query, max int) (rekey.Page, error) {
	rows, last, err := s.read(ctx, q, max)
	if err != nil || last == nil {
		return rekey.Page{Rows: rows}, err
	}
	return rekey.Page{Rows: rows, Next: encode(last)}, nil
}

// start makes sure, before a first page, that the database shows all rows.
func (s *Source) start(ctx context.Context, after string) error {
	if after != "" || s.q.d != Postgres {
		return nil
	}
	var filtered bool
	q := s.q.begin("SELECT row_security_active(")
	q.add("%s::text::regclass)", q.arg(s.q.table))
	err := one(ctx, s.db, q, &filtered)
	if err == nil && filtered {
		err = problem("row level security is active for the role, which needs BYPASSRLS to see all rows")
	}
	return err
}

func (s *Source) decodeKey(text string, key *[]value) error {
	if err := decode(text, key); err != nil || text != "" && len(*key) != len(s.table.Key) {
		return errPosition
	}
	return nil
}

// read returns the rows of a query for at most max, and the key of the last if
// there may be more.
func (s *Source) read(ctx context.Context, q *query, max int) (rows []rekey.Row, last []value, err error) {
	rows, err = again(ctx, func() (found []rekey.Row, err error) {
		found, last, err = s.readOnce(ctx, q, max)
		return found, err
	})
	return rows, last, err
}

func (s *Source) readOnce(ctx context.Context, q *query, max int) ([]rekey.Row, []value, error) {
	rows, err := s.db.QueryContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close() //nolint:errcheck // Err has it
	var all []rekey.Row
	scan, size := s.newScan(), 0
	for rows.Next() {
		if err := rows.Scan(scan.into...); err != nil {
			return nil, nil, err
		}
		if slices.ContainsFunc(scan.key, value.null) {
			return nil, nil, errNull
		}
		row := s.row(scan)
		size += sizeOf(row)
		if all = append(all, row); len(all) == max || size >= s.page {
			return all, slices.Clone(scan.key), rows.Close()
		}
	}
	return all, nil, rows.Err()
}

// sizeOf returns the bytes of the sealed values of rows.
func sizeOf(rows ...rekey.Row) (n int) {
	for _, row := range rows {
		for _, cell := range row.Cells {
			n += len(cell.Sealed)
		}
	}
	return n
}

// errNull reports a key by which pages would pass rows over.
const errNull = problem("a column of the key holds NULL")

// A scan is where a row is scanned to.
type scan struct {
	key, row []value
	subject  value
	sealed   []any
	into     []any
}

func (s *Source) newScan() *scan {
	c := &scan{
		key:    make([]value, len(s.table.Key)),
		row:    make([]value, len(s.table.row())),
		sealed: make([]any, len(s.table.Columns)),
	}
	for i := range c.key {
		c.into = append(c.into, &c.key[i])
	}
	for i := range c.row {
		c.into = append(c.into, &c.row[i])
	}
	if s.table.Subject.Column != "" {
		c.into = append(c.into, &c.subject)
	}
	for i := range c.sealed {
		c.into = append(c.into, &c.sealed[i])
	}
	return c
}

// row returns the row that was scanned. One without a row name or a subject
// has no place: the Sealer refuses its cells.
func (s *Source) row(c *scan) rekey.Row {
	ref := crypto.Ref{Tenant: s.tenant, Table: s.table.logical(), Subject: crypto.NoSubject()}
	if s.table.Subject.Column != "" {
		ref.Subject = crypto.SubjectOf(safeguard.NewPatient(c.subject.text()))
	}
	var parts []string
	whole := true
	for _, v := range c.row {
		parts, whole = append(parts, v.text()), whole && !v.null()
	}
	if whole {
		ref.Row = RowName(parts...)
	}
	row := rekey.Row{Position: encode(c.key)}
	for i, column := range s.table.Columns {
		ref.Column = column.logical()
		row.Cells = append(row.Cells, rekey.Cell{Ref: ref, Sealed: stored(c.sealed[i])})
	}
	return row
}

// stored returns what a sealed column holds: nil for NULL, and for what is not
// bytes something that is no sealed value.
func stored(v any) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case []byte:
		return append([]byte{}, v...)
	}
	return []byte(fmt.Sprintf("not bytes: %T", v))
}
