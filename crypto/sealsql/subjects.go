package sealsql

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// DefaultSubjectsTable is the table of a [Subjects] without another name.
//
// Controls: none, it is a name.
const DefaultSubjectsTable = "subject_keys"

// maxRecord bounds a record, in bytes, as crypto does.
const maxRecord = 64 << 10

// Subjects is a crypto.SubjectKeys and crypto.SubjectLister in one table.
// Compare-and-swap is one statement, so any number of processes may share it.
// A destroyed record leaves a row that says so, with the time, for ever. Where
// subject keys are, but the key that names them is not, it refuses to make
// another, which would hide them for good. It is safe for concurrent use and
// does not close the database. The zero Subjects is not usable.
//
// A destroyed record is not overwritten at once: PostgreSQL keeps the wrapped
// bytes in a dead tuple until VACUUM, and in its WAL, SQLite in free pages
// (unless secure_delete is on) and its WAL. They are of use only to who has
// the tenant's key, and no more once that is rotated and destroyed.
//
// What is acknowledged survives a crash as far as the database keeps that
// promise: synchronous_commit must not be off, SQLite's synchronous not OFF,
// nor NORMAL with a write-ahead log.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Subjects struct {
	db    *sql.DB
	d     Dialect
	q     subjectQueries
	table string
}

var _ interface {
	crypto.SubjectKeys
	crypto.SubjectLister
} = (*Subjects)(nil)

// SubjectsOptions are the settings of a [Subjects]. The zero value, and nil,
// are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type SubjectsOptions struct {
	// Table is the name of the table, perhaps with a schema in front. Empty is
	// DefaultSubjectsTable.
	Table string
}

// NewSubjects returns the store in a table of db, which [Subjects.CreateTable]
// makes if it is not there. Nil opts are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func NewSubjects(db *sql.DB, d Dialect, opts *SubjectsOptions) (*Subjects, error) {
	if db == nil {
		return nil, errors.New("sealsql: subjects: no database")
	}
	if err := d.validate(); err != nil {
		return nil, err
	}
	name := DefaultSubjectsTable
	if opts != nil && opts.Table != "" {
		name = opts.Table
	}
	table, err := d.table(name)
	if err != nil {
		return nil, err
	}
	return &Subjects{db: db, d: d, q: newSubjectQueries(d, table), table: table}, nil
}

type subjectQueries struct {
	schema, get, create, index, used, replace, destroy, names string
}

// newSubjectQueries has tenant as bytes, since a tenant's name may hold what
// a text column refuses, and so that names compare by bytes everywhere.
func newSubjectQueries(d Dialect, table string) subjectQueries {
	const subject = "tenant = $1 AND length(name) = 64 AND record IS NOT NULL"
	with := func(statement string) string {
		return strings.ReplaceAll(d.args(statement), "TABLE", table)
	}
	return subjectQueries{
		schema: fmt.Sprintf(`CREATE TABLE IF NOT EXISTS %s (
	tenant    %s NOT NULL,
	name      %s NOT NULL,
	record    %s,
	destroyed BIGINT, -- Unix seconds
	PRIMARY KEY (tenant, name),
	CHECK ((record IS NULL) = (destroyed IS NOT NULL))
)`, table, d.binary(), d.text(), d.binary()),
		get: with("SELECT record FROM TABLE WHERE tenant = $1 AND name = $2"),
		create: with("INSERT INTO TABLE (tenant, name, record) VALUES ($1, $2, $3)" +
			" ON CONFLICT (tenant, name) DO NOTHING"),
		index: with("INSERT INTO TABLE (tenant, name, record) SELECT $1, $2, $3" +
			" WHERE NOT EXISTS (SELECT 1 FROM TABLE WHERE " + subject + ")" +
			" ON CONFLICT (tenant, name) DO NOTHING"),
		used:    with("SELECT count(*) FROM (SELECT 1 FROM TABLE WHERE " + subject + " LIMIT 1) AS one"),
		replace: with("UPDATE TABLE SET record = $4 WHERE tenant = $1 AND name = $2 AND record = $3"),
		destroy: with("INSERT INTO TABLE AS was (tenant, name, destroyed) VALUES ($1, $2, $3)" +
			" ON CONFLICT (tenant, name) DO UPDATE SET record = NULL," +
			" destroyed = coalesce(was.destroyed, excluded.destroyed)"),
		names: with("SELECT name FROM TABLE WHERE tenant = $1 AND name > $2 AND record IS NOT NULL" +
			" ORDER BY name LIMIT $3"),
	}
}

// Schema returns the statement that makes the table, for your migrations.
func (s *Subjects) Schema() string { return s.q.schema }

// CreateTable makes the table if it is not there.
func (s *Subjects) CreateTable(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, s.q.schema)
	return failed("subjects: create table", err)
}

// The errors of arguments that no crypto.Sealer passes.
var (
	errSubjectName   = errors.New("sealsql: subjects: bad tenant or name")
	errSubjectRecord = errors.New("sealsql: subjects: record must be 1 byte to 64 KiB")
	errIndexLost     = errors.New("sealsql: subjects: subject keys are there, but the key that names them is missing")
)

// indexName is the name of the record that names a tenant's subjects.
const indexName = "index"

func checkName(tenant, name string) error {
	if tenant == "" || name == "" || len(name) > 64 || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
		return errSubjectName
	}
	return nil
}

// Get implements crypto.SubjectKeys.
func (s *Subjects) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	if err := checkName(tenant, name); err != nil {
		return nil, err
	}
	record, err := again(ctx, func() (record []byte, err error) {
		err = s.db.QueryRowContext(ctx, s.q.get, []byte(tenant), name).Scan(&record)
		return record, err
	})
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, crypto.ErrNotFound
	case err != nil:
		return nil, failed("subjects: get", err)
	case record == nil:
		return nil, crypto.ErrShredded
	}
	return record, nil
}

// Put implements crypto.SubjectKeys.
func (s *Subjects) Put(ctx context.Context, tenant, name string, old, record []byte) error {
	if err := checkName(tenant, name); err != nil {
		return err
	}
	if len(record) == 0 || len(record) > maxRecord {
		return errSubjectRecord
	}
	statement, args := s.q.create, []any{[]byte(tenant), name, record}
	switch {
	case old != nil:
		statement, args = s.q.replace, []any{[]byte(tenant), name, old, record}
	case name == indexName:
		statement = s.q.index
	}
	result, err := again(ctx, func() (sql.Result, error) { return s.db.ExecContext(ctx, statement, args...) })
	if err != nil {
		return failed("subjects: put", err)
	}
	n, err := result.RowsAffected()
	if err != nil || n == 1 {
		return failed("subjects: put", err)
	}
	return s.refused(ctx, tenant, name, old == nil)
}

// refused says why a Put changed nothing.
func (s *Subjects) refused(ctx context.Context, tenant, name string, create bool) error {
	_, err := s.Get(ctx, tenant, name)
	if !errors.Is(err, crypto.ErrNotFound) {
		return orConflict(err)
	}
	if !create || name != indexName {
		return crypto.ErrConflict
	}
	used, err := again(ctx, func() (used int, err error) {
		err = s.db.QueryRowContext(ctx, s.q.used, []byte(tenant)).Scan(&used)
		return used, err
	})
	if err != nil {
		return failed("subjects: put", err)
	}
	if used > 0 {
		return errIndexLost
	}
	return crypto.ErrConflict
}

func orConflict(err error) error {
	if err == nil {
		return crypto.ErrConflict
	}
	return err
}

// Destroy implements crypto.SubjectKeys.
func (s *Subjects) Destroy(ctx context.Context, tenant, name string) error {
	if err := checkName(tenant, name); err != nil {
		return err
	}
	err := inTx(ctx, s.db, s.d, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, s.q.destroy, []byte(tenant), name, time.Now().Unix())
		return err
	})
	return failed("subjects: destroy", err)
}

// Names implements crypto.SubjectLister.
func (s *Subjects) Names(ctx context.Context, tenant, after string, max int) ([]string, error) {
	names, err := texts(ctx, s.db, s.q.names, []byte(tenant), after, max)
	return names, failed("subjects: names", err)
}

// texts returns the rows of a query for one column of text.
func texts(ctx context.Context, db *sql.DB, query string, args ...any) ([]string, error) {
	return again(ctx, func() ([]string, error) { return textsOnce(ctx, db, query, args) })
}

func textsOnce(ctx context.Context, db *sql.DB, query string, args []any) ([]string, error) {
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close() //nolint:errcheck // Err has it
	var all []string
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return nil, err
		}
		all = append(all, text)
	}
	return all, rows.Err()
}
