package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver of --db

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// subjectStore is a store of subjects' keys, as all of ours are.
type subjectStore interface {
	crypto.SubjectKeys
	crypto.SubjectLister
}

// subjectsFlag names the store of subjects' keys.
type subjectsFlag struct {
	Subjects string `placeholder:"STORE" help:"Store of subjects' keys: dir:PATH, or the URL of a PostgreSQL database, with #TABLE behind it if that is not subject_keys."`
}

// open returns the store, nil if there is none. It makes one only for a
// restore.
func (f subjectsFlag) openSubjects(ctx context.Context, make bool) (store subjectStore, closed func(), err error) {
	closed = func() {}
	switch path, dir := strings.CutPrefix(f.Subjects, "dir:"); {
	case f.Subjects == "":
		return nil, closed, nil
	case dir && make:
		store, err = crypto.NewDirSubjects(path)
	case dir:
		store, err = crypto.OpenDirSubjects(path)
	default:
		store, closed, err = f.table(ctx, make)
	}
	if err != nil {
		return nil, closed, refused(fmt.Errorf("--subjects: %w", err))
	}
	return store, closed, nil
}

// subjectsOrNone names the store of subjects' keys, or says that there is none.
type subjectsOrNone struct {
	subjectsFlag
	NoSubjects bool `help:"The service has no subjects' keys."`
}

func (f subjectsOrNone) check() error {
	if (f.Subjects == "") != f.NoSubjects {
		return refused(errors.New("say where subjects' keys are, --subjects, or that there are none, --no-subjects"))
	}
	return nil
}

// needsSubjects refuses tables of subjects without a store of their keys.
func needsSubjects(store subjectStore, tables ...*sealsql.Table) error {
	for _, t := range tables {
		if store == nil && !t.Subject.None {
			return refused(fmt.Errorf("%s is sealed for subjects, whose keys are in a store: --subjects", t.Table))
		}
	}
	return nil
}

func (f subjectsFlag) table(ctx context.Context, make bool) (subjectStore, func(), error) {
	address, name, _ := strings.Cut(f.Subjects, "#")
	db, err := openDB("--subjects", address)
	if err != nil {
		return nil, func() {}, err
	}
	closed := func() { _ = db.Close() }
	s, err := sealsql.NewSubjects(db, sealsql.Postgres, &sealsql.SubjectsOptions{Table: name})
	if err == nil && make {
		err = s.CreateTable(ctx)
	}
	return s, closed, err
}

// openDB opens a PostgreSQL database without a password on the command line.
func openDB(flag, address string) (*sql.DB, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return nil, refused(errors.New(flag + ": must be a URL that begins with postgres://"))
	}
	if _, there := u.User.Password(); there || u.Query().Has("password") || u.Query().Has("sslpassword") {
		return nil, refused(errors.New(flag + ": a password on the command line shows in the list of processes: use PGPASSWORD, PGPASSFILE or a service file"))
	}
	db, err := sql.Open("pgx", address)
	if err != nil {
		return nil, refused(errors.New(flag + ": not the URL of a database"))
	}
	db.SetMaxOpenConns(4)
	return db, nil
}

// tableFlags name tables with sealed columns.
type tableFlags struct {
	DB     string `name:"db" required:"" placeholder:"URL" help:"The PostgreSQL database, as postgres://USER@HOST/NAME."`
	Tables string `required:"" placeholder:"FILE" help:"Description of the tables."`
}

// tablesHelp says what a description is.
const tablesHelp = `A description of tables is strict JSON; go doc github.com/safeguard-sdk/safeguard/crypto/sealsql.Table says more:

  {"tables": [{"table": "patient", "key": ["id"], "tenant": {"value": "clinic"}, "subject": {"column": "id"}, "columns": [{"column": "name"}]}]}`

// open returns the database and the tables.
func (f tableFlags) openTables(e *env) (*sql.DB, []*sealsql.Table, error) {
	tables, err := parse(e, f.Tables, parseTables)
	if err != nil {
		return nil, nil, err
	}
	db, err := openDB("--db", f.DB)
	if err != nil {
		return nil, nil, err
	}
	if err := db.PingContext(e.ctx); err != nil {
		_ = db.Close()
		return nil, nil, fmt.Errorf("--db: the database does not answer: %w", err)
	}
	return db, tables, nil
}

// parseTables reads a description of tables.
func parseTables(b []byte) ([]*sealsql.Table, error) {
	var file struct {
		Tables []json.RawMessage `json:"tables"`
	}
	if err := strictJSON(b, &file); err != nil {
		return nil, fmt.Errorf(`not {"tables": […]}: %w`, err)
	}
	if len(file.Tables) == 0 {
		return nil, errors.New("there is no table in it")
	}
	var tables []*sealsql.Table
	for i, raw := range file.Tables {
		t, err := sealsql.ParseTable(raw)
		if err != nil {
			return nil, fmt.Errorf("table %d: %w", i+1, err)
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// sources returns the rows of a tenant in each of the tables.
func sources(db *sql.DB, tables []*sealsql.Table, tenant string) ([]*sealsql.Source, []string, error) {
	var all []*sealsql.Source
	var names []string
	for _, t := range tables {
		if t.Tenant.Value != "" && t.Tenant.Value != tenant {
			continue
		}
		s, err := t.Source(db, sealsql.Postgres, tenant)
		if err != nil {
			return nil, nil, refused(err)
		}
		all, names = append(all, s), append(names, t.Table)
	}
	return all, names, nil
}

// newDir makes a directory that is not there.
func newDir(flag, path string) error {
	if err := os.Mkdir(path, 0o700); err != nil {
		return refused(fmt.Errorf("%s: %w", flag, err))
	}
	return nil
}
