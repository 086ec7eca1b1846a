package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// testAccount is the account that a script says, and perhaps how it is known,
// instead of the operating system. It is in the test binary alone.
func testAccount() (account, error) {
	name, method, _ := strings.Cut(os.Getenv("SAFEGUARD_TEST_ACCOUNT"), " ")
	switch {
	case name == "":
		return osAccount()
	case method == "":
		method = byLogin
	}
	return account{name, method}, nil
}

// accountProgram prints what the operating system says of who acts.
func accountProgram() {
	a, err := osAccount()
	if err != nil {
		os.Exit(1)
	}
	_, _ = os.Stdout.WriteString(a.name + " " + a.method + "\n")
}

// kekProgram is the program of an exec: key: it serves the key file of its
// argument.
func kekProgram() {
	kek, err := keyset.OpenFileKEK(os.Args[1])
	if err == nil {
		err = kekexec.Serve(context.Background(), kek, os.Stdin, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "kek-program:", err)
		os.Exit(1)
	}
}

// keysSetup gives a script the path of the program of an exec: key, and an
// operator.
func keysSetup(e *testscript.Env) error {
	program, err := exec.LookPath("kek-program")
	e.Setenv("KEKPROGRAM", program)
	e.Setenv("SAFEGUARD_TEST_ACCOUNT", "anna")
	e.Setenv("GODEBUG", os.Getenv("GODEBUG"))
	return err
}

// server is a PostgreSQL that answers: the one that the environment names, or
// one at the standard port. "" is none.
var server = sync.OnceValue(func() string {
	addresses := []string{"postgres://postgres@127.0.0.1:5432/postgres?sslmode=disable"}
	if address := os.Getenv("SAFEGUARD_TEST_POSTGRES_URL"); address != "" {
		addresses = []string{address}
	}
	for _, address := range addresses {
		db, err := openDB("server", address)
		if err != nil {
			continue
		}
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		err = db.PingContext(ctx)
		cancel()
		if db.Close() == nil && err == nil {
			return address
		}
	}
	return ""
})

// hasService is the condition [postgres] of scripts: a server and its client
// programs. Where services are required, their absence fails.
func hasService(name string) (bool, error) {
	if name != "postgres" {
		return false, fmt.Errorf("no condition %q", name)
	}
	missing := ""
	for _, program := range []string{"psql", "pg_dump", "createdb"} {
		if _, err := exec.LookPath(program); err != nil {
			missing = program
		}
	}
	if server() == "" {
		missing = "a server"
	}
	if missing != "" && os.Getenv("SAFEGUARD_REQUIRE_SERVICES") == "1" {
		return false, fmt.Errorf("no PostgreSQL: %s is missing", missing)
	}
	return missing == "", nil
}

// database names a database that is not there yet and is dropped at the end,
// and sets variables to its name and its URL:
//
//	database DB
func database(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: database variable")
	}
	name := "safeguard_" + strings.ToLower(rand.Text()[:12])
	u, err := url.Parse(server())
	ts.Check(err)
	u.Path = "/" + name
	ts.Setenv(args[0]+"NAME", name)
	ts.Setenv(args[0], u.String())
	ts.Setenv("PGHOST", u.Hostname())
	ts.Setenv("PGPORT", u.Port())
	ts.Setenv("PGUSER", u.User.Username())
	if password, ok := u.User.Password(); ok {
		ts.Setenv("PGPASSWORD", password)
		u.User = url.User(u.User.Username())
		ts.Setenv(args[0], u.String())
	}
	ts.Defer(func() {
		db, err := sql.Open("pgx", server())
		ts.Check(err)
		defer db.Close()
		_, err = db.ExecContext(context.Background(), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
		ts.Check(err)
	})
}

// charts seals n patients into a table of a database, as a service does:
//
//	charts url keys keyfile subjects tenant n
func charts(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 6 {
		ts.Fatalf("usage: charts url keys keyfile subjects tenant n")
	}
	ctx, tenant := context.Background(), args[4]
	n, err := strconv.Atoi(args[5])
	ts.Check(err)
	kek, err := keyset.OpenFileKEK(ts.MkAbs(args[2]))
	ts.Check(err)
	store, err := keyset.OpenDirStore(ts.MkAbs(args[1]))
	ts.Check(err)
	ring, err := keyset.NewRing(store, kek, nil)
	ts.Check(err)
	subjects, err := crypto.NewDirSubjects(ts.MkAbs(args[3]))
	ts.Check(err)
	sealer, err := crypto.New(ring, subjects, nil)
	ts.Check(err)
	db, err := sql.Open("pgx", args[0])
	ts.Check(err)
	defer db.Close()
	_, err = db.ExecContext(ctx, "CREATE TABLE IF NOT EXISTS patient (id text PRIMARY KEY, tenant text NOT NULL, name bytea, mrn bytea, contact bytea, letter bytea)")
	ts.Check(err)
	contacts, err := crypto.NewRows[contact](sealer, nil)
	ts.Check(err)
	for i := range n {
		row := fmt.Sprintf("%s-%03d", tenant, i)
		cells := []any{row, tenant}
		ref := crypto.Ref{Tenant: tenant, Table: "patient", Row: row, Subject: crypto.SubjectOf(safeguard.NewPatient(row))}
		for _, ref.Column = range []string{"name", "mrn"} {
			sealed, err := sealer.AppendSeal(ctx, nil, []byte("PLAINTEXT "+row), ref)
			ts.Check(err)
			cells = append(cells, sealed)
		}
		ref.Column = "contact"
		sealed, err := contacts.AppendSeal(ctx, nil, &contact{"PLAINTEXT " + row, "PLAINTEXT"}, ref)
		ts.Check(err)
		ref.Column = "letter"
		header, w, err := sealer.SealBlobParts(ctx, io.Discard, ref)
		ts.Check(err)
		_, err = w.Write([]byte("PLAINTEXT"))
		ts.Check(err)
		ts.Check(w.Close())
		cells = append(cells, sealed, header)
		_, err = db.ExecContext(ctx, "INSERT INTO patient VALUES ($1, $2, $3, $4, $5, $6)", cells...)
		ts.Check(err)
	}
}

// A contact is sealed as a row.
type contact struct {
	Phone  string `phi:"phone,group=contact"`
	Street string `phi:"street"`
}

// keepOutput sets a variable to what is in a file, or in standard output:
//
//	keep ORDER stdout
func keepOutput(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: keep variable file")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile(args[1])))
}

// The operators file denies what it does not say.
//
// Controls: HIPAA 164.312(a)(1), 164.312(d); NIST CSF 2.0 PR.AA-05.
func TestOperators(t *testing.T) {
	for _, text := range []string{
		"", "[]", "{} {}", `{"operators": [], "more": 1}`, `{"operators": [], "operators": []}`,
		`{"methods": [], "operators": []}`, `{"methods": ["badge"], "operators": []}`,
		`{"methods": ["os-sudo"], "operators": []}`, `{"methods": ["stated"], "operators": []}`,
		`{"unsafe_methods": [], "operators": []}`, `{"unsafe_methods": ["os-login"], "operators": []}`,
		`{"operators": [{"id": "", "tenants": ["a"], "kinds": ["patient"], "steps": ["hold"]}]}`,
		`{"operators": [{"id": "a", "tenants": [], "kinds": ["patient"], "steps": ["hold"]}]}`,
		`{"operators": [{"id": "a", "tenants": ["a"], "kinds": ["all"], "steps": ["hold"]}]}`,
		`{"operators": [{"id": "a", "tenants": ["a"], "kinds": ["patient"], "steps": []}]}`,
		`{"operators": [{"id": "a", "tenants": ["a"], "kinds": ["patient"], "steps": ["hold"]}, {"id": "a", "tenants": ["b"], "kinds": ["patient"], "steps": ["hold"]}]}`,
	} {
		_, err := parseOperators([]byte(text))
		require.Error(t, err, text)
	}
	for text, counts := range map[string][]string{
		`{}`:                              {byLogin, byOwn},
		`{"methods": ["os-account"]}`:     {byOwn},
		`{"unsafe_methods": ["os-sudo"]}`: {byLogin, byOwn, bySudo},
		`{"methods": ["os-login"], "unsafe_methods": ["stated"]}`: {byLogin, byStated},
	} {
		o, err := parseOperators([]byte(text))
		require.NoError(t, err)
		o.Operators = []operator{{"anna", []string{"a"}, []shred.Kind{shred.DestroyPatient}, []shred.Step{shred.StepHold}}}
		for _, method := range []string{byLogin, byOwn, bySudo, byStated, ""} {
			err := o.authorize(t.Context(), safeguard.Principal{ID: "anna", Method: method}, shred.StepHold, shred.Order{Kind: shred.DestroyPatient, Tenant: "a"})
			require.Equal(t, slices.Contains(counts, method), err == nil, "%s: %s", text, method)
		}
	}
	path := filepath.Join(t.TempDir(), "operators.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"operators": []}`), 0o600))
	require.NoError(t, os.Chmod(path, 0o620)) //nolint:gosec // what is refused
	_, err := readOperators(&env{ctx: t.Context()}, path)
	require.ErrorContains(t, err, "others than this account")
}

// Root is nobody in particular, and what is only stated is known as that.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01.
func TestPrincipal(t *testing.T) {
	as := func(name, method string) *env {
		return &env{account: func() (account, error) { return account{name, method}, nil }}
	}
	_, err := as("root", byOwn).principal("")
	require.ErrorContains(t, err, "nobody in particular")
	_, err = as("guest", byLogin).principal("")
	require.ErrorIs(t, err, safeguard.ErrPrincipal)
	p, err := as("root", byOwn).principal("anna")
	require.NoError(t, err)
	require.Equal(t, [2]string{"anna", byStated}, [2]string{p.ID, p.Method})
	p, err = as("anna", bySudo).principal("")
	require.NoError(t, err)
	require.Equal(t, [2]string{"anna", bySudo}, [2]string{p.ID, p.Method})
	a, err := osAccount()
	require.NoError(t, err)
	require.NotEmpty(t, a.name)
}

// FuzzOperators reads anything as operators and never panics.
//
// Controls: HIPAA 164.312(a)(1), 164.312(d); NIST CSF 2.0 PR.AA-05.
func FuzzOperators(f *testing.F) {
	f.Add([]byte(`{"operators": [{"id": "a", "tenants": ["*"], "kinds": ["patient"], "steps": ["hold"]}]}`))
	f.Add([]byte(`{"unsafe_methods": ["stated"], "operators": []}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := parseOperators(b)
		if err == nil {
			require.NotEmpty(t, o.Methods)
		}
	})
}

// FuzzTables reads anything as a description of tables.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzTables(f *testing.F) {
	f.Add([]byte(`{"tables": [{"table": "patient", "key": ["id"], "tenant": {"value": "clinic"}, "subject": {"column": "id"}, "columns": [{"column": "name"}]}]}`))
	f.Add([]byte(`{"tables": []}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		tables, err := parseTables(b)
		require.Equal(t, err == nil, len(tables) > 0)
	})
}

// FuzzMigration reads anything as a migration.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzMigration(f *testing.F) {
	f.Add([]byte(`{"id": "m", "plain": "name", "type": "string", "table": {"table": "p", "key": ["id"], "tenant": {"value": "c"}, "subject": {"column": "id"}, "columns": [{"column": "s"}]}}`))
	f.Add([]byte(`{"id": "m", "plain": "name", "type": "bytes", "table": null}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := parseMigration(b)
		require.Equal(t, err == nil, m != nil)
	})
}

// FuzzVerified reads anything as what verify wrote.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzVerified(f *testing.F) {
	f.Add([]byte(`{"database": "d", "tables": "t", "reports": [{"table": "patient", "mode": "verify", "scope": "every cell was opened", "controls": null, "tenant": "clinic", "key_id": 2, "started": "2026-01-02T03:04:05Z", "finished": "2026-01-02T03:04:06Z", "rows": 1, "keys": {"2": 1}, "complete": true}]}`))
	f.Add([]byte(`{"reports": [{"rows": -1}]}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, b []byte) {
		all, err := parseVerification(b)
		for _, v := range all.Reports {
			if err == nil && v.Rows == 0 {
				require.Error(t, v.SafeToDestroy(1))
			}
		}
	})
}

// No two runs share a checkpoint.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestCheckpointNames(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "runs")
	names := map[string]bool{}
	for _, of := range [][]string{{"d", "a", "b.c"}, {"d", "a.b", "c"}, {"d.a", "b", "c"}, {"d", "a", "b/c"}, {"d", "a", "b%2Fc"}, {"e", "a", "b.c"}} {
		file, err := checkpoint(dir, of...)
		require.NoError(t, err)
		require.NoError(t, file.Save(t.Context(), []byte("{}")))
		entries, err := os.ReadDir(dir)
		require.NoError(t, err)
		for _, e := range entries {
			names[e.Name()] = true
		}
	}
	require.Len(t, names, 6)
}

// What cannot be put into its place after an act is kept, and the exit code does
// not say that nothing was done.
//
// Controls: HIPAA 164.312(c)(1), 164.316(b)(1); NIST CSF 2.0 PR.DS-01.
func TestResultKept(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "certificate.json")
	f := format{"json", func(w io.Writer) error { _, err := io.WriteString(w, "signed"); return err }}
	e := &env{ctx: t.Context(), out: io.Discard}
	to, err := results{Out: []string{path}}.open(f)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(path, []byte("of somebody else"), 0o600))
	err = to.write(e, f)
	to.discard()
	require.ErrorIs(t, err, fs.ErrExist)
	require.Equal(t, exitFailed, fail(io.Discard, keyFault(err)))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2)
	b, err := os.ReadFile(filepath.Join(dir, entries[0].Name()))
	require.NoError(t, err)
	require.Equal(t, "signed", string(b))
}
