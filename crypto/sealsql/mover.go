package sealsql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// DefaultJournalTable is the journal of a [Mover] without another name.
//
// Controls: none, it is a name.
const DefaultJournalTable = "rekey_moves"

// A Mover is a [Source] whose rows can be given to another patient, for
// rekey.Rebind. The patient's column, the sealed cells and a journal of the
// moved rows change in one transaction. The journal holds the name of the
// merge and keys of rows, no patient. It is safe for concurrent use. The zero
// Mover is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Mover struct {
	*Source
	subject string // column, quoted
	journal moverQueries
}

var _ rekey.Mover = (*Mover)(nil)

type moverQueries struct{ schema, add, remove, list string }

// MoverOptions are the settings of a [Mover]. The zero value, and nil, are the
// defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type MoverOptions struct {
	// Journal is the name of the journal's table, perhaps with a schema in
	// front. Several tables may share it if their logical names differ, by which
	// it tells them apart. Empty is DefaultJournalTable.
	Journal string
}

// Mover returns the rows of tenant in db; tenant is as in [Table.Source]. The
// subject must be in a column that is neither in the key nor in the row's
// name: those of which it is part must be written anew by the program. It must
// not be of bytes. A key that is used again (see [Table]) would have Unbind give
// one patient's new row to another. Nil opts are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func (t *Table) Mover(db *sql.DB, d Dialect, tenant string, opts *MoverOptions) (*Mover, error) {
	s, err := t.Source(db, d, tenant)
	if err != nil {
		return nil, err
	}
	column := t.Subject.Column
	if column == "" || contains(t.Key, column) || contains(t.row(), column) {
		return nil, errors.New("sealsql: mover: the subject must be in a column of its own")
	}
	name := DefaultJournalTable
	if opts != nil && opts.Journal != "" {
		name = opts.Journal
	}
	journal, err := d.table(name)
	if err != nil {
		return nil, err
	}
	const of = " WHERE merge = $1 AND source = $2 AND tenant = $3"
	return &Mover{Source: s, subject: d.quote(column), journal: moverQueries{
		schema: fmt.Sprintf("CREATE TABLE IF NOT EXISTS %s (merge %[2]s NOT NULL, source %[2]s NOT NULL, tenant %[2]s NOT NULL,"+
			" position %[3]s NOT NULL, PRIMARY KEY (merge, source, tenant, position))", journal, d.binary(), d.text()),
		add: d.args("INSERT INTO " + journal + " (merge, source, tenant, position) VALUES ($1, $2, $3, $4)" +
			" ON CONFLICT DO NOTHING"),
		remove: d.args("DELETE FROM " + journal + of + " AND position = $4"),
		list:   d.args("SELECT position FROM " + journal + of + " AND position > $4 ORDER BY position LIMIT $5"),
	}}, nil
}

// Schema returns the statement that makes the journal, for your migrations.
func (m *Mover) Schema() string { return m.journal.schema }

// CreateTable makes the journal if it is not there.
func (m *Mover) CreateTable(ctx context.Context) error {
	_, err := m.db.ExecContext(ctx, m.journal.schema)
	return failed("mover: create table", err)
}

// Of implements rekey.Mover.
func (m *Mover) Of(ctx context.Context, p safeguard.Patient, after string, max int) (rekey.Page, error) {
	var key []value
	if err := m.decodeKey(after, &key); err != nil {
		return rekey.Page{}, err
	}
	if err := m.begin(ctx, after); err != nil {
		return rekey.Page{}, m.failed("mover: of", err)
	}
	q := m.q.begin("SELECT %s FROM %s", m.q.list, m.q.table)
	m.q.where(q, m.tenant)
	q.add("%s = %s", m.subject, q.arg(p.Reveal()))
	m.q.rest(q, key, max)
	page, err := m.paged(ctx, q, max)
	return page, m.failed("mover: of", err)
}

// begin makes sure, before a first page, that all rows of a patient are found.
// A column of bytes reads as hexadecimal, by which none would be.
func (m *Mover) begin(ctx context.Context, after string) error {
	if err := m.start(ctx, after); err != nil || after != "" {
		return err
	}
	q := m.q.begin("SELECT %s FROM %s", m.subject, m.q.table)
	m.q.where(q, m.tenant)
	if m.q.d == SQLite { // each value has its own type
		q.add("typeof(%s) = 'blob' LIMIT 1", m.subject)
	} else {
		q.add("%s IS NOT NULL LIMIT 1", m.subject)
	}
	var subject value
	err := one(ctx, m.db, q, &subject)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if _, ok := subject.v.([]byte); ok && err == nil {
		err = problem("the subject's column holds bytes; a mover needs text, integers or UUIDs")
	}
	return err
}

// Moved implements rekey.Mover.
func (m *Mover) Moved(ctx context.Context, merge, after string, max int) (rekey.Page, error) {
	if err := m.begin(ctx, after); err != nil {
		return rekey.Page{}, m.failed("mover: moved", err)
	}
	positions, err := texts(ctx, m.db, m.journal.list, append(m.of(merge), after, max)...)
	if err != nil {
		return rekey.Page{}, m.failed("mover: moved", err)
	}
	var page rekey.Page
	size := 0
	for i, position := range positions {
		rows, err := m.at(ctx, position)
		if err != nil {
			return rekey.Page{}, m.failed("mover: moved", err)
		}
		page.Rows = append(page.Rows, rows...) // none if it was deleted
		if size += sizeOf(rows...); i+1 == max || size >= m.page {
			page.Next = position
			break
		}
	}
	return page, nil
}

// of are the arguments that name a merge of this table in the journal.
func (m *Mover) of(merge string) []any {
	return []any{[]byte(merge), []byte(m.table.logical()), []byte(m.tenant)}
}

// at returns the row at a position, or none.
func (m *Mover) at(ctx context.Context, position string) ([]rekey.Row, error) {
	var key []value
	if err := m.decodeKey(position, &key); err != nil {
		return nil, err
	}
	q := m.q.begin("SELECT %s FROM %s", m.q.list, m.q.table)
	m.q.where(q, m.tenant)
	m.q.is(q, key)
	rows, _, err := m.read(ctx, q, 2)
	return rows, err
}

// Move implements rekey.Mover, in one transaction.
func (m *Mover) Move(ctx context.Context, move rekey.Move, changes []rekey.Change) (changed []bool, err error) {
	err = inTx(ctx, m.db, m.q.d, func(tx *sql.Tx) error {
		changed = make([]bool, len(changes))
		for i, c := range changes {
			if changed[i], err = m.moveIn(ctx, tx, move, c); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, refused(m.failed("mover: move", err))
	}
	return changed, nil
}

func (m *Mover) moveIn(ctx context.Context, tx *sql.Tx, move rekey.Move, c rekey.Change) (bool, error) {
	q, err := m.moved(move, c)
	if err != nil {
		return false, err
	}
	result, err := tx.ExecContext(ctx, q.text.String(), q.args...)
	if err != nil {
		return false, err
	}
	changed, err := hit(result)
	if err != nil || !changed {
		return false, err
	}
	if err := m.reads(ctx, tx, move.To, c.Row.Position); err != nil {
		return false, err
	}
	journal := m.journal.add
	if move.Back {
		journal = m.journal.remove
	}
	_, err = tx.ExecContext(ctx, journal, append(m.of(move.Merge), c.Row.Position)...)
	return true, err
}

// reads returns an error unless the row at a position is p's, letter for
// letter. A number loses leading zeros, a UUID its capitals, CHAR has blanks
// behind it, a trigger may do anything: the cells would never open again.
func (m *Mover) reads(ctx context.Context, tx *sql.Tx, p safeguard.Patient, position string) error {
	var key []value
	if err := m.decodeKey(position, &key); err != nil {
		return err
	}
	q := m.q.begin("SELECT %s FROM %s", m.subject, m.q.table)
	m.q.where(q, m.tenant)
	m.q.is(q, key)
	var subject value
	err := tx.QueryRowContext(ctx, q.text.String(), q.args...).Scan(&subject)
	if err == nil && subject.text() != p.Reveal() {
		err = problem("the subject's column does not keep the patient as it is written")
	}
	return err
}

// moved returns the statement of a change. It compares every cell, also those
// that are NULL: what is written into one meanwhile would be left behind.
func (m *Mover) moved(move rekey.Move, c rekey.Change) (*query, error) {
	key, err := m.checked(c)
	if err != nil {
		return nil, err
	}
	q := m.q.begin("UPDATE %s SET %s = ", m.q.table, m.subject)
	q.add("%s", q.arg(move.To.Reveal()))
	for i, fresh := range c.Sealed {
		if fresh != nil {
			q.add(", %s = %s", m.q.sealed[i], q.arg(fresh))
		}
	}
	m.q.where(q, m.tenant)
	m.q.is(q, key)
	q.add(" AND %s = %s", m.subject, q.arg(move.From.Reveal()))
	for i, cell := range c.Row.Cells {
		if cell.Sealed == nil {
			q.add(" AND %s IS NULL", m.q.sealed[i])
			continue
		}
		q.add(" AND %s = %s", m.q.sealed[i], q.arg(cell.Sealed))
	}
	return q, nil
}
