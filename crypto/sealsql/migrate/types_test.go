package migrate_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

// A day is a type with a text.
type day struct{ time.Time }

func (d day) MarshalText() ([]byte, error) { return []byte(d.Format(time.DateOnly)), nil }

func (d *day) UnmarshalText(b []byte) (err error) {
	d.Time, err = time.Parse(time.DateOnly, string(b))
	return err
}

func dayOf(text string) day {
	t, _ := time.Parse(time.DateOnly, text)
	return day{t}
}

type label string

// Columns of every type go through the whole life, under a session whose dates
// are written otherwise.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestTypes(t *testing.T) {
	t.Run("text", func(t *testing.T) { testType(t, "TEXT", "", "Ada", "O'Neil $1 \\ é") })
	t.Run("named string", func(t *testing.T) { testType(t, "VARCHAR(40)", label("a"), label(" b "), label("")) })
	t.Run("smallint", func(t *testing.T) { testType(t, "SMALLINT", int16(-32768), int16(0), int16(7)) })
	t.Run("bigint", func(t *testing.T) { testType(t, "BIGINT", int64(-1)<<63, int64(0), int64(1)<<62) })
	t.Run("boolean", func(t *testing.T) { testType(t, "BOOLEAN", true, false) })
	t.Run("date", func(t *testing.T) { testType(t, "DATE", dayOf("1980-01-31"), dayOf("2026-02-28")) })
	t.Run("date as text", func(t *testing.T) { testType(t, "DATE", "1980-01-31", "0001-01-01", "9999-12-31") })
	t.Run("uuid", func(t *testing.T) { testType(t, "UUID", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11") })
	t.Run("numeric", func(t *testing.T) { testType(t, "NUMERIC", "1.50", "-0.001", "12345678901234567890.123") })
}

func testType[T any](t *testing.T, kind string, values ...T) {
	c := newClinic(t, 0)
	ctx := t.Context()
	c.db.SetMaxOpenConns(1)
	run(t, c.db, "SET datestyle = 'German, DMY'")
	run(t, c.db, "CREATE TABLE reading (id INT PRIMARY KEY, value "+kind+")")
	m, err := migrate.New(c.db, migrate.Spec{ID: "reading", Plain: "value", Table: sealsql.Table{
		Table: "reading", Key: []string{"id"}, Tenant: sealsql.Tenant{Value: tenant}, Subject: sealsql.Owner{None: true},
		Columns: []sealsql.Column{{Column: "sealed"}},
	}}, nil)
	require.NoError(t, err)
	column, err := migrate.NewColumn[T](m, c.sealer)
	require.NoError(t, err)
	require.NoError(t, m.Plan(ctx))
	place := func(i int) crypto.Ref {
		return crypto.Ref{Tenant: tenant, Table: "reading", Column: "sealed", Row: fmt.Sprint(i), Subject: crypto.NoSubject()}
	}
	insert := func() {
		for i, v := range values {
			value, err := column.Seal(ctx, place(i), v)
			require.NoError(t, err)
			require.NoError(t, c.tx(ctx, func(tx *sql.Tx) error {
				gate, err := m.Enter(ctx, tx)
				require.NoError(t, err)
				cells, err := value.Cells(gate)
				require.NoError(t, err)
				_, err = tx.Exec("INSERT INTO reading (id, "+cells.Columns()+") VALUES ($1, "+cells.Placeholders(2)+")", cells.Args(i)...)
				return err
			}))
		}
	}
	requireAll := func() {
		for i, want := range values {
			require.NoError(t, c.tx(ctx, func(tx *sql.Tx) error {
				gate, err := m.EnterRead(ctx, tx)
				require.NoError(t, err)
				cell, err := column.Cell(gate)
				require.NoError(t, err)
				require.NoError(t, tx.QueryRow("SELECT "+cell.Select()+" FROM reading WHERE id = $1", i).Scan(cell))
				got, err := cell.Open(ctx, place(i))
				require.Equal(t, want, got)
				return err
			}))
		}
	}
	insert()
	requireAll()
	require.NoError(t, m.Prepare(ctx))
	report, err := column.Backfill(ctx, nil)
	require.NoError(t, err)
	require.EqualValues(t, len(values), report.Sealed)
	for range 2 {
		report, err = column.Compare(ctx, nil)
		require.NoError(t, err)
		require.True(t, report.Complete, report.String())
		require.EqualValues(t, len(values), report.Equal)
		run(t, c.db, "DELETE FROM reading")
		insert() // in both columns
	}
	require.NoError(t, m.CutOver(ctx))
	requireAll()
	_, err = column.Compare(ctx, nil)
	require.NoError(t, err)
	_, err = m.Drop(ctx, nil)
	require.NoError(t, err)
	run(t, c.db, "DELETE FROM reading")
	insert()
	requireAll()
}

// Keys of several columns and of every type, tenants and subjects of columns,
// names of their own, and a schema in front.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestKeys(t *testing.T) {
	c := newClinic(t, 0)
	run(t, c.db, `CREATE TABLE "Note" (a UUID, b BYTEA, "C" TEXT, n BIGINT, clinic TEXT, patient TEXT, "Text" TEXT, PRIMARY KEY (a, b, "C", n))`)
	run(t, c.db, `INSERT INTO "Note" SELECT gen_random_uuid(), decode(lpad(to_hex(i), 4, '0'), 'hex'), 'k' || i, i, 'clinic-a', 'p' || i % 3, 'note ' || i
		FROM generate_series(1, 120) AS i`)
	table := sealsql.Table{
		Table: c.schemaName(t) + ".Note", Logical: "note", Key: []string{"a", "b", "C", "n"}, Row: []string{"C", "n"},
		Tenant: sealsql.Tenant{Column: "clinic"}, Subject: sealsql.Owner{Column: "patient"},
		Columns: []sealsql.Column{{Column: "Sealed", Logical: "text"}},
	}
	m, err := migrate.New(c.db, migrate.Spec{ID: "note", Plain: "Text", Table: table}, nil)
	require.NoError(t, err)
	column, err := migrate.NewColumn[string](m, c.sealer)
	require.NoError(t, err)
	require.NoError(t, m.Plan(t.Context()))
	require.NoError(t, m.Prepare(t.Context()))
	report, err := column.Backfill(t.Context(), &migrate.RunOptions{Batch: 7})
	require.NoError(t, err)
	require.EqualValues(t, 120, report.Sealed)
	for _, phase := range []migrate.Phase{migrate.Compared, migrate.CutOver} {
		report, err = column.Compare(t.Context(), &migrate.RunOptions{Batch: 7})
		require.NoError(t, err)
		require.True(t, report.Complete, report.String())
		require.EqualValues(t, 120, report.Equal)
		if phase == migrate.Compared {
			require.NoError(t, m.CutOver(t.Context()))
		}
	}
	_, err = m.Drop(t.Context(), nil)
	require.NoError(t, err)
	// The place is the one that the description says, without this package.
	var sealed crypto.Sealed[string]
	require.NoError(t, c.db.QueryRow(`SELECT "Sealed" FROM "Note" WHERE n = 5`).Scan(&sealed))
	got, err := sealed.Open(t.Context(), c.sealer, crypto.Ref{Tenant: tenant, Table: "note", Column: "text",
		Row: sealsql.RowName("k5", "5"), Subject: crypto.SubjectOf(safeguard.NewPatient("p2"))})
	require.NoError(t, err)
	require.Equal(t, "note 5", got)
}

// Tables and columns that cannot be migrated are refused when they are planned.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestPlanRefuses(t *testing.T) {
	for name, create := range map[string]string{
		"no column":        "CREATE TABLE v (id INT PRIMARY KEY)",
		"no table":         "CREATE TABLE w (id INT PRIMARY KEY, value TEXT)",
		"json":             "CREATE TABLE v (id INT PRIMARY KEY, value JSONB)",
		"time with a zone": "CREATE TABLE v (id INT PRIMARY KEY, value TIMESTAMPTZ)",
		"padded":           "CREATE TABLE v (id INT PRIMARY KEY, value CHAR(10))",
		"scale":            "CREATE TABLE v (id INT PRIMARY KEY, value NUMERIC(10, 2))",
		"generated":        "CREATE TABLE v (id INT PRIMARY KEY, value TEXT GENERATED ALWAYS AS ('x') STORED)",
		"key":              "CREATE TABLE v (id TIMESTAMPTZ PRIMARY KEY, value TEXT)",
		"partitioned":      "CREATE TABLE v (id INT PRIMARY KEY, value TEXT) PARTITION BY RANGE (id)",
		"view":             "CREATE VIEW v AS SELECT 1 AS id, 'x'::text AS value",
	} {
		t.Run(name, func(t *testing.T) {
			c := newClinic(t, 0)
			run(t, c.db, create)
			m, err := migrate.New(c.db, migrate.Spec{ID: "v", Plain: "value", Table: sealsql.Table{
				Table: "v", Key: []string{"id"}, Tenant: sealsql.Tenant{Value: tenant}, Subject: sealsql.Owner{None: true},
				Columns: []sealsql.Column{{Column: "sealed"}},
			}}, nil)
			require.NoError(t, err)
			require.ErrorIs(t, m.Plan(t.Context()), migrate.ErrUse)
			_, err = m.Status(t.Context())
			require.ErrorIs(t, err, migrate.ErrPhase)
		})
	}
}

// Plaintext that does not come back the same from its type is never sealed.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestUnconverted(t *testing.T) {
	c := newClinic(t, 20)
	numbers, err := migrate.NewColumn[int64](c.m, c.sealer)
	require.NoError(t, err)
	require.NoError(t, c.m.Prepare(t.Context()))
	run(t, c.db, "UPDATE patient SET name = '+7' WHERE id < 3") // 0 to 2
	run(t, c.db, "UPDATE patient SET name = id WHERE id >= 3")
	report, err := numbers.Backfill(t.Context(), nil)
	require.NoError(t, err)
	require.False(t, report.Complete)
	require.EqualValues(t, 3, report.Unconverted)
	require.EqualValues(t, 17, report.Sealed)
	require.Equal(t, migrate.DualWrite, c.phase(t))
	_, err = migrate.NewColumn[struct{}](c.m, c.sealer)
	require.Error(t, err)
	_, err = migrate.NewColumn[float64](c.m, c.sealer)
	require.Error(t, err)
}

// Names that would be statements are refused, and so is what is no migration.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestNewRefuses(t *testing.T) {
	db := new(sql.DB)
	for name, change := range map[string]func(*migrate.Spec, *migrate.Options){
		"id":       func(s *migrate.Spec, _ *migrate.Options) { s.ID = "a'; --" },
		"long id":  func(s *migrate.Spec, _ *migrate.Options) { s.ID = strings.Repeat("a", 41) },
		"upper id": func(s *migrate.Spec, _ *migrate.Options) { s.ID = "A" },
		"plain":    func(s *migrate.Spec, _ *migrate.Options) { s.Plain = `name"` },
		"key":      func(s *migrate.Spec, _ *migrate.Options) { s.Plain = "id" },
		"sealed":   func(s *migrate.Spec, _ *migrate.Options) { s.Plain = "name_sealed" },
		"table":    func(s *migrate.Spec, _ *migrate.Options) { s.Table.Table = "p; drop" },
		"states":   func(_ *migrate.Spec, o *migrate.Options) { o.Table = `x"y` },
		"two sealed": func(s *migrate.Spec, _ *migrate.Options) {
			s.Table.Columns = []sealsql.Column{{Column: "a"}, {Column: "b"}}
		},
		"timeout": func(_ *migrate.Spec, o *migrate.Options) { o.LockTimeout = time.Hour },
	} {
		t.Run(name, func(t *testing.T) {
			s, o := spec, migrate.Options{}
			change(&s, &o)
			_, err := migrate.New(db, s, &o)
			require.Error(t, err)
		})
	}
	_, err := migrate.New(nil, spec, nil)
	require.Error(t, err)
	_, err = migrate.New(db, spec, nil)
	require.NoError(t, err)
}

// No error, and nothing that holds a value, prints one.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestNothingLeaks(t *testing.T) {
	const secret = "Thornquist"
	c := newClinic(t, 20)
	require.NoError(t, c.m.Prepare(t.Context()))
	v, err := c.names.Seal(t.Context(), ref(3), secret)
	require.NoError(t, err)
	tx, err := c.db.Begin()
	require.NoError(t, err)
	gate, err := c.m.Enter(t.Context(), tx)
	require.NoError(t, err)
	cells, err := v.Cells(gate)
	require.NoError(t, err)
	cell, err := c.names.Cell(gate)
	require.NoError(t, err)
	require.NoError(t, cell.Scan(secret))
	require.NoError(t, tx.Rollback())
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		require.NotContains(t, fmt.Sprintf(verb+verb+verb, v, cells, cell), secret)
	}
	for _, statement := range []string{
		"ALTER TABLE patient ADD CONSTRAINT short CHECK (length(name) < 5) NOT VALID",
		"ALTER TABLE patient ADD CONSTRAINT tiny CHECK (length(name_sealed) < 5) NOT VALID",
	} {
		run(t, c.db, statement)
	}
	run(t, c.db, "ALTER TABLE patient DROP CONSTRAINT short")
	_, err = c.names.Backfill(t.Context(), nil)
	require.Error(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, err, err), "plaintext of")
	require.Equal(t, "migrate: backfill: SQLSTATE 23514", err.Error())
	var cause interface{ SQLState() string }
	require.True(t, errors.As(err, &cause))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.names.Backfill(ctx, nil)
	require.ErrorIs(t, err, context.Canceled)
}
