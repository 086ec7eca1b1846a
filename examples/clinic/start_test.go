package main

import (
	"bytes"
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// TestRefusedStarts starts the service as it must not be started: it gives a
// reason and loses nothing.
//
// Controls: HIPAA 164.312(e)(1), 164.312(a)(2)(iii); NIST CSF 2.0 PR.DS-02, PR.AA-05.
func TestRefusedStarts(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		why  string
	}{
		"plain HTTP for everybody": {[]string{"-addr", "0.0.0.0:0"}, "on localhost only"},
		"plain HTTP, no host":      {[]string{"-addr", ":0"}, "on localhost only"},
		"no port":                  {[]string{"-addr", "localhost"}, "host:port"},
		"half of TLS":              {[]string{"-cert", "x.pem"}, "go together"},
		"an argument":              {[]string{"serve"}, "no arguments"},
		"another database":         {[]string{"-db", "mysql://localhost/x"}, "postgres://"},
		"malformed address":        {[]string{"-db", "postgres://u:hunter22@h:port/x"}, "no usable"},
		"database without TLS":     {[]string{"-db", "postgres://u:hunter22@db.example/x?sslmode=prefer"}, "verify-full"},
		"long idle limit":          {[]string{"-addr", "localhost:0", "-idle", "1h"}, "session"},
		"no such certificate":      {[]string{"-addr", "localhost:0", "-cert", "x.pem", "-key", "x.key"}, "x.pem"},
		"directory is a file":      {[]string{"-dir", "start_test.go"}, "keys"},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"-dir", t.TempDir()}, c.args...)
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			defer cancel()
			err := run(ctx, args, io.Discard)
			require.ErrorContains(t, err, c.why)
			require.NotContains(t, err.Error(), "hunter22")
		})
	}
}

// TestIncompleteKeys takes one file of the keys away, or changes it: no new
// key is made in its place, and nothing starts.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestIncompleteKeys(t *testing.T) {
	ctx := context.Background()
	for _, name := range []string{kekFile, keysetFile, tokenFile, signFile} {
		dir := t.TempDir()
		_, err := openVault(ctx, dir)
		require.NoError(t, err)
		_, err = openVault(ctx, dir)
		require.NoError(t, err, "what was made opens again")
		require.NoError(t, os.Remove(filepath.Join(dir, "keys", name)))
		_, err = openVault(ctx, dir)
		require.ErrorIs(t, err, os.ErrNotExist, name)
		_, err = os.Stat(filepath.Join(dir, "keys", name))
		require.ErrorIs(t, err, os.ErrNotExist, name)
	}
	dir := t.TempDir()
	_, err := openVault(ctx, dir)
	require.NoError(t, err)
	kek := filepath.Join(dir, "keys", kekFile)
	require.NoError(t, os.WriteFile(kek, bytes.Repeat([]byte{7}, 32), 0o600))
	_, err = openVault(ctx, dir)
	require.ErrorIs(t, err, keyset.ErrUnwrap)
	require.NoError(t, os.Chmod(kek, 0o644))
	_, err = openVault(ctx, dir)
	require.ErrorContains(t, err, "keys")
}

// TestLostSubjects takes the store of patients' keys away: it is not taken for
// that of a first start, under which the charts would never open again.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestLostSubjects(t *testing.T) {
	ctx, dir := context.Background(), t.TempDir()
	_, err := openVault(ctx, dir)
	require.NoError(t, err)
	subjects := filepath.Join(dir, subjectsDir)
	require.NoError(t, os.Rename(subjects, subjects+".away"))
	_, err = openVault(ctx, dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoDirExists(t, subjects)
	require.NoError(t, os.Mkdir(subjects, 0o700)) // where a disk would be mounted
	_, err = openVault(ctx, dir)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.NoError(t, os.Remove(subjects))
	require.NoError(t, os.Rename(subjects+".away", subjects))
	_, err = openVault(ctx, dir)
	require.NoError(t, err)
}

// TestClosedLedger composes over a ledger that is open already: what has been
// opened so far is closed again.
func TestClosedLedger(t *testing.T) {
	s := startAt(t, "", options{})
	ctx := context.Background()
	v, err := openVault(ctx, s.dir)
	require.NoError(t, err)
	_, err = compose(ctx, s.db, v, options{})
	require.ErrorIs(t, err, ledger.ErrLocked)
	s.close()
	db, err := openDatabase(ctx, "", s.dir)
	require.NoError(t, err)
	_, err = compose(ctx, db, v, options{idle: time.Hour})
	require.ErrorContains(t, err, "session")
	c, err := compose(ctx, db, v, options{})
	require.NoError(t, err, "the failed attempt has let the ledger go")
	require.NoError(t, c.Close(ctx))
	require.NoError(t, db.Close())
}

// TestComposition holds compose.go to what its reader was promised.
func TestComposition(t *testing.T) {
	src, err := os.ReadFile("compose.go")
	require.NoError(t, err)
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "compose.go", src, parser.SkipObjectResolution)
	require.NoError(t, err)
	code, functions := map[int]bool{}, 0
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok {
			continue
		}
		functions++
		// Both ends of every node: each line with code has one of them.
		ast.Inspect(f, func(n ast.Node) bool {
			if n != nil {
				code[fset.Position(n.Pos()).Line], code[fset.Position(n.End()-1).Line] = true, true
			}
			return true
		})
	}
	require.Equal(t, 1, functions)
	require.Greater(t, len(code), 20)
	require.LessOrEqual(t, len(code), 40, "lines of code in compose")
}

// TestServe stops the server while a request is under way: it gets its answer,
// and only then serve returns.
func TestServe(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	started, proceed, served := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		close(started)
		<-proceed
		_, _ = io.WriteString(w, "whole")
	})
	ctx, stop := context.WithCancel(t.Context())
	go func() { served <- serve(ctx, config{}, listener, handler) }()
	answer := make(chan string, 1)
	go func() {
		r, err := http.Get("http://" + listener.Addr().String())
		if err != nil {
			answer <- err.Error()
			return
		}
		defer r.Body.Close() //nolint:errcheck // read whole
		b, _ := io.ReadAll(r.Body)
		answer <- string(b)
	}()
	<-started
	stop()
	for { // until no new connection is taken
		select {
		case err := <-served:
			require.FailNow(t, "did not wait", "%v", err)
		default:
		}
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			break
		}
		require.NoError(t, conn.Close())
	}
	close(proceed)
	require.Equal(t, "whole", <-answer)
	require.NoError(t, <-served)
}

// TestThrottle guesses in virtual time.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestThrottle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signIns, err := newSignIns()
		require.NoError(t, err)
		ward := source(httptest.NewRequest("POST", "/signin", nil))
		require.True(t, ward.IsValid())
		tries := 0
		for end := time.Now().Add(24 * time.Hour); time.Now().Before(end); {
			attempt, wait := signIns.Begin("maria.osei", ward)
			if attempt != nil {
				tries++
				continue
			}
			require.LessOrEqual(t, wait, time.Minute, "nobody is locked out for longer")
			time.Sleep(wait)
		}
		require.Equal(t, 24*60+freeAttempts-1, tries, "guesses in a day")
		time.Sleep(time.Minute)
		attempt, _ := signIns.Begin("maria.osei", ward)
		require.NotNil(t, attempt)

		th := newHashing()
		// Two hash at once, and a third gives up after two seconds.
		stuck := make(chan struct{})
		for range 2 {
			go th.do(t.Context(), func() (bool, error) { <-stuck; return true, nil }) //nolint:errcheck // ends below
		}
		synctest.Wait()
		start := time.Now()
		_, err = th.do(t.Context(), func() (bool, error) { return true, nil })
		require.ErrorIs(t, err, errBusy)
		require.Equal(t, 2*time.Second, time.Since(start))
		close(stuck)
		ok, err := th.do(t.Context(), func() (bool, error) { return true, nil })
		require.NoError(t, err)
		require.True(t, ok)
	})
}
