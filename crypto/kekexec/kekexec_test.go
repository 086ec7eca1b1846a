package kekexec_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/kmstest"
)

// TestMain builds the program of testdata and says where it is.
func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "kekexec")
	if err == nil {
		path := filepath.Join(dir, "program")
		err = exec.Command("go", "build", "-o", path, "./testdata/program").Run()
		_ = os.Setenv(programVariable, path)
	}
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, "kekexec_test: build of the program:", err)
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

const programVariable = "KEKEXEC_TEST_PROGRAM"

// fresh makes a program with a key of its own, in dir.
func fresh(t *testing.T, stderr io.Writer) (kek *kekexec.KEK, dir string) {
	t.Helper()
	dir = t.TempDir()
	_, err := keyset.CreateFileKEK(filepath.Join(dir, "key"))
	require.NoError(t, err)
	kek, err = kekexec.New(t.Context(), os.Getenv(programVariable), &kekexec.Options{Args: []string{dir}, Env: environment(t), Stderr: stderr})
	require.NoError(t, err)
	return kek, dir
}

// environment keeps a mode that the tests run under, and a place for profiles.
func environment(t *testing.T) []string {
	return []string{"GODEBUG=" + os.Getenv("GODEBUG"), "GOCOVERDIR=" + t.TempDir()}
}

// set switches the program in dir, and back.
func set(t *testing.T, dir, state string) (back func()) {
	t.Helper()
	path := filepath.Join(dir, state)
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	return func() { require.NoError(t, os.Remove(path)) }
}

// The suite of all KEKs, over a process for each call.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestConformance(t *testing.T) {
	kmstest.Run(t, func(t *testing.T) kmstest.Fixture {
		kek, dir := fresh(t, nil)
		other, _ := fresh(t, nil)
		key, err := os.ReadFile(filepath.Join(dir, "key"))
		require.NoError(t, err)
		return kmstest.Fixture{
			KEK: kek, Other: other, Max: kekexec.MaxData, Secrets: []string{string(key)},
			Calls: func() int {
				b, err := os.ReadFile(filepath.Join(dir, "calls"))
				require.NoError(t, err)
				return len(b)
			},
			Hang:   func() func() { return set(t, dir, "hang") },
			Outage: func() func() { return set(t, dir, "outage") },
		}
	})
}

// A program that crashes, says something else, says too much or says nothing
// is an outage, and no output.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestNoAnswer(t *testing.T) {
	kek, dir := fresh(t, nil)
	for _, state := range []string{"crash", "chatter", "flood", "empty"} {
		back := set(t, dir, state)
		for _, call := range []func(context.Context, []byte, []byte) ([]byte, error){kek.EncryptWithContext, kek.DecryptWithContext} {
			out, err := call(t.Context(), []byte("MARKER"), nil)
			require.Empty(t, out, state)
			var e *kekexec.Error
			require.ErrorAs(t, err, &e, state)
			require.True(t, e.Temporary(), state)
			require.NotContains(t, err.Error(), "here it is")
		}
		back()
	}
}

// What the program says to people gets to Stderr and into no error.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestStderr(t *testing.T) {
	var said bytes.Buffer
	kek, _ := fresh(t, &said)
	_, err := kek.DecryptWithContext(t.Context(), []byte("nothing of ours"), nil)
	var e *kekexec.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, "kekexec: decrypt: refused", err.Error())
	require.False(t, e.Temporary())
	require.Contains(t, said.String(), "program: ")
}

// The program gets its input on standard input alone.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestInput(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "program")
	text := "#!/bin/sh\n{ echo \"$@\"; env; } >> " + dir + "/seen\ncat >> " + dir + "/stdin\necho '{\"data\": \"AAAA\", \"location\": \"separate\"}'\n"
	require.NoError(t, os.WriteFile(script, []byte(text), 0o700)) //nolint:gosec // a program
	kek, err := kekexec.New(t.Context(), script, &kekexec.Options{Args: []string{"keys/one"}})
	if errors.Is(err, os.ErrNotExist) {
		t.Skip("no shell")
	}
	require.NoError(t, err)
	require.Equal(t, crypto.LocationSeparate, kek.KeyLocation())
	_, err = kek.EncryptWithContext(t.Context(), []byte("MARKER-1"), []byte("MARKER-2"))
	require.NoError(t, err)
	seen, err := os.ReadFile(filepath.Join(dir, "seen"))
	require.NoError(t, err)
	require.Contains(t, string(seen), "keys/one")
	for _, secret := range []string{"MARKER", "TUFSS0VS"} { // and in base64
		require.NotContains(t, string(seen), secret)
	}
	stdin, err := os.ReadFile(filepath.Join(dir, "stdin"))
	require.NoError(t, err)
	require.Contains(t, string(stdin), `{"op":"encrypt","data":"TUFSS0VSLTE=","associatedData":"TUFSS0VSLTI="}`)
}

// The search path and the working directory do not decide what is started.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestNew(t *testing.T) {
	for _, c := range []struct {
		program string
		opts    *kekexec.Options
		want    string
	}{
		{"cat", nil, "must be absolute"},
		{"./cat", nil, "must be absolute"},
		{"", nil, "must be absolute"},
		{"/none/such", nil, "program did not run"},
		{os.Getenv(programVariable), &kekexec.Options{Timeout: -1}, "Timeout"},
		{os.Getenv(programVariable), &kekexec.Options{Timeout: time.Hour}, "Timeout"},
	} {
		_, err := kekexec.New(t.Context(), c.program, c.opts)
		require.ErrorContains(t, err, c.want)
	}
	kek, dir := fresh(t, nil)
	require.Equal(t, crypto.LocationSameHost, kek.KeyLocation())
	_ = set(t, dir, "hang")
	_, err := kekexec.New(t.Context(), os.Getenv(programVariable), &kekexec.Options{Args: []string{dir}, Timeout: 50 * time.Millisecond, Env: environment(t)})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	_, err = kek.EncryptWithContext(t.Context(), make([]byte, kekexec.MaxData+1), nil)
	require.ErrorContains(t, err, "too long")
}

// Requests that are not of the protocol are refused, with an answer.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestServe(t *testing.T) {
	kek, err := keyset.CreateFileKEK(filepath.Join(t.TempDir(), "key"))
	require.NoError(t, err)
	for _, in := range []string{
		"", "{", "[]", `{"op":"encrypt"} {}`, `{"op":"encrypt","more":1}`, `{"op":"export"}`, `{"op":"decrypt","data":"AAAA"}`,
		`{"op":"encrypt","data":"` + strings.Repeat("A", 4<<20) + `"}`,
	} {
		var out bytes.Buffer
		require.Error(t, kekexec.Serve(t.Context(), kek, strings.NewReader(in), &out))
		require.Equal(t, `{"error":"refused"}`+"\n", out.String())
	}
	require.ErrorContains(t, kekexec.Serve(t.Context(), kek, strings.NewReader(`{"op":"location"}`), full{}), "no space")
	require.ErrorContains(t, kekexec.Serve(t.Context(), kek, full{}, io.Discard), "no space")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space") }
func (full) Read([]byte) (int, error)  { return 0, errors.New("no space") }

// FuzzServe reads anything as a request. It never panics, and gives what was
// decrypted only for what was encrypted.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzServe(f *testing.F) {
	f.Add([]byte(`{"op":"encrypt","data":"AAAA","associatedData":"AAAA"}`))
	f.Add([]byte(`{"op":"decrypt","data":"AAAA"}`))
	f.Add([]byte(`{"op":"location"}`))
	kek, err := keyset.CreateFileKEK(filepath.Join(f.TempDir(), "key"))
	require.NoError(f, err)
	f.Fuzz(func(t *testing.T, in []byte) {
		var out bytes.Buffer
		err := kekexec.Serve(t.Context(), kek, bytes.NewReader(in), &out)
		require.Equal(t, err != nil, strings.Contains(out.String(), `"error"`))
		require.Equal(t, 1, strings.Count(out.String(), "\n"))
	})
}
