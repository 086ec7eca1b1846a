package ledger

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A lateList lists a directory as a reader can see it while another process
// writes: names that came during the listing may be missing, or not.
type lateList struct {
	*memFS
	missed []string
}

func (l lateList) List() ([]string, error) {
	names, err := l.memFS.List()
	return slices.DeleteFunc(names, func(name string) bool { return slices.Contains(l.missed, name) }), err
}

// A listing that misses some of the newest segments, in any combination, is no
// reason to call anything missing.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestListingBesideAWriter(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	defer l.Close(context.Background())
	appendRange(t, l, 0, 130)
	require.NoError(t, l.sync(t.Context()))
	names, err := m.List()
	require.NoError(t, err)
	list, err := segments(names)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(list), 4)
	newest := list[1:]
	for set := range 1 << len(newest) {
		late := lateList{memFS: m}
		for i, name := range newest {
			if set>>i&1 == 1 {
				late.missed = append(late.missed, name)
			}
		}
		v := mustVerify(t, late, l.VerifierKey())
		require.True(t, v.OK, "%v missed: %s", late.missed, v)
		require.EqualValues(t, 130, v.Size)
		require.Equal(t, len(list), v.Segments)
		for _, from := range []uint64{0, 60, 129} {
			c := &cursor{next: from, end: 130, yield: func(Record, error) bool { return true }}
			require.NoError(t, c.run(t.Context(), late), "%v missed", late.missed)
			require.EqualValues(t, 130, c.next)
		}
	}
}

// Verify may run while another process writes, and so may readers.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestVerifyBesideAWriter(t *testing.T) {
	dir := newDir(t)
	l, err := Open(dir, testKey(1), brisk())
	require.NoError(t, err)
	length := 300 * time.Millisecond
	if soak() {
		length = 30 * time.Second
	}
	ctx, cancel := context.WithTimeout(t.Context(), length)
	defer cancel()
	ended := make(chan struct{})
	const writers = 4
	for range writers {
		go func() {
			defer func() { ended <- struct{}{} }()
			for i := 0; ctx.Err() == nil; i++ {
				if err := l.Append(t.Context(), record(i%100)); err != nil {
					t.Error(err)
					return
				}
			}
		}()
	}
	seen := uint64(0)
	for ctx.Err() == nil {
		v, err := Verify(t.Context(), dir, l.VerifierKey(), nil)
		require.NoError(t, err)
		require.True(t, v.OK, v.String())
		require.GreaterOrEqual(t, v.Size, seen)
		seen = v.Size
		for _, err := range l.Records(t.Context(), seen) {
			require.NoError(t, err)
		}
	}
	for range writers {
		<-ended
	}
	require.Positive(t, seen)
	require.NoError(t, l.Close(t.Context()))
}

// A segment that nothing leads to, and an empty one that is not the last, are
// damage.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestSegmentsThatDoNotFollow(t *testing.T) {
	m, vkey := closedLedger(t, 32)
	names, err := m.List()
	require.NoError(t, err)
	list, err := segments(names)
	require.NoError(t, err)
	require.Len(t, list, 2)

	stray := m.restart()
	stray.put(segmentName(7), m.names[list[1]].data)
	v := mustVerify(t, stray, vkey)
	require.Equal(t, &DamageError{7, segmentName(7), 0, "no segment starts with this entry"}, v.Problem)
	require.ErrorIs(t, openFails(t, stray), ErrDamaged)

	empty := m.restart()
	r, err := openSegment(m, list[1])
	require.NoError(t, err)
	empty.put(list[1], m.names[list[1]].data[:r.offset])
	empty.put(segmentName(32), m.names[list[1]].data)
	first, _ := firstOf(list[1])
	v = mustVerify(t, empty, vkey)
	require.Equal(t, &DamageError{first, list[1], r.offset, "the segment has no records and is not the last"}, v.Problem)
	require.ErrorIs(t, openFails(t, empty), ErrDamaged)
}
