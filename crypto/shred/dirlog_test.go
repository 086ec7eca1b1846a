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

// Two registers that are empty are not the same, and one is itself wherever it
// lies. A marker of before, without an identity, is any.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestEmptyRegistersDiffer(t *testing.T) {
	open := func(dir string, open func(string) (*shred.DirLog, error)) *shred.Register {
		t.Helper()
		log, err := open(dir)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, log.Close()) })
		r, err := shred.OpenRegister(t.Context(), log)
		require.NoError(t, err)
		return r
	}
	contains := func(r *shred.Register, hash string) bool {
		t.Helper()
		ok, err := r.Contains(t.Context(), 0, hash)
		require.NoError(t, err)
		return ok
	}
	parent := t.TempDir()
	first, moved := filepath.Join(parent, "first"), filepath.Join(parent, "moved")
	one, other := open(first, shred.NewDirLog), open(filepath.Join(parent, "other"), shred.NewDirLog)
	n, hash, err := one.Head(t.Context())
	require.NoError(t, err)
	require.Zero(t, n)
	require.Len(t, hash, 64)
	require.NoError(t, os.Rename(first, moved))
	require.True(t, contains(open(moved, shred.OpenDirLog), hash))
	require.True(t, contains(open(moved, shred.NewDirLog), hash))
	require.False(t, contains(other, hash))
	require.True(t, contains(other, ""))

	marker := filepath.Join(moved, "safeguard-register")
	require.NoError(t, os.WriteFile(marker, []byte("safeguard register 1\n"), 0o600))
	before := open(moved, shred.OpenDirLog)
	_, none, err := before.Head(t.Context())
	require.NoError(t, err)
	require.Empty(t, none)
	require.False(t, contains(before, hash))
	require.NoError(t, os.WriteFile(marker, []byte("safeguard register 1\nshort\n"), 0o600))
	_, err = shred.OpenDirLog(moved)
	require.ErrorContains(t, err, "something else")
}
