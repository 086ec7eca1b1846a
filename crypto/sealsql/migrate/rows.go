package migrate

import (
	"context"
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// A row is what a walk sees of one row. Without a subject, a tenant or a name
// it has no place, and the Sealer refuses it.
type row struct {
	key     []string // as text
	version string   // the transaction that wrote it
	ref     crypto.Ref
	plain   *string
	sealed  []byte
}

// A walk reads the rows of a table in the order of their key.
type walk struct {
	m     *Migration
	facts facts
	query string // without the key that it begins after
}

// Which rows a walk reads.
const (
	rowsMissing = "{plain} IS NOT NULL AND {sealed} IS NULL"
	rowsSet     = "({plain} IS NOT NULL OR {sealed} IS NOT NULL)"
)

// walk returns a walk over the rows for which a condition holds.
func (m *Migration) walk(ctx context.Context, where string) (*walk, error) {
	f, err := m.facts(ctx)
	if err != nil {
		return nil, err
	}
	types, err := m.types(ctx)
	if err != nil {
		return nil, err
	}
	list := []string{"xmin::text", asText(m.plain, f.plain), m.sealed}
	for _, optional := range []string{m.tenant, m.subject} {
		if optional == "" {
			optional = "NULL"
		}
		list = append(list, textOf(optional, types))
	}
	for _, column := range append(append([]string{}, m.key...), m.row...) {
		list = append(list, textOf(column, types))
	}
	query := fmt.Sprintf("SELECT %s FROM %s AS r WHERE %s", strings.Join(list, ", "), m.table, m.fill(where))
	return &walk{m: m, facts: f, query: query}, nil
}

func textOf(column string, types map[string]string) string {
	return asText(column, types[strings.Trim(column, `"`)])
}

// pageBytes is how many bytes of values end a page, so that a run holds a few
// times as much whatever the table holds.
const pageBytes = 16 << 20

// next returns up to n rows after a key, or from the first, and the key after
// which the next page begins, nil at the end.
func (w *walk) next(ctx context.Context, after []string, n int) (page []row, last []string, err error) {
	query, args := w.query, make([]any, len(after))
	if len(after) > 0 {
		placeholders := make([]string, len(after))
		for i, text := range after {
			placeholders[i], args[i] = fromText(fmt.Sprintf("$%d", i+1), w.facts.key[i]), text
		}
		query += fmt.Sprintf(" AND (%s) > (%s)", strings.Join(w.m.key, ", "), strings.Join(placeholders, ", "))
	}
	// A bare name would order by the text of the key, which is selected.
	query += fmt.Sprintf(" ORDER BY r.%s LIMIT %d", strings.Join(w.m.key, ", r."), n)
	found, err := w.m.db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, nil, err
	}
	defer found.Close() //nolint:errcheck // Err has it
	for held := 0; found.Next(); {
		r, err := w.scan(found.Scan)
		if err != nil {
			return nil, nil, err
		}
		page = append(page, r)
		if held += r.size(); held >= pageBytes || len(page) == n {
			return page, r.key, found.Close()
		}
	}
	return page, nil, found.Err()
}

// size is how many bytes the values of a row have.
func (r *row) size() int {
	n := len(r.sealed)
	if r.plain != nil {
		n += len(*r.plain)
	}
	return n
}

func (w *walk) scan(scan func(...any) error) (row, error) {
	r := row{key: make([]string, len(w.m.key))}
	var tenant, subject *string
	names := make([]*string, len(w.m.row))
	into := []any{&r.version, &r.plain, &r.sealed, &tenant, &subject}
	for i := range r.key {
		into = append(into, &r.key[i])
	}
	for i := range names {
		into = append(into, &names[i])
	}
	err := scan(into...)
	r.ref = w.ref(tenant, subject, names)
	return r, err
}

// ref returns the place of a row.
func (w *walk) ref(tenant, subject *string, names []*string) crypto.Ref {
	ref := crypto.Ref{Tenant: w.m.spec.Table.Tenant.Value, Subject: crypto.NoSubject()}
	ref.Table, ref.Column = w.m.logical()
	if tenant != nil {
		ref.Tenant = *tenant
	}
	if w.m.subject != "" {
		ref.Subject = crypto.Subject{}
	}
	if subject != nil {
		ref.Subject = crypto.SubjectOf(safeguard.NewPatient(*subject))
	}
	parts := make([]string, len(names))
	for i, name := range names {
		if name == nil {
			return ref
		}
		parts[i] = *name
	}
	ref.Row = sealsql.RowName(parts...)
	return ref
}
