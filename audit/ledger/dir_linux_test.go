package ledger

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestDirectoryWithoutPermission(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "locked")
	require.NoError(t, os.Mkdir(dir, 0o500))
	if os.Getuid() == 0 { // root may write everywhere; this thread stops to be root
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		require.NoError(t, syscall.Setfsuid(65534))
		defer syscall.Setfsuid(0)
	}
	for _, path := range []string{dir, filepath.Join(dir, "below")} {
		_, err := Open(path, testKey(1), nil)
		require.ErrorIs(t, err, os.ErrPermission)
		require.ErrorContains(t, err, "ledger: open: ")
	}
}

// A pipe or a link in the place of a file is damage, and nobody waits for it.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestPipeInThePlaceOfAFile(t *testing.T) {
	for _, name := range []string{segmentName(0), checkpointName, leavesName} {
		dir := newDir(t)
		l, err := Open(dir, testKey(1), nil)
		require.NoError(t, err)
		require.NoError(t, l.Append(t.Context(), record(0)))
		require.NoError(t, l.Close(t.Context()))
		path := filepath.Join(dir, name)

		require.NoError(t, os.Rename(path, path+".moved"))
		require.NoError(t, os.Symlink(path+".moved", path))
		requireNotRegular(t, dir, l.VerifierKey())
		require.NoError(t, os.Remove(path))
		require.NoError(t, syscall.Mkfifo(path, 0o600))
		requireNotRegular(t, dir, l.VerifierKey())
	}
}

func requireNotRegular(t *testing.T, dir, verifierKey string) {
	t.Helper()
	v, err := Verify(t.Context(), dir, verifierKey, nil)
	require.NoError(t, err)
	require.False(t, v.OK)
	require.Contains(t, v.Problem.Reason, "not a regular file")
	_, err = Open(dir, testKey(1), nil)
	require.ErrorIs(t, err, ErrDamaged)
}
