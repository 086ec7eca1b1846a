package sealsql

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
)

// tableQueries are the parts of which the statements over a table are made,
// names quoted.
type tableQueries struct {
	d        Dialect
	table    string
	tenant   string   // column, or empty
	key      []string // columns
	sealed   []string // columns
	prefixes []string // for each of sealed, its first five bytes
	list     string   // key, row, subject, sealed
}

func newTableQueries(t *Table, d Dialect) (*tableQueries, error) {
	if err := d.validate(); err != nil {
		return nil, err
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	table, err := d.table(t.Table)
	if err != nil {
		return nil, err
	}
	q := &tableQueries{d: d, table: table, key: d.quotes(t.Key)}
	for _, c := range t.Columns {
		q.sealed = append(q.sealed, d.quote(c.Column))
		q.prefixes = append(q.prefixes, d.prefix(d.quote(c.Column)))
	}
	list := d.quotes(slices.Concat(t.Key, t.row()))
	if t.Subject.Column != "" {
		list = append(list, d.quote(t.Subject.Column))
	}
	q.list = strings.Join(append(list, q.sealed...), ", ")
	if t.Tenant.Column != "" {
		q.tenant = d.quote(t.Tenant.Column)
	}
	return q, nil
}

// prefix is the first five bytes of a column: the format and the key id.
func (d Dialect) prefix(column string) string {
	if d == SQLite {
		return "substr(" + column + ", 1, 5)"
	}
	return "substring(" + column + " from 1 for 5)"
}

// A query is a statement and its arguments.
type query struct {
	d    Dialect
	text strings.Builder
	args []any
}

func (q *tableQueries) begin(format string, a ...any) *query {
	b := &query{d: q.d}
	fmt.Fprintf(&b.text, format, a...)
	return b
}

// one asks for one row of one column.
func one(ctx context.Context, db *sql.DB, q *query, into any) error {
	_, err := again(ctx, func() (struct{}, error) {
		return struct{}{}, db.QueryRowContext(ctx, q.text.String(), q.args...).Scan(into)
	})
	return err
}

func (b *query) add(format string, a ...any) { fmt.Fprintf(&b.text, format, a...) }

// arg adds an argument and returns its placeholder.
func (b *query) arg(v any) string {
	b.args = append(b.args, v)
	return b.d.arg(len(b.args))
}

// where begins a condition, with the tenant's if rows of several are there.
func (q *tableQueries) where(b *query, tenant string) {
	b.add(" WHERE ")
	if q.tenant != "" {
		b.add("%s = %s AND ", q.tenant, b.arg(tenant))
	}
}

// after adds the condition that columns are greater than values.
func (b *query) after(columns []string, values []value) {
	var args []string
	for _, v := range values {
		args = append(args, b.arg(v.v))
	}
	b.add("(%s) > (%s)", strings.Join(columns, ", "), strings.Join(args, ", "))
}

// nextPrefix asks for the least prefix greater than after, or for the least.
func (q *tableQueries) nextPrefix(column int, tenant string, after *value) *query {
	prefix := q.prefixes[column]
	b := q.begin("SELECT %s FROM %s", prefix, q.table)
	q.where(b, tenant)
	if after == nil {
		b.add("%s IS NOT NULL", prefix)
	} else {
		b.add("%s > %s", prefix, b.arg(after.v))
	}
	b.add(" ORDER BY %s LIMIT 1", prefix)
	return b
}

// under asks for the rows with a prefix in a column, after a key. Both are
// compared, and ordered, as the index has them: were the prefix said to be
// equal and the order that of the key, the planner may think it better to walk
// over the whole table in that order.
func (q *tableQueries) under(at position, tenant string, max int) *query {
	prefix := q.prefixes[at.Column]
	order := append([]string{prefix}, q.key...)
	b := q.begin("SELECT %s FROM %s", q.list, q.table)
	q.where(b, tenant)
	b.add("%s <= %s AND ", prefix, b.arg(at.Prefix.v))
	if at.Key == nil {
		b.add("%s >= %s", prefix, b.arg(at.Prefix.v))
	} else {
		b.after(order, append([]value{*at.Prefix}, at.Key...))
	}
	b.add(" ORDER BY %s LIMIT %d", strings.Join(order, ", "), max)
	return b
}

// all asks for all rows after a key.
func (q *tableQueries) all(key []value, tenant string, max int) *query {
	b := q.begin("SELECT %s FROM %s", q.list, q.table)
	q.where(b, tenant)
	b.add("1 = 1")
	q.rest(b, key, max)
	return b
}

// rest ends a query: the next max rows after a key, or from the first.
func (q *tableQueries) rest(b *query, key []value, max int) {
	if key != nil {
		b.add(" AND ")
		b.after(q.key, key)
	}
	b.add(" ORDER BY %s LIMIT %d", strings.Join(q.key, ", "), max)
}

// is adds the condition that the key is key.
func (q *tableQueries) is(b *query, key []value) {
	for i, v := range key {
		if i > 0 {
			b.add(" AND ")
		}
		b.add("%s = %s", q.key[i], b.arg(v.v))
	}
}

// replace changes a row if the cells that get a new value are as they were.
func (q *tableQueries) replace(key []value, tenant string, old, fresh [][]byte) *query {
	b := q.begin("UPDATE %s SET ", q.table)
	for i, comma := 0, ""; i < len(fresh); i++ {
		if fresh[i] != nil {
			b.add("%s%s = %s", comma, q.sealed[i], b.arg(fresh[i]))
			comma = ", "
		}
	}
	q.where(b, tenant)
	q.is(b, key)
	for i := range fresh {
		if fresh[i] != nil {
			b.add(" AND %s = %s", q.sealed[i], b.arg(old[i]))
		}
	}
	return b
}
