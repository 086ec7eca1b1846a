package shred_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/shred"
	"github.com/safeguard-sdk/safeguard/crypto/shred/shredtest"
)

// A register is opened only where one is, and made only where nothing is.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestOpenDirLog(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Chmod(dir, 0o700))
	missing, empty, foreign := filepath.Join(dir, "regsiter"), filepath.Join(dir, "mount"), filepath.Join(dir, "foreign")
	require.NoError(t, os.Mkdir(empty, 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(empty, "lost+found"), 0o700))
	require.NoError(t, os.Mkdir(foreign, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(foreign, "file"), nil, 0o600))
	for _, path := range []string{missing, empty, foreign, dir} {
		_, err := shred.OpenDirLog(path)
		require.ErrorIs(t, err, fs.ErrNotExist)
		require.NotContains(t, err.Error(), path)
	}
	require.NoDirExists(t, missing)
	_, err := shred.NewDirLog(foreign)
	require.ErrorContains(t, err, "something else")
	_, err = shred.NewDirLog(dir)
	require.ErrorContains(t, err, "something else")

	for _, path := range []string{missing, empty} {
		made, err := shred.NewDirLog(path)
		require.NoError(t, err)
		require.NoError(t, made.Close())
		for _, open := range []func(string) (*shred.DirLog, error){shred.OpenDirLog, shred.NewDirLog} {
			log, err := open(path)
			require.NoError(t, err)
			require.NoError(t, log.Close())
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(missing, "safeguard-register"), []byte("another"), 0o600))
	_, err = shred.OpenDirLog(missing)
	require.ErrorContains(t, err, "something else")
}

// An entry that is missing in front of others is not the end of the register.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestDirLogWithAGap(t *testing.T) {
	for _, missing := range []string{"000000000001.json", "000000000002.json", "000000000003.json"} {
		dir := filepath.Join(t.TempDir(), "register")
		w := newWorld(t, shred.Options{})
		log, err := shred.NewDirLog(dir)
		require.NoError(t, err)
		w.log = log
		w.open(t)
		certificate(t, w)
		require.NoError(t, log.Close())
		require.NoError(t, os.Remove(filepath.Join(dir, missing)))
		for _, open := range []func(string) (*shred.DirLog, error){shred.OpenDirLog, shred.NewDirLog} {
			_, err = open(dir)
			require.ErrorIs(t, err, shred.ErrRegister, missing)
		}
	}
}

// A register contains every head that it ever had, and none of another's.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestRegisterContains(t *testing.T) {
	w := busyRegister(t)
	other := busyRegister(t)
	contains := func(r *shred.Register, n uint64, hash string) bool {
		ok, err := r.Contains(t.Context(), n, hash)
		require.NoError(t, err)
		return ok
	}
	whole := entries(t, w.log)
	require.True(t, contains(w.register, 0, ""))
	require.False(t, contains(w.register, 0, "x"))
	for n := range whole {
		part, err := shred.OpenRegister(t.Context(), logOf(t, whole[:n+1]))
		require.NoError(t, err)
		number, hash, err := part.Head(t.Context())
		require.NoError(t, err)
		require.True(t, contains(w.register, number, hash))
		require.False(t, contains(other.register, number, hash))
		require.False(t, contains(w.register, number+1, hash))
		cut, err := shred.OpenRegister(t.Context(), logOf(t, whole[:n]))
		require.NoError(t, err)
		require.False(t, contains(cut, number, hash))
	}
	empty, err := shred.OpenRegister(t.Context(), new(shredtest.Log))
	require.NoError(t, err)
	require.True(t, contains(empty, 0, ""))
}
