package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// everywhere runs f on SQLite and on PostgreSQL.
func everywhere(t *testing.T, f func(t *testing.T, address string)) {
	t.Run("sqlite", func(t *testing.T) { f(t, "") })
	t.Run("postgres", func(t *testing.T) { f(t, postgres(t)) })
}

// postgres returns the address of an empty schema that is dropped when t
// ends.
func postgres(t *testing.T) string {
	t.Helper()
	address, err := server()
	if err != nil {
		lacking(t, "no PostgreSQL", err)
	}
	schema := "clinic_" + strings.ToLower(rand.Text()[:12])
	admin := func(statement string) {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
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
// one at the standard port, or one of an installed binary, which ends with
// this process.
var server = sync.OnceValues(func() (string, error) {
	if address := os.Getenv("SAFEGUARD_TEST_POSTGRES_URL"); address != "" {
		return address, ping(address)
	}
	standard := "postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"
	if ping(standard) == nil {
		return standard, nil
	}
	return startServer()
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

// stopServer stops what startServer has started. TestMain calls it.
var stopServer = func() {}

// startServer makes a cluster in a temporary directory. PostgreSQL refuses to
// run as root, so there it runs as the user postgres.
func startServer() (string, error) {
	initdb, err := exec.LookPath("initdb")
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); err != nil && len(found) > 0 {
		initdb, err = found[len(found)-1], nil
	}
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "clinic-postgres-")
	if err != nil {
		return "", err
	}
	var as []string
	if os.Geteuid() == 0 {
		as = []string{"runuser", "-u", "postgres", "--"}
		if err := command(nil, "chown", "postgres", dir); err != nil {
			return "", err
		}
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := listener.Close(); err != nil {
		return "", err
	}
	data, control := filepath.Join(dir, "data"), filepath.Join(filepath.Dir(initdb), "pg_ctl")
	stopServer = func() {
		_ = command(as, control, "-D", data, "-m", "immediate", "stop") // not there if it did not start
		_ = os.RemoveAll(dir)
	}
	if err := command(as, initdb, "-A", "trust", "-U", "postgres", "-N", "-D", data); err != nil {
		return "", err
	}
	settings := fmt.Sprintf("-h 127.0.0.1 -p %d -k %s", port, dir)
	if err := command(as, control, "-D", data, "-w", "-l", filepath.Join(dir, "log"), "-o", settings, "start"); err != nil {
		return "", err
	}
	address := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	return address, ping(address)
}

// command runs a program as somebody.
func command(as []string, args ...string) error {
	args = append(slices.Clone(as), args...)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := exec.CommandContext(ctx, args[0], args[1:]...).Run(); err != nil {
		return fmt.Errorf("%s: %w", filepath.Base(args[len(as)]), err)
	}
	return nil
}

// TestSealedColumns looks for planted values in everything that is stored:
// the rows as the database gives them out, and on SQLite its files too.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSealedColumns(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s := startAt(t, address, options{})
		maria := s.signIn("maria.osei", "TREAT")
		id := maria.find("Adaeze Thornquist")
		r := maria.do("POST", "/api/patients/"+id+"/notes", fmt.Sprintf(`{"body":%q}`, plantedNote))
		require.Equal(t, http.StatusCreated, r.status, r.body)

		stored := rowsOf(t, s.db)
		if address == "" {
			stored = append(stored, readFiles(t, s.dir)...)
		}
		// What is in the clear is found, so the search can find something.
		require.True(t, bytes.Contains(stored, []byte("endocrinology")))
		require.True(t, bytes.Contains(stored, []byte(id)))
		requireNothingPlanted(t, stored)
		for _, password := range s.passwords {
			require.False(t, bytes.Contains(stored, []byte(password)))
		}
		require.Contains(t, maria.get("/api/patients/"+id).body, plantedNote)
	})
}

// rowsOf returns the bytes of every column of every row of every table.
func rowsOf(t *testing.T, db *sql.DB) []byte {
	t.Helper()
	var all []byte
	for _, table := range []string{"patient", "note", "staff"} {
		rows, err := db.Query("SELECT * FROM " + table)
		require.NoError(t, err)
		names, err := rows.Columns()
		require.NoError(t, err)
		n := 0
		for rows.Next() {
			n++
			values := make([]any, len(names))
			for i := range values {
				values[i] = new(any)
			}
			require.NoError(t, rows.Scan(values...))
			for _, v := range values {
				all = fmt.Appendf(all, "%s\n", *v.(*any))
			}
		}
		require.NoError(t, rows.Err())
		require.NotZero(t, n, table)
	}
	return all
}

// TestMovedCiphertext moves a sealed value to another row and to another
// column, as somebody who can write to the database would.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestMovedCiphertext(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		s := startAt(t, address, options{})
		maria := s.signIn("maria.osei", "TREAT")
		other := maria.find("Florian Mbeki-Strand")
		for victim, statement := range map[string]string{
			"Adaeze Thornquist":    "UPDATE patient SET problems = (SELECT problems FROM patient WHERE id = $2) WHERE id = $1",
			"Bertrand Oyelaran":    "UPDATE patient SET mrn = (SELECT name FROM patient WHERE id = $1) WHERE id = $1 AND id <> $2",
			"Celestine Varga-Holm": "UPDATE patient SET phone = mrn WHERE id = $1 AND id <> $2",
		} {
			id := maria.find(victim)
			require.Equal(t, http.StatusOK, maria.get("/api/patients/"+id).status)
			_, err := s.db.Exec(statement, id, other)
			require.NoError(t, err)
			for _, r := range []reply{maria.get("/api/patients/" + id), maria.page("/patients/" + id + "?purpose=TREAT")} {
				require.Equal(t, http.StatusInternalServerError, r.status, statement)
				requireNothingPlanted(t, []byte(r.body))
			}
		}
		require.Equal(t, http.StatusOK, maria.get("/api/patients/"+other).status)
	})
}

// TestSubjectKey destroys the key of one patient: that chart is gone for good,
// the others are not.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSubjectKey(t *testing.T) {
	dir := t.TempDir()
	before := startIn(t, "", dir, options{})
	charts := before.signIn("maria.osei", "TREAT").list("?limit=50")
	before.close()
	var names []string
	require.NoError(t, filepath.WalkDir(filepath.Join(dir, "subjects"), func(path string, d os.DirEntry, err error) error {
		if err == nil && len(d.Name()) == 64 {
			names = append(names, d.Name())
		}
		return err
	}))
	require.Len(t, names, len(charts), "a key for each patient")
	subjects, err := crypto.NewDirSubjects(filepath.Join(dir, "subjects"))
	require.NoError(t, err)
	require.NoError(t, subjects.Destroy(context.Background(), tenant, names[0]))

	after := startIn(t, "", dir, options{})
	after.passwords = before.passwords
	maria := after.signIn("maria.osei", "TREAT")
	require.Len(t, maria.list("?limit=50"), len(charts)-1)
	status := map[int]int{}
	for _, c := range charts {
		status[maria.get("/api/patients/"+c.ID).status]++
	}
	require.Equal(t, map[int]int{http.StatusOK: len(charts) - 1, http.StatusGone: 1}, status)
}

// TestDatabaseError looks for values in the text of an error: PostgreSQL and
// SQLite repeat what they were given.
//
// Controls: HIPAA 164.312(a)(1).
func TestDatabaseError(t *testing.T) {
	everywhere(t, func(t *testing.T, address string) {
		db, err := openDatabase(context.Background(), address, t.TempDir())
		require.NoError(t, err)
		defer db.Close() //nolint:errcheck // nothing was written
		_, err = db.Exec("SELECT Thornquist")
		require.ErrorContains(t, err, "hornquist")
		wrapped := databaseError("read", err)
		require.ErrorIs(t, wrapped, err)
		require.NotContains(t, wrapped.Error(), "hornquist")
		require.Regexp(t, `^clinic: database: read: (SQLSTATE 42703|SQLite error 1)$`, wrapped.Error())
	})
}
