package migrate

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// Defaults of a [Migration].
//
// Controls: none, names and a time.
const (
	// DefaultTable is the table of the migrations' states.
	DefaultTable = "safeguard_migrations"
	// DefaultLockTimeout is how long a step waits for a lock, and so how long
	// it holds up others that want one, before it lets them pass and tries again.
	DefaultLockTimeout = time.Second
)

// A Spec says which column becomes sealed.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Spec struct {
	// ID names the migration: a letter, then at most 39 letters, digits or _,
	// all in lower case.
	ID string
	// Table describes the table with exactly one sealed column, which
	// [Migration.Prepare] adds. Its key holds integers, text, UUIDs or bytes, is
	// NOT NULL and has a unique index. The columns that say whose and which a row
	// is are not generated ones.
	Table sealsql.Table
	// Plain is the plaintext column. Its type is text, varchar, smallint, integer,
	// bigint, boolean, uuid, date, or numeric without a scale.
	Plain string
}

// Options are the settings of a [Migration]. The zero value, and nil, are the
// defaults; a value out of range is an error.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Options struct {
	// Table is the table of the states, perhaps with a schema in front; that of
	// the runs has "_runs" after it. Several migrations may share them. Empty is
	// DefaultTable.
	Table string
	// LockTimeout is how long a step waits for a lock before it lets others
	// pass; it tries again until its context ends. 0 is DefaultLockTimeout; at
	// most a minute.
	LockTimeout time.Duration
}

// A Migration takes one column of a table in PostgreSQL from plaintext to
// sealed values, in steps that the package comment tells. Its [Phase] is in
// the database, and every step is one transaction that changes it, or none.
//
// It must see all rows. Where row level security is active for its role, the
// owner of the table too if that is forced, every step is refused with [ErrHidden]:
// give it a role with BYPASSRLS.
//
// It is safe for concurrent use by any number of processes and does not close
// the database. Names are resolved by the search_path of the connection. The
// zero Migration is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Migration struct {
	db      *sql.DB
	spec    Spec
	states  string // the table of states, quoted
	runs    string // the table of runs
	timeout time.Duration
	names
}

// names are the names in statements, quoted.
type names struct {
	table, plain, sealed string
	schema               string // of the table with a dot, or empty
	key, row             []string
	tenant, subject      string   // columns, or empty
	place                []string // of all these, those that the row has: what a sealed value is bound to
	setting              string   // says that a transaction has entered
}

var identifier = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)

// New returns the migration that spec describes. It asks the database nothing.
// Nil opts are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func New(db *sql.DB, spec Spec, opts *Options) (*Migration, error) {
	var o Options
	if opts != nil {
		o = *opts
	}
	if o.Table == "" {
		o.Table = DefaultTable
	}
	if o.LockTimeout == 0 {
		o.LockTimeout = DefaultLockTimeout
	}
	if err := spec.Table.Validate(); err != nil {
		return nil, fmt.Errorf("migrate: new: %w", err)
	}
	switch {
	case db == nil:
		return nil, errors.New("migrate: new: no database")
	case !identifier.MatchString(spec.ID):
		return nil, errors.New("migrate: new: ID must be a letter, then at most 39 letters, digits or _, in lower case")
	case len(spec.Table.Columns) != 1:
		return nil, errors.New("migrate: new: the table must have exactly one sealed column")
	case o.LockTimeout < time.Millisecond || o.LockTimeout > time.Minute:
		return nil, errors.New("migrate: new: LockTimeout must be a millisecond to a minute")
	}
	// A description with the plaintext column in it checks its name.
	if err := columnOf(spec.Plain, spec.Table); err != nil {
		return nil, err
	}
	states, err := quoteTable(o.Table)
	if err != nil {
		return nil, err
	}
	runs, err := quoteTable(o.Table + "_runs")
	if err != nil {
		return nil, err
	}
	return &Migration{db: db, spec: spec, states: states, runs: runs, timeout: o.LockTimeout, names: namesOf(spec)}, nil
}

// columnOf checks that plain is a name, and of no column that t names.
func columnOf(plain string, t sealsql.Table) error {
	t.Columns = append([]sealsql.Column{{Column: plain, Logical: "\x00"}}, t.Columns...)
	if err := t.Validate(); err != nil {
		return fmt.Errorf("migrate: new: plaintext column: %w", err)
	}
	return nil
}

// quoteTable quotes the name of a table, which sealsql checks.
func quoteTable(name string) (string, error) {
	t := sealsql.Table{Table: name, Key: []string{"id"}, Tenant: sealsql.Tenant{Value: "t"},
		Subject: sealsql.Owner{None: true}, Columns: []sealsql.Column{{Column: "c"}}}
	if err := t.Validate(); err != nil {
		return "", fmt.Errorf("migrate: new: %w", err)
	}
	return `"` + strings.ReplaceAll(name, ".", `"."`) + `"`, nil
}

func namesOf(s Spec) names {
	t := s.Table
	n := names{
		table:   `"` + strings.ReplaceAll(t.Table, ".", `"."`) + `"`,
		plain:   `"` + s.Plain + `"`,
		sealed:  `"` + t.Columns[0].Column + `"`,
		key:     quoted(t.Key),
		row:     quoted(t.Row),
		setting: "safeguard." + s.ID,
	}
	if len(t.Row) == 0 {
		n.row = n.key
	}
	if schema, _, ok := strings.Cut(t.Table, "."); ok {
		n.schema = `"` + schema + `".`
	}
	if t.Tenant.Column != "" {
		n.tenant = `"` + t.Tenant.Column + `"`
	}
	if t.Subject.Column != "" {
		n.subject = `"` + t.Subject.Column + `"`
	}
	n.place = slices.Concat(n.key, n.row, []string{n.tenant, n.subject})
	slices.Sort(n.place)
	n.place = slices.DeleteFunc(slices.Compact(n.place), func(column string) bool { return column == "" })
	return n
}

func quoted(names []string) []string {
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = `"` + name + `"`
	}
	return out
}

// logical returns Ref.Table and Ref.Column of the sealed values.
func (m *Migration) logical() (table, column string) {
	t := &m.spec.Table
	table, column = t.Logical, t.Columns[0].Logical
	if table == "" {
		table = t.Table
	}
	if column == "" {
		column = t.Columns[0].Column
	}
	return table, column
}

// A Status is where a migration is. It holds no values.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Status struct {
	ID    string `json:"id"`
	Phase Phase  `json:"phase"`
	// Version counts the changes of the phase.
	Version int64 `json:"version"`
	// Clean is whether a Compare that began in this phase found both columns the
	// same.
	Clean   bool      `json:"clean"`
	Started time.Time `json:"started"`
	Changed time.Time `json:"changed"`
	// By is who changed the phase: the principal of the context, or else the
	// database's user.
	By string `json:"by"`
}

// Status returns where the migration is, [ErrPhase] if it was never planned.
func (m *Migration) Status(ctx context.Context) (Status, error) {
	s, err := m.status(ctx, m.db, "")
	return s.Status, failed("status", err)
}

// state is the row of a migration.
type state struct {
	Status
	cleanVersion int64
	filenode     int64
	rewritten    *time.Time
	filtered     bool // row level security hides rows
}

// whole refuses to go on where not all rows are seen.
func (s state) whole() error {
	if s.filtered {
		return ErrHidden
	}
	return nil
}

// A queryer is a database or a transaction.
type queryer interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

func (m *Migration) status(ctx context.Context, q queryer, lock string) (state, error) {
	s := state{Status: Status{ID: m.spec.ID}}
	err := q.QueryRowContext(ctx, "SELECT phase, version, clean_version, filenode, rewritten, started, changed, changed_by,"+
		" coalesce(row_security_active(to_regclass($2)), false) FROM "+m.states+" WHERE id = $1"+lock, m.spec.ID, m.table).
		Scan(&s.Phase, &s.Version, &s.cleanVersion, &s.filenode, &s.rewritten, &s.Started, &s.Changed, &s.By, &s.filtered)
	if errors.Is(err, sql.ErrNoRows) {
		return s, refuse(ErrPhase, "the migration was not planned")
	}
	if err == nil && !s.Phase.known() {
		return s, refuse(ErrPhase, "the phase in the database is none")
	}
	s.Clean = s.cleanVersion == s.Version
	return s, err
}

// who is the principal of ctx, or nothing.
func who(ctx context.Context) string {
	p, _ := safeguard.PrincipalFrom(ctx)
	return p.ID
}
