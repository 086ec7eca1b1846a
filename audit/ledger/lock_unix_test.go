//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package ledger

import (
	"os"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A ledger that was closed can be opened again at once, although a child that
// is just being started still has its descriptors.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLockGoesWhileAChildStarts(t *testing.T) {
	root, err := os.OpenRoot(t.TempDir())
	require.NoError(t, err)
	defer root.Close()
	lock, err := lockDir(root)
	require.NoError(t, err)
	child, err := syscall.Dup(int(lock.(*dirLock).f.Fd())) // what fork does
	require.NoError(t, err)
	defer syscall.Close(child)
	_, err = lockDir(root)
	require.ErrorIs(t, err, ErrLocked)

	require.NoError(t, lock.Close())
	again, err := lockDir(root)
	require.NoError(t, err)
	require.NoError(t, again.Close())
}
