package keyset_test

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

const ringDir = "SAFEGUARD_RING_DIR"

// processRing returns a Ring over the files in dir.
func processRing(t *testing.T, dir string) *keyset.Ring {
	t.Helper()
	kek, err := keyset.OpenOrCreateFileKEK(filepath.Join(dir, "kek"))
	require.NoError(t, err)
	store, err := keyset.NewDirStore(filepath.Join(dir, "keysets"))
	require.NoError(t, err)
	r, err := keyset.NewRing(store, kek, atOnce)
	require.NoError(t, err)
	return r
}

func child(t *testing.T, test, dir string) *exec.Cmd {
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), ringDir+"="+dir)
	return cmd
}

// Eight processes open and rotate at once: the primary is rotated from once,
// and no key is lost.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestProcessesRotateOnce(t *testing.T) {
	dir := t.TempDir()
	r := processRing(t, dir)
	require.NoError(t, r.Create(t.Context(), "clinic-a"))
	sealed := mustSeal(t, sealer(t, r))
	first := primary(t, r)
	var cmds []*exec.Cmd
	for range 8 {
		cmd := child(t, "TestRotatingProcess", dir)
		cmd.Env = append(cmd.Env, fmt.Sprint("SAFEGUARD_FROM=", first))
		cmd.Stderr = os.Stderr
		require.NoError(t, cmd.Start())
		cmds = append(cmds, cmd)
	}
	for _, cmd := range cmds {
		require.NoError(t, cmd.Wait())
	}
	after := processRing(t, dir)
	facts, err := after.Facts(t.Context(), "clinic-a")
	require.NoError(t, err)
	require.Len(t, facts.Keys, 2)
	wantOpens(t, sealer(t, after), sealed)
}

// TestRotatingProcess is one process of the test above.
func TestRotatingProcess(t *testing.T) {
	dir := os.Getenv(ringDir)
	if dir == "" {
		t.Skip("runs as a child of TestProcessesRotateOnce")
	}
	var from uint32
	_, err := fmt.Sscan(os.Getenv("SAFEGUARD_FROM"), &from)
	require.NoError(t, err)
	require.NoError(t, processRing(t, dir).Rotate(t.Context(), "clinic-a", from))
}

// A process killed while it writes leaves the old file or the new one, whole.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestKilledInMidWrite(t *testing.T) {
	dir := t.TempDir()
	r := processRing(t, dir)
	require.NoError(t, r.Create(t.Context(), "clinic-a"))
	sealed := mustSeal(t, sealer(t, r))
	kills := 15
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		kills = 200
	}
	for i := range kills {
		cmd := child(t, "TestWritingProcess", dir)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for lines.Scan() && !strings.Contains(lines.Text(), "writes") {
		}
		<-time.After(time.Duration(i*137%2000) * time.Microsecond) // a point at random in its writing
		require.NoError(t, cmd.Process.Kill())
		cmd.Wait()
		wantOpens(t, sealer(t, processRing(t, dir)), sealed)
	}
	t.Logf("soak: killed %d times in mid-write, the keyset loaded each time", kills)
	require.NoError(t, processRing(t, dir).Rewrap(t.Context(), "clinic-a", nil))
	there, err := os.ReadDir(filepath.Join(dir, "keysets"))
	require.NoError(t, err)
	require.Len(t, there, 3, "marker, lock and keyset: what a crash left is swept")
}

// TestWritingProcess is what the test above kills.
func TestWritingProcess(t *testing.T) {
	dir := os.Getenv(ringDir)
	if dir == "" {
		t.Skip("runs as a child of TestKilledInMidWrite")
	}
	r := processRing(t, dir)
	fmt.Println("writes")
	for t.Context().Err() == nil {
		require.NoError(t, r.Rewrap(t.Context(), "clinic-a", nil))
	}
}

// A directory that is no store, that others can write to, or that went away is
// an error, and never an empty store.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.AA-05, PR.DS-11.
func TestDirStoreRefuses(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "keysets")
	_, err := keyset.OpenDirStore(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, os.Mkdir(dir, 0o700))
	_, err = keyset.OpenDirStore(dir)
	require.ErrorIs(t, err, fs.ErrNotExist)
	store, err := keyset.NewDirStore(dir)
	require.NoError(t, err)
	_, err = keyset.OpenDirStore(dir)
	require.NoError(t, err)
	require.Error(t, store.Write(t.Context(), "clinic-a", nil, nil))
	require.Error(t, store.Write(t.Context(), "clinic-a", nil, make([]byte, 2<<20)))
	require.NoError(t, os.Chmod(dir, 0o720))
	_, err = keyset.OpenDirStore(dir)
	require.ErrorContains(t, err, "others can write")
	require.NoError(t, os.RemoveAll(dir))
	_, err = store.Read(t.Context(), "clinic-a")
	require.Error(t, err)
	require.NotErrorIs(t, err, crypto.ErrTenant, "the directory is gone, which says nothing of the tenant")

	foreign := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(foreign, "other"), nil, 0o600))
	_, err = keyset.NewDirStore(foreign)
	require.ErrorContains(t, err, "something else")
	_, err = keyset.NewDirStore("")
	require.Error(t, err)
}
