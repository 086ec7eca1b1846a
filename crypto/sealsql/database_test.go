package sealsql_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/safeguard-sdk/safeguard/crypto/sealsql"
)

// A database is one empty database of a test, which any process may open.
type database struct {
	dialect sealsql.Dialect
	address string
}

// everywhere runs f on SQLite and on PostgreSQL.
func everywhere(t *testing.T, f func(t *testing.T, at database)) {
	for _, d := range []sealsql.Dialect{sealsql.SQLite, sealsql.Postgres} {
		t.Run(d.String(), func(t *testing.T) { f(t, fresh(t, d)) })
	}
}

func fresh(t testing.TB, d sealsql.Dialect) database {
	if d == sealsql.SQLite {
		return database{d, filepath.Join(t.TempDir(), "test.db")}
	}
	return database{d, postgres(t)}
}

// open opens the database for this process.
func (at database) open(t testing.TB) *sql.DB {
	t.Helper()
	driver, source := "pgx", at.address
	if at.dialect == sealsql.SQLite {
		u := url.URL{Scheme: "file", Path: at.address, RawQuery: url.Values{
			"_pragma": {"journal_mode(WAL)", "synchronous(FULL)", "busy_timeout(20000)"},
		}.Encode()}
		driver, source = "sqlite", u.String()
	}
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	db.SetMaxOpenConns(4) // several test binaries share the server
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

// run runs a statement, in which $1 is a placeholder on both databases.
func run(t testing.TB, db *sql.DB, statement string, args ...any) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), statement, args...)
	require.NoError(t, err)
}

// postgres returns the address of an empty schema that is dropped when t
// ends.
func postgres(t testing.TB) string {
	t.Helper()
	address, err := server()
	if err != nil {
		if os.Getenv("SAFEGUARD_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no PostgreSQL: %v", err)
		}
		t.Skipf("no PostgreSQL: %v", err)
	}
	schema := "sealsql_" + strings.ToLower(rand.Text()[:12])
	admin := func(statement string) {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		conn, err := pgx.Connect(ctx, address)
		require.NoError(t, err)
		defer conn.Close(ctx) //nolint:errcheck // has done its work
		_, err = conn.Exec(ctx, statement)
		require.NoError(t, err)
	}
	admin("CREATE SCHEMA " + schema)
	t.Cleanup(func() { admin("DROP SCHEMA " + schema + " CASCADE") })
	u, err := url.Parse(address)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", schema)
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

// soak returns the full count under SAFEGUARD_SOAK=1, else the sample.
func soak(sample, full int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return full
	}
	return sample
}

// child runs this test binary again, for the one test named, with settings in
// the environment.
func childEnv(at database, extra ...string) []string {
	env := append(os.Environ(), "SEALSQL_CHILD=1",
		"SEALSQL_DIALECT="+at.dialect.String(), "SEALSQL_ADDRESS="+at.address)
	return append(env, extra...)
}

// parent returns the database that a child was started on, or skips.
func parent(t *testing.T) database {
	t.Helper()
	if os.Getenv("SEALSQL_CHILD") != "1" {
		t.Skip("runs as a child of another test")
	}
	at := database{sealsql.Postgres, os.Getenv("SEALSQL_ADDRESS")}
	if os.Getenv("SEALSQL_DIALECT") == sealsql.SQLite.String() {
		at.dialect = sealsql.SQLite
	}
	return at
}

func patientName(i int) string { return fmt.Sprintf("Patient/%d", i) }
