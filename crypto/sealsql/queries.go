package sealsql

import (
	"fmt"
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
	table, err := quoteTable(t.Table)
	if err != nil {
		return nil, err
	}
	q := &tableQueries{d: d, table: table, key: quoted(t.Key)}
	for _, c := range t.Columns {
		q.sealed = append(q.sealed, `"`+c.Column+`"`)
		q.prefixes = append(q.prefixes, d.prefix(`"`+c.Column+`"`))
	}
	list := append(quoted(t.Key), quoted(t.row())...)
	if t.Subject.Column != "" {
		list = append(list, `"`+t.Subject.Column+`"`)
	}
	q.list = strings.Join(append(list, q.sealed...), ", ")
	if t.Tenant.Column != "" {
		q.tenant = `"` + t.Tenant.Column + `"`
	}
	return q, nil
}

// quoted quotes names that were validated.
func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = `"` + name + `"`
	}
	return out
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

// after adds the condition that the key is greater than key.
func (q *tableQueries) after(b *query, key []value) {
	var args []string
	for _, v := range key {
		args = append(args, b.arg(v.v))
	}
	b.add("(%s) > (%s)", strings.Join(q.key, ", "), strings.Join(args, ", "))
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

// under asks for the rows with a prefix in a column, after a key.
func (q *tableQueries) under(at position, tenant string, max int) *query {
	b := q.begin("SELECT %s FROM %s", q.list, q.table)
	q.where(b, tenant)
	b.add("%s = %s", q.prefixes[at.Column], b.arg(at.Prefix.v))
	q.rest(b, at.Key, max)
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
		q.after(b, key)
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
