//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/stretchr/testify/require"
)

// serveOnAFullDisk runs the service in a process that may not make a file
// longer than what the ledger soon needs, as on a full disk.
func serveOnAFullDisk(dir string) {
	const most = 200 << 10
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
		os.Exit(2)
	}
	serveUntilKilled(dir)
}

// When the ledger can take no more the service answers 503 and nothing else,
// and with room again it has lost nothing.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestFullDiskRefusesAndLosesNothing(t *testing.T) {
	dir := t.TempDir()
	h, err := open(t.Context(), dir, newPeople(nil), time.Minute)
	require.NoError(t, err)
	source, err := fs.Sub(patients, "patients")
	require.NoError(t, err)
	found, _, err := load(source)
	require.NoError(t, err)
	require.NoError(t, h.charts.put(t.Context(), found))
	require.NoError(t, h.close(t.Context()))

	cmd := child(t, "full", dir)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var told hello
	require.NoError(t, json.NewDecoder(bufio.NewReader(out)).Decode(&told))
	s := &server{base: told.Base, client: newClient()}
	token, err := s.signIn(&people{secrets: told.Secrets}, "reader-0")
	require.NoError(t, err)
	secrets := planted(t, source)
	acknowledged, refused := 0, 0
	for range 5000 { // a short record can still fit after a longer one did not
		a, err := s.get("/Patient/"+found[0].id, token, string(safeguard.Treatment))
		require.NoError(t, err)
		if a.status == 200 {
			acknowledged, refused = acknowledged+1, 0
			continue
		}
		require.Equal(t, 503, a.status)
		require.Less(t, len(a.body), 200)
		for _, v := range secrets {
			require.False(t, strings.Contains(string(a.body), v))
		}
		if refused++; refused == 4 {
			break
		}
	}
	require.Equal(t, 4, refused, "and it stays so")
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	h, err = open(t.Context(), dir, newPeople(nil), time.Minute)
	require.NoError(t, err)
	recorded := 0
	for record, err := range h.ledger.Records(t.Context(), 0) {
		require.NoError(t, err)
		var e audit.Event
		require.NoError(t, json.Unmarshal(record.Data, &e))
		if audit.IsAccess(e.Type) && strings.Contains(string(e.Data), `"action":"read"`) {
			recorded++
		}
	}
	require.GreaterOrEqual(t, recorded, acknowledged)
	require.Greater(t, acknowledged, 10)
	key := h.ledger.VerifierKey()
	require.NoError(t, h.close(t.Context()))
	verdict, err := ledger.Verify(t.Context(), filepath.Join(dir, "ledger"), key, nil)
	require.NoError(t, err)
	require.True(t, verdict.OK, verdict.String())
}
