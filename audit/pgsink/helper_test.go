package pgsink_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

const logName = "clinic.example/charts"

// key is the same in every process of a test.
func key() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte("a seed of tests, nothing else !!"))
}

// address returns the URL of an empty schema that is dropped when t ends.
func address(t testing.TB) string {
	t.Helper()
	at, err := server()
	if err != nil {
		if os.Getenv("SAFEGUARD_REQUIRE_SERVICES") == "1" {
			t.Fatalf("no PostgreSQL: %v", err)
		}
		t.Skipf("no PostgreSQL: %v", err)
	}
	return schemaAt(t, at)
}

func schemaAt(t testing.TB, at string) string {
	t.Helper()
	schema := "pgsink_" + strings.ToLower(rand.Text()[:12])
	statement(t, at, "CREATE SCHEMA "+schema)
	t.Cleanup(func() { statement(t, at, "DROP SCHEMA "+schema+" CASCADE") })
	u, err := url.Parse(at)
	require.NoError(t, err)
	q := u.Query()
	q.Set("search_path", schema)
	u.RawQuery = q.Encode()
	return u.String()
}

// statement runs SQL over a connection of its own.
func statement(t testing.TB, at, sql string, args ...any) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, at)
	require.NoError(t, err)
	defer conn.Close(ctx) //nolint:errcheck // has done its work
	_, err = conn.Exec(ctx, sql, args...)
	require.NoError(t, err)
}

// value returns the one value of a query.
func value[T any](t testing.TB, at, sql string, args ...any) (v T) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), at)
	require.NoError(t, err)
	defer conn.Close(context.Background()) //nolint:errcheck // was only read
	require.NoError(t, conn.QueryRow(t.Context(), sql, args...).Scan(&v))
	return v
}

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

func config(t testing.TB, at string) *pgx.ConnConfig {
	t.Helper()
	c, err := pgx.ParseConfig(at)
	require.NoError(t, err)
	return c
}

// pool opens the database for this process.
func pool(t testing.TB, at string) *pgxpool.Pool {
	t.Helper()
	c, err := pgxpool.ParseConfig(at)
	require.NoError(t, err)
	c.MaxConns = 4 // several test binaries share the server
	p, err := pgxpool.NewWithConfig(t.Context(), c)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// tables makes the tables of a log in an empty schema.
func tables(t testing.TB) string {
	t.Helper()
	at := address(t)
	require.NoError(t, pgsink.CreateLogTables(t.Context(), pool(t, at)))
	return at
}

// quiet signs at Close only.
var quiet = &pgsink.LogOptions{CheckpointInterval: time.Hour}

func openLog(t testing.TB, at string, opts *pgsink.LogOptions) *pgsink.Log {
	t.Helper()
	l, err := pgsink.OpenLog(t.Context(), config(t, at), logName, key(), opts)
	require.NoError(t, err)
	t.Cleanup(func() { shut(l) })
	return l
}

// shut closes a log, which may have been closed before.
func shut(l *pgsink.Log) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return l.Close(ctx)
}

// event is the i-th record of a writer.
func event(t testing.TB, writer string, i int) []byte {
	t.Helper()
	e := audit.Event{ID: fmt.Sprintf("%s-%d", writer, i), Source: "urn:test", Type: audit.TypeObservation,
		Time: time.Now(), Data: fmt.Appendf(nil, `{"n":%d}`, i)}
	b, err := e.Append(nil)
	require.NoError(t, err)
	return b
}

func fill(t testing.TB, l *pgsink.Log, n int) {
	t.Helper()
	for i := range n {
		require.NoError(t, l.Append(t.Context(), event(t, "w", i)))
	}
}

// contents reads everything.
func contents(t testing.TB, l *pgsink.Log) (all [][]byte) {
	t.Helper()
	for r, err := range l.Records(t.Context(), 0) {
		require.NoError(t, err)
		require.EqualValues(t, len(all), r.Index)
		all = append(all, r.Data)
	}
	return all
}

func verify(t testing.TB, at string, known ...[]byte) ledger.Verdict {
	t.Helper()
	vkey := "" + verifierKey(t)
	v, err := pgsink.VerifyLog(t.Context(), config(t, at), logName, vkey, &ledger.VerifyOptions{Known: known})
	require.NoError(t, err)
	return v
}

// soak returns the full count under SAFEGUARD_SOAK=1, else the sample.
func soak(sample, full int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return full
	}
	return sample
}

func otherKey() ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed([]byte("another seed, of somebody else!!"))
}
