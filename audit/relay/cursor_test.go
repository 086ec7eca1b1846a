package relay_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/relay"
)

// A position survives, does not go back, and is not shared unseen.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFileCursor(t *testing.T) {
	path := filepath.Join(t.TempDir(), "siem.cursor")
	c, err := relay.OpenFileCursor(path)
	require.NoError(t, err)
	next, err := c.Load(t.Context())
	require.NoError(t, err)
	require.Zero(t, next)
	require.NoError(t, c.Store(t.Context(), 7))
	require.NoError(t, c.Store(t.Context(), 7))
	require.ErrorIs(t, c.Store(t.Context(), 6), relay.ErrCursor)

	other, err := relay.OpenFileCursor(path)
	require.NoError(t, err)
	next, err = other.Load(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 7, next)
	require.NoError(t, other.Store(t.Context(), 9))
	require.ErrorIs(t, c.Store(t.Context(), 8), relay.ErrCursor)
	require.ErrorContains(t, c.Store(t.Context(), 10), "somebody else")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
}

// Every changed bit and every cut of the file is noticed; a file that was left
// half written beside it is not read.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestFileCursorDamaged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "siem.cursor")
	c, err := relay.OpenFileCursor(path)
	require.NoError(t, err)
	require.NoError(t, c.Store(t.Context(), 1234567))
	good, err := os.ReadFile(path)
	require.NoError(t, err)
	refused := func(data []byte) {
		require.NoError(t, os.WriteFile(path, data, 0o600))
		_, err := c.Load(t.Context())
		require.ErrorIs(t, err, relay.ErrCursor, "%q", data)
		_, err = relay.OpenFileCursor(path)
		require.ErrorIs(t, err, relay.ErrCursor)
	}
	for bit := range 8 * len(good) {
		bad := append([]byte(nil), good...)
		bad[bit/8] ^= 1 << (bit % 8)
		refused(bad)
	}
	for n := range good {
		refused(good[:n])
	}
	refused(append(good, '\n'))
	refused(make([]byte, 1<<20))

	require.NoError(t, os.WriteFile(path, good, 0o600))
	require.NoError(t, os.WriteFile(path+".new", []byte("half"), 0o600))
	next, err := c.Load(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1234567, next)
	require.NoError(t, c.Store(t.Context(), 1234568))
}
