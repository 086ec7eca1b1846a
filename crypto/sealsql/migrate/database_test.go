package migrate_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
	"github.com/safeguard-sdk/safeguard/crypto/sealsql/migrate"
)

const tenant = "clinic-a"

// schema returns the address of an empty schema that is dropped when t ends.
func schema(t testing.TB) string {
	t.Helper()
	address, err := server()
	if err != nil {
		if os.Getenv("SAFEGUARD_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no PostgreSQL: %v", err)
		}
		t.Skipf("no PostgreSQL: %v", err)
	}
	name := "migrate_" + strings.ToLower(rand.Text()[:12])
	admin := func(statement string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		conn, err := pgx.Connect(ctx, address)
		require.NoError(t, err)
		defer conn.Close(ctx) //nolint:errcheck // has done its work
		_, err = conn.Exec(ctx, statement)
		require.NoError(t, err)
	}
	admin("CREATE SCHEMA " + name)
	t.Cleanup(func() { admin("DROP SCHEMA " + name + " CASCADE") })
	u, err := url.Parse(address)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", name)
	u.RawQuery = q.Encode()
	return u.String()
}

// server returns a server that answers: the one that the environment names,
// or one at the standard port.
var server = sync.OnceValues(func() (string, error) {
	addresses := []string{
		"postgres://postgres@127.0.0.1:5432/test?sslmode=disable",
		"postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable",
	}
	if address := os.Getenv("SAFEGUARD_TEST_POSTGRES_URL"); address != "" {
		addresses = []string{address}
	}
	var last error
	for _, address := range addresses {
		if last = ping(address); last == nil {
			return address, nil
		}
	}
	return "", last
})

func ping(address string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

func open(t testing.TB, address string) *sql.DB {
	t.Helper()
	db, err := sql.Open("pgx", address)
	require.NoError(t, err)
	db.SetMaxOpenConns(4) // several test binaries share the server
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// soak returns the full count under SAFEGUARD_SOAK=1, else the sample.
func soak(sample, full int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return full
	}
	return sample
}

var spec = migrate.Spec{
	ID: "patient_name",
	Table: sealsql.Table{
		Table:   "patient",
		Key:     []string{"id"},
		Tenant:  sealsql.Tenant{Value: tenant},
		Subject: sealsql.Owner{Column: "subject"},
		Columns: []sealsql.Column{{Column: "name_sealed", Logical: "name"}},
	},
	Plain: "name",
}

// A clinic is a table in migration, as one process sees it.
type clinic struct {
	address string
	db      *sql.DB
	sealer  *crypto.Sealer
	m       *migrate.Migration
	names   *migrate.Column[string]
}

// newClinic makes a table of patients, of whom every tenth has no name and
// every seventh an empty one, and plans its migration.
func newClinic(t testing.TB, rows int) *clinic {
	t.Helper()
	address := schema(t)
	run(t, open(t, address), "CREATE TABLE patient (id BIGINT PRIMARY KEY, subject TEXT, name TEXT, writes BIGINT NOT NULL DEFAULT 0)")
	c := openClinic(t, address)
	require.NoError(t, subjects(t, c.db).CreateTable(t.Context()))
	run(t, c.db, `INSERT INTO patient SELECT i, 'Patient/' || i % 50,
		CASE WHEN i % 10 = 0 THEN NULL WHEN i % 7 = 0 THEN '' ELSE 'plaintext of ' || i END FROM generate_series(0, $1::int - 1) AS i`, rows)
	require.NoError(t, c.m.Plan(t.Context()))
	return c
}

func openClinic(t testing.TB, address string) *clinic {
	t.Helper()
	c := &clinic{address: address, db: open(t, address)}
	material := make([]byte, 32)
	material[0] = 7
	key, err := crypto.NewKey(1, material)
	require.NoError(t, err)
	ks, err := crypto.NewKeyset(1, key)
	require.NoError(t, err)
	c.sealer, err = crypto.New(cryptotest.Keys{tenant: ks}, subjects(t, c.db), &crypto.Options{UnsafeUnaudited: true})
	require.NoError(t, err)
	c.m, err = migrate.New(c.db, spec, &migrate.Options{LockTimeout: 200 * time.Millisecond})
	require.NoError(t, err)
	c.names, err = migrate.NewColumn[string](c.m, c.sealer)
	require.NoError(t, err)
	return c
}

func subjects(t testing.TB, db *sql.DB) *sealsql.Subjects {
	t.Helper()
	s, err := sealsql.NewSubjects(db, sealsql.Postgres, nil)
	require.NoError(t, err)
	return s
}

func ref(id int) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "patient", Column: "name", Row: strconv.Itoa(id),
		Subject: crypto.SubjectOf(safeguard.NewPatient("Patient/" + strconv.Itoa(id%50)))}
}

func run(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err)
}

// write writes a name as the release of the migration does.
func (c *clinic) write(ctx context.Context, id int, name string) error {
	v, err := c.names.Seal(ctx, ref(id), name)
	if err != nil {
		return err
	}
	return c.tx(ctx, func(tx *sql.Tx) error {
		gate, err := c.m.Enter(ctx, tx)
		if err != nil {
			return err
		}
		cells, err := v.Cells(gate)
		if err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE patient SET "+cells.Set(2)+" WHERE id = $1", cells.Args(id)...)
		return err
	})
}

// read reads a name as the release of the migration does.
func (c *clinic) read(ctx context.Context, id int) (name string, err error) {
	var cell *migrate.Cell[string]
	err = c.tx(ctx, func(tx *sql.Tx) error {
		gate, err := c.m.EnterRead(ctx, tx)
		if err != nil {
			return err
		}
		if cell, err = c.names.Cell(gate); err != nil {
			return err
		}
		return tx.QueryRowContext(ctx, "SELECT "+cell.Select()+" FROM patient WHERE id = $1", id).Scan(cell)
	})
	if err != nil {
		return "", err
	}
	return cell.Open(ctx, ref(id))
}

func (c *clinic) tx(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := c.db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := f(tx); err != nil {
		_ = tx.Rollback()
		return err
	}
	return tx.Commit()
}

// forward takes the migration from its phase to another.
func (c *clinic) forward(t testing.TB, to migrate.Phase) {
	t.Helper()
	for c.phase(t) != to {
		c.step(t)
	}
}

// step takes the next step.
func (c *clinic) step(t testing.TB) {
	t.Helper()
	var err error
	switch c.phase(t) {
	case migrate.Planned:
		err = c.m.Prepare(t.Context())
	case migrate.DualWrite:
		_, err = c.names.Backfill(t.Context(), &migrate.RunOptions{Batch: 70})
	case migrate.Backfilled:
		_, err = c.names.Compare(t.Context(), &migrate.RunOptions{Batch: 70})
	case migrate.Compared:
		err = c.m.CutOver(t.Context())
	case migrate.CutOver:
		if _, err = c.names.Compare(t.Context(), nil); err == nil {
			_, err = c.m.Drop(t.Context(), nil)
		}
	}
	require.NoError(t, err)
}

func (c *clinic) phase(t testing.TB) migrate.Phase {
	t.Helper()
	s, err := c.m.Status(t.Context())
	require.NoError(t, err)
	return s.Phase
}

// count returns the number that a query gives.
func (c *clinic) count(t testing.TB, query string) int {
	t.Helper()
	var n int
	require.NoError(t, c.db.QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

// before are the phases in which both columns are there, planned first.
var before = []migrate.Phase{migrate.Planned, migrate.DualWrite, migrate.Backfilled, migrate.Compared, migrate.CutOver}
