//go:build unix

package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Nothing but a regular file is read, so that no pipe holds the command up.
//
// Controls: none, it is about the command itself.
func TestReadsRegularFilesOnly(t *testing.T) {
	dir := t.TempDir()
	pipe, link := filepath.Join(dir, "pipe.md"), filepath.Join(dir, "link.json")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	held, err := os.OpenFile(pipe, os.O_RDWR, 0) // so that whoever opens it waits for its content
	require.NoError(t, err)
	defer held.Close()
	require.NoError(t, os.Symlink(pipe, link))
	attempt := func(args ...string) (int, string) {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		var errs bytes.Buffer
		return run(&env{ctx: ctx, out: io.Discard, errs: &errs}, args), errs.String()
	}
	for _, path := range []string{pipe, link, dir, os.DevNull} {
		for _, command := range []string{"gap", "risk", "breach"} {
			code, said := attempt(command, "report", path)
			require.Equal(t, exitRefused, code, path)
			require.Contains(t, said, path+": is no regular file", command)
		}
	}
	code, said := attempt("catalog", "--check", "-o", pipe)
	require.Equal(t, exitFindings, code)
	require.Contains(t, said, "not current")
}
