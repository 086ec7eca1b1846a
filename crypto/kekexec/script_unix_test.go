//go:build unix

package kekexec_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
)

// script returns the KEK of a shell script, which answers when it is asked for
// its place.
func script(t *testing.T, opts *kekexec.Options, text string) (kek *kekexec.KEK, dir string) {
	t.Helper()
	if _, err := os.Stat("/bin/sh"); err != nil {
		t.Skip("no shell")
	}
	dir = t.TempDir()
	path := filepath.Join(dir, "program")
	text = "#!/bin/sh\nread -r request\ncase $request in *location*) echo '{\"location\":\"separate\"}'; exit;; esac\ncd " + dir + "\n" + text
	require.NoError(t, os.WriteFile(path, []byte(text), 0o700)) //nolint:gosec // a program
	kek, err := kekexec.New(t.Context(), path, opts)
	require.NoError(t, err)
	return kek, dir
}

// What the program has started ends with it, at the time limit and where it
// holds on to its output.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestChildren(t *testing.T) {
	for name, text := range map[string]string{
		"hangs":       "sleep 78 & echo $! > child; wait",
		"leaves them": "sleep 78 & echo $! > child",
	} {
		t.Run(name, func(t *testing.T) {
			kek, dir := script(t, &kekexec.Options{Timeout: 2 * time.Second}, text)
			_, err := kek.EncryptWithContext(t.Context(), []byte("MARKER"), nil)
			require.Error(t, err)
			b, err := os.ReadFile(filepath.Join(dir, "child"))
			require.NoError(t, err)
			pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
			require.NoError(t, err)
			require.Eventually(t, func() bool { return gone(pid) }, 10*time.Second, time.Millisecond)
		})
	}
}

// gone reports whether a process has ended, though nobody may have waited for it.
func gone(pid int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	return err == nil && bytes.Contains(stat, []byte(") Z ")) || syscall.Kill(pid, 0) != nil
}

// A program that floods standard error or repeats the request or the answer
// there is heard no further.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSaid(t *testing.T) {
	const secret = "MARKER of a keyset that is in the clear"
	const reply = "\"data\":\"dGhlIGtleXNldCB0aGF0IHdhcyBvcGVuZWQ=\""
	forms := []string{"MARKER of a", base64.StdEncoding.EncodeToString([]byte(secret))[:12], hex.EncodeToString([]byte(secret))[:12], "dGhlIGtleXNldC"}
	for name, c := range map[string]struct{ text, want string }{
		"request":     {`echo "$request" >&2`, "repeats a part"},
		"part of it":  {`echo "$request" | cut -c 26-50 >&2`, "repeats a part"},
		"plaintext":   {`echo "$request" | cut -d'"' -f8 | base64 -d >&2`, "repeats a part"},
		"hexadecimal": {`echo "$request" | cut -d'"' -f8 | base64 -d | od -An -v -tx1 | tr -d ' \n' >&2`, "repeats a part"},
		"answer":      {`set -x; true '{` + reply + `}'`, "repeats a part"},
		"request, a flood": {`while :; do echo "$request"; done 2>&1 >&2 | head -c 3000000 >&2`,
			"more than is passed on"},
		"flood":   {`yes 2>&1 | head -c 3000000 >&2`, "more than is passed on"},
		"control": {`printf 'a\033[2Jb\302\233c\377d\r\n' >&2`, "a?[2Jb?c?d\n"},
	} {
		t.Run(name, func(t *testing.T) {
			var said bytes.Buffer
			kek, _ := script(t, &kekexec.Options{Stderr: &said}, c.text+"\n"+`echo '{`+reply+`}'`)
			_, err := kek.EncryptWithContext(t.Context(), []byte(secret), nil)
			require.NoError(t, err)
			require.Contains(t, said.String(), c.want)
			require.Less(t, said.Len(), 2*kekexec.MaxSaid)
			for _, form := range forms {
				require.NotContains(t, said.String(), form)
			}
			require.NotContains(t, said.String(), "\033")
		})
	}
}

// A program that floods until it is ended is ended.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSaidWithoutEnd(t *testing.T) {
	var said bytes.Buffer
	kek, _ := script(t, &kekexec.Options{Stderr: &said, Timeout: time.Second}, "yes >&2")
	_, err := kek.DecryptWithContext(t.Context(), []byte("MARKER"), nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.Less(t, said.Len(), 2*kekexec.MaxSaid)
}
