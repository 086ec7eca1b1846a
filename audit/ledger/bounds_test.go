package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// Who can write the files says that there are more records than any machine can
// hold: no verdict, no proof and no tile takes time or memory for them.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestClaimedSizesCostNothing(t *testing.T) {
	dir := newDir(t)
	l, err := Open(dir, testKey(1), quiet())
	require.NoError(t, err)
	growTo(t, l, 300)
	require.NoError(t, l.Close(t.Context()))
	note := l.Checkpoint().Note
	const huge = 1 << 40 // sparse: it takes no room

	tiles, err := TileFS(dir)
	require.NoError(t, err)
	defer tiles.Close()
	for _, size := range []uint64{1 << 24, 1 << 36, 1 << 62, math.MaxInt64} {
		forged := bytes.Replace(note, []byte("\n300\n"), fmt.Appendf(nil, "\n%d\n", size), 1)
		require.NoError(t, os.WriteFile(filepath.Join(dir, checkpointName), forged, 0o600))
		for _, name := range []string{"tile/0/000", "tile/1/000.p/1", "tile/2/000.p/1", "tile/entries/000"} {
			_, err := tiles.Open(name)
			require.ErrorIs(t, err, ErrDamaged, "%d %s", size, name)
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, checkpointName), note, 0o600))

	// A floor behind the checkpoint, and a leaf index to go with it.
	leaves := filepath.Join(dir, leavesName)
	require.NoError(t, os.Truncate(leaves, huge))
	require.NoError(t, os.WriteFile(filepath.Join(dir, floorName), []byte(strconv.FormatInt(huge/hashSize, 10)+"\n"), 0o600))
	refused(t, dir, l.VerifierKey(), "the floor")
	require.NoError(t, os.Remove(filepath.Join(dir, floorName)))
	require.NoError(t, os.Truncate(leaves, 300*hashSize))

	// A last segment with a terabyte of room.
	segment := filepath.Join(dir, segmentName(0))
	was, err := os.Stat(segment)
	require.NoError(t, err)
	require.NoError(t, os.Truncate(segment, huge))
	refused(t, dir, l.VerifierKey(), "the room")
	require.NoError(t, os.Truncate(segment, was.Size()))
	v, err := Verify(t.Context(), dir, l.VerifierKey(), nil)
	require.NoError(t, err)
	require.True(t, v.OK)
}

// refused checks that a directory is neither intact nor opened.
func refused(t *testing.T, dir, vkey, what string) {
	t.Helper()
	v, err := Verify(t.Context(), dir, vkey, nil)
	require.NoError(t, err, what)
	require.False(t, v.OK, what)
	require.NotNil(t, v.Problem, what)
	_, err = Open(dir, testKey(1), quiet())
	damage, ok := errors.AsType[*DamageError](err)
	require.True(t, ok, "%s: %v", what, err)
	require.Equal(t, v.Problem, damage, what)
}

// Checkpoints that were kept elsewhere are compared in any order, and as often
// as they are given.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestManyKeptCheckpoints(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	var known [][]byte
	for i := range 6 {
		known = append([][]byte{l.Checkpoint().Note}, append(known, l.Checkpoint().Note)...)
		appendRange(t, l, i, i+1)
		require.NoError(t, l.sync(t.Context()))
	}
	require.NoError(t, l.Close(t.Context()))
	v, err := verify(t.Context(), m, l.VerifierKey(), &VerifyOptions{Known: known})
	require.NoError(t, err)
	require.True(t, v.OK, v.String())
	require.EqualValues(t, 5, v.Anchored)

	forked := mustOpen(t, newMemFS())
	appendRange(t, forked, 1, 4)
	require.NoError(t, forked.Close(t.Context()))
	for _, place := range []int{0, len(known) / 2, len(known)} {
		with := append(append(append([][]byte{}, known[:place]...), forked.Checkpoint().Note), known[place:]...)
		v, err := verify(t.Context(), m, l.VerifierKey(), &VerifyOptions{Known: with})
		require.NoError(t, err)
		require.False(t, v.OK)
		require.Contains(t, v.Problem.Reason, "the first 3 records are not those of the checkpoint that was kept elsewhere")
	}
}
