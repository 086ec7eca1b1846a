package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// maxNotes is how many notes a chart shows, the newest first.
const maxNotes = 100

// errNoPatient reports an id that no patient has.
var errNoPatient = errors.New("clinic: store: no such patient")

// A store keeps charts in a database that never sees them: every column but
// the opaque id, the unit and the moment of a note is sealed under the
// patient's own key, and opens only in its own row and column. The database
// can therefore list by unit, and cannot search by name.
type store struct {
	db     *sql.DB
	sealer *crypto.Sealer
}

// row is a patient as the database has it.
type row struct {
	id, unit                    string
	name, birthDate, mrn, phone crypto.Sealed[string]
	address                     crypto.Sealed[address]
	coverage                    crypto.Sealed[coverage]
	problems                    crypto.Sealed[[]problem]
	medications                 crypto.Sealed[[]string]
}

const columns = "id, unit, name, birth_date, mrn, phone, address, coverage, problems, medications"

func (r *row) scan(scan func(...any) error) error {
	return scan(&r.id, &r.unit, &r.name, &r.birthDate, &r.mrn, &r.phone, &r.address, &r.coverage, &r.problems, &r.medications)
}

// ref is the place of a sealed value. It is bound to the value: a ciphertext
// that is moved to another row, column or patient does not open.
func ref(table, column, row, patient string) crypto.Ref {
	return crypto.Ref{
		Tenant: tenant, Table: table, Column: column, Row: row,
		Subject: crypto.SubjectOf(safeguard.NewPatient(patient)),
	}
}

// chart returns a patient's chart with the fields that may be seen.
func (s *store) chart(ctx context.Context, id string, see fields) (chart, error) {
	var r row
	err := r.scan(s.db.QueryRowContext(ctx, "SELECT "+columns+" FROM patient WHERE id = $1", id).Scan)
	if errors.Is(err, sql.ErrNoRows) {
		return chart{}, errNoPatient
	}
	if err != nil {
		return chart{}, databaseError("read", err)
	}
	c, err := s.open(ctx, &r, see)
	if err == nil && see.has("notes") {
		c.Notes, err = s.notes(ctx, id)
	}
	return c, err
}

// list returns up to limit patients, of one unit if one is given.
func (s *store) list(ctx context.Context, unit string, limit int, see fields) ([]chart, error) {
	rows, err := s.db.QueryContext(ctx,
		"SELECT "+columns+" FROM patient WHERE unit = $1 OR $1 = '' ORDER BY unit, id LIMIT $2", unit, limit)
	if err != nil {
		return nil, databaseError("list", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err has it
	charts := []chart{}
	for rows.Next() {
		var r row
		if err := r.scan(rows.Scan); err != nil {
			return nil, databaseError("list", err)
		}
		c, err := s.open(ctx, &r, see)
		if errors.Is(err, crypto.ErrShredded) {
			continue // destroyed on purpose; the others are still there
		}
		if err != nil {
			return nil, err
		}
		charts = append(charts, c)
	}
	return charts, databaseError("list", rows.Err())
}

// open opens the columns that may be seen. Each opening is noted in the audit
// Entry of ctx, so the log says what was read, not what could have been.
func (s *store) open(ctx context.Context, r *row, see fields) (chart, error) {
	audit.EntryFrom(ctx).AddPatient(safeguard.NewPatient(r.id))
	c := chart{ID: r.id, Unit: r.unit, Address: new(address), Coverage: new(coverage)}
	o := opener{ctx: ctx, sealer: s.sealer, patient: r.id, see: see}
	openInto(&o, "name", r.name, &c.Name)
	openInto(&o, "birthDate", r.birthDate, &c.BirthDate)
	openInto(&o, "mrn", r.mrn, &c.MRN)
	openInto(&o, "phone", r.phone, &c.Phone)
	openInto(&o, "problems", r.problems, &c.Problems)
	openInto(&o, "medications", r.medications, &c.Medications)
	if !openInto(&o, "address", r.address, c.Address) {
		c.Address = nil
	}
	if !openInto(&o, "coverage", r.coverage, c.Coverage) {
		c.Coverage = nil
	}
	return c, o.err
}

// An opener opens the columns of one row until the first error.
type opener struct {
	ctx     context.Context
	sealer  *crypto.Sealer
	patient string
	see     fields
	err     error
}

// openInto opens one column into dst, if it may be seen, and reports whether
// it did.
func openInto[T any](o *opener, column string, x crypto.Sealed[T], dst *T) bool {
	if o.err != nil || !o.see.has(column) {
		return false
	}
	*dst, o.err = x.Open(o.ctx, o.sealer, ref("patient", column, o.patient, o.patient))
	return o.err == nil
}

// addAll seals and stores new patients, all or none of them.
func (s *store) addAll(ctx context.Context, charts []chart) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return databaseError("add", err)
	}
	defer tx.Rollback() //nolint:errcheck // does nothing after a commit
	for _, c := range charts {
		if err := s.add(ctx, tx, c); err != nil {
			return err
		}
	}
	return databaseError("add", tx.Commit())
}

// add seals and stores one patient.
func (s *store) add(ctx context.Context, tx *sql.Tx, c chart) error {
	r := row{id: c.ID, unit: c.Unit}
	w := closer{ctx: ctx, sealer: s.sealer, patient: c.ID}
	sealInto(&w, "name", c.Name, &r.name)
	sealInto(&w, "birthDate", c.BirthDate, &r.birthDate)
	sealInto(&w, "mrn", c.MRN, &r.mrn)
	sealInto(&w, "phone", c.Phone, &r.phone)
	sealInto(&w, "address", *c.Address, &r.address)
	sealInto(&w, "coverage", *c.Coverage, &r.coverage)
	sealInto(&w, "problems", c.Problems, &r.problems)
	sealInto(&w, "medications", c.Medications, &r.medications)
	if w.err != nil {
		return w.err
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO patient ("+columns+") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
		r.id, r.unit, r.name, r.birthDate, r.mrn, r.phone, r.address, r.coverage, r.problems, r.medications)
	return databaseError("add", err)
}

// A closer seals the columns of one row until the first error.
type closer struct {
	ctx     context.Context
	sealer  *crypto.Sealer
	patient string
	err     error
}

func sealInto[T any](w *closer, column string, v T, dst *crypto.Sealed[T]) {
	if w.err == nil {
		*dst, w.err = crypto.Seal(w.ctx, w.sealer, ref("patient", column, w.patient, w.patient), v)
	}
}

// empty reports whether there is no patient yet.
func (s *store) empty(ctx context.Context) (bool, error) {
	var n int
	err := s.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM patient").Scan(&n)
	return n == 0, databaseError("count", err)
}

// notes returns the newest notes of a patient, the last one first.
func (s *store) notes(ctx context.Context, patient string) ([]note, error) {
	rows, err := s.db.QueryContext(ctx,
		"SELECT id, entry FROM note WHERE patient = $1 ORDER BY written DESC, id LIMIT $2", patient, maxNotes)
	if err != nil {
		return nil, databaseError("notes", err)
	}
	defer rows.Close() //nolint:errcheck // rows.Err has it
	var notes []note
	for rows.Next() {
		var id string
		var entry crypto.Sealed[note]
		if err := rows.Scan(&id, &entry); err != nil {
			return nil, databaseError("notes", err)
		}
		n, err := entry.Open(ctx, s.sealer, ref("note", "entry", id, patient))
		if err != nil {
			return nil, err
		}
		notes = append(notes, n)
	}
	return notes, databaseError("notes", rows.Err())
}

// addNote seals a note and adds it to a patient's chart. The audit Entry of
// ctx is committed first: a write that cannot be accounted for does not
// happen.
func (s *store) addNote(ctx context.Context, patient, author, body string) (note, error) {
	// Asked first, since sealing for an unknown patient would make a key.
	var one int
	err := s.db.QueryRowContext(ctx, "SELECT 1 FROM patient WHERE id = $1", patient).Scan(&one)
	if errors.Is(err, sql.ErrNoRows) {
		return note{}, errNoPatient
	}
	if err != nil {
		return note{}, databaseError("add note", err)
	}
	now := time.Now().UTC()
	n := note{Author: author, Written: now.Truncate(time.Second), Body: body}
	id := strings.ToLower(rand.Text())
	entry, err := crypto.Seal(ctx, s.sealer, ref("note", "entry", id, patient), n)
	if err != nil {
		return note{}, err
	}
	if err := audit.EntryFrom(ctx).Commit(ctx); err != nil {
		return note{}, err
	}
	_, err = s.db.ExecContext(ctx, "INSERT INTO note (patient, id, written, entry) VALUES ($1, $2, $3, $4)",
		patient, id, now.UnixMicro(), entry)
	if err != nil {
		return note{}, databaseError("add note", err)
	}
	return n, nil
}
