package pgstate_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/pgstate"
	"github.com/safeguard-sdk/safeguard/access/state"
)

// server returns a server that answers: the one that the environment names,
// or one at the standard port.
var server = sync.OnceValues(func() (string, error) {
	addresses := []string{
		"postgres://postgres@127.0.0.1:5432/test?sslmode=disable",
		"postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable",
	}
	if at := os.Getenv("SAFEGUARD_TEST_POSTGRES_URL"); at != "" {
		addresses = []string{at}
	}
	var last error
	for _, at := range addresses {
		if last = ping(at); last == nil {
			return at, nil
		}
	}
	return "", last
})

func ping(at string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// address returns the URL of an empty schema that is dropped when t ends. Its
// application name is that of the schema, so that a test finds its backends.
func address(t testing.TB) string {
	t.Helper()
	at, err := server()
	if err != nil {
		if os.Getenv("SAFEGUARD_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no PostgreSQL: %v", err)
		}
		t.Skipf("no PostgreSQL: %v", err)
	}
	schema := "pgstate_" + strings.ToLower(rand.Text()[:12])
	statement(t, at, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { statement(t, at, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(at)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", schema)
	q.Set("application_name", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// statement runs SQL over a connection of its own.
func statement(t testing.TB, at, sql string, args ...any) {
	t.Helper()
	require.NoError(t, try(at, sql, args...))
}

func try(at, sql string, args ...any) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	defer conn.Close(ctx) //nolint:errcheck // has done its work
	_, err = conn.Exec(ctx, sql, args...)
	return err
}

// pool opens the database for this process.
func pool(t testing.TB, at string) *pgxpool.Pool {
	t.Helper()
	c, err := pgxpool.ParseConfig(at)
	require.NoError(t, err)
	c.MaxConns = 4 // several test binaries share the server
	p, err := pgxpool.NewWithConfig(context.Background(), c)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// tables makes the tables in an empty schema.
func tables(t testing.TB) string {
	t.Helper()
	at := address(t)
	require.NoError(t, pgstate.CreateTables(t.Context(), pool(t, at)))
	return at
}

// open returns a State of a process of its own.
func open(t testing.TB, at string, opts *pgstate.Options) *pgstate.State {
	t.Helper()
	s, err := pgstate.New(pool(t, at), opts)
	require.NoError(t, err)
	t.Cleanup(s.Close)
	return s
}

func fact(kind string) state.Fact {
	return state.Fact{Kind: kind, Subject: "0:/ada", Body: []byte(`{"a": 1}`)}
}

// soak returns the full count under SAFEGUARD_SOAK=1, else the sample.
func soak(sample, full int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return full
	}
	return sample
}
