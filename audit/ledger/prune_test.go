package ledger

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// account is the record of a pruning.
func account(t testing.TB, keepFrom uint64) []byte {
	t.Helper()
	p, err := audit.Event{ID: fmt.Sprint("prune-", keepFrom), Source: quiet().Origin, Type: audit.TypeLogPruned,
		Time: time.Unix(1e9, 0), Data: fmt.Appendf(nil, `{"floor":%d}`, keepFrom)}.Append(nil)
	require.NoError(t, err)
	return p
}

// Whole segments go, with a signed account; what stays is verified as before,
// and the ledger goes on.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.316(b)(2)(i); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestPrune(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 130)
	before := l.Size()
	list := segmentNames(t, m)
	require.GreaterOrEqual(t, len(list), 4)
	third, _ := firstOf(list[2])

	_, err := l.Prune(t.Context(), before+1, account(t, before+1))
	require.ErrorContains(t, err, "no record")
	_, err = l.Prune(t.Context(), third+1, account(t, third))
	require.ErrorContains(t, err, "does not account")
	_, err = l.Prune(t.Context(), third+1, record(1))
	require.ErrorContains(t, err, "does not account")
	p, err := l.Prune(t.Context(), 1, account(t, 1))
	require.NoError(t, err)
	require.Equal(t, Pruned{}, p, "the first segment is needed")
	require.Equal(t, before, l.Size(), "and nothing was recorded")

	p, err = l.Prune(t.Context(), third+1, account(t, third+1))
	require.NoError(t, err)
	require.Equal(t, Pruned{From: 0, Floor: third, Segments: list[:2], Record: before}, p)
	require.Greater(t, l.Checkpoint().Size, p.Record)
	require.Equal(t, list[2:], segmentNames(t, m))
	checkPruned(t, m, l, third)

	p, err = l.Prune(t.Context(), before, account(t, before))
	require.NoError(t, err)
	require.Equal(t, third, p.From)
	appendRange(t, l, 130, 140)
	require.NoError(t, l.Close(t.Context()))
	v := mustVerify(t, m, l.VerifierKey())
	require.True(t, v.OK, v.String())
	l = mustOpen(t, m)
	checkPruned(t, m, l, p.Floor)
	require.NoError(t, l.Close(t.Context()))

	delete(m.names, floorName)
	require.False(t, mustVerify(t, m, l.VerifierKey()).OK)
	require.ErrorIs(t, openFails(t, m), ErrDamaged)
}

func segmentNames(t testing.TB, m *memFS) []string {
	t.Helper()
	names, err := m.List()
	require.NoError(t, err)
	list, err := segments(names)
	require.NoError(t, err)
	return list
}

// checkPruned reads what is left of a ledger.
func checkPruned(t testing.TB, m *memFS, l *Ledger, floor uint64) {
	t.Helper()
	v := mustVerify(t, m, l.VerifierKey())
	require.True(t, v.OK, v.String())
	next := floor
	for r, err := range l.Records(context.Background(), 0) {
		require.NoError(t, err)
		require.Equal(t, next, r.Index)
		next++
	}
	require.Equal(t, l.Size(), next)
}

// A pruning is cut short at every call, by the end of the process or of the
// power: the ledger opens, verifies, and has every record from the floor on.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.316(b)(2)(i); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestPruneCutShort(t *testing.T) {
	clean := newMemFS()
	l := mustOpen(t, clean)
	appendRange(t, l, 0, 100)
	require.NoError(t, l.Close(t.Context()))
	floors := map[uint64]bool{}
	for k := 1; ; k++ {
		m := clean.restart()
		l := mustOpen(t, m)
		m.failFrom(k)
		_, err := l.Prune(t.Context(), 90, account(t, 90))
		l.Close(t.Context())
		if err == nil {
			require.Greater(t, k, 20, "the test must cut something")
			break
		}
		for _, next := range []*memFS{m.restart(), m.powerCut(m.durable, synced), m.powerCut(m.names, synced)} {
			require.True(t, mustVerify(t, next, l.VerifierKey()).OK, "cut at call %d", k)
			l := mustOpen(t, next)
			floor, err := readFloor(next)
			require.NoError(t, err)
			floors[floor] = true
			first, _ := firstOf(segmentNames(t, next)[0])
			require.Equal(t, floor, first, "what a pruning left is removed")
			checkPruned(t, next, l, floor)
			p, err := l.Prune(t.Context(), 90, account(t, 90))
			require.NoError(t, err)
			require.Positive(t, p.Floor)
			require.NoError(t, l.Close(t.Context()))
			require.True(t, mustVerify(t, next, l.VerifierKey()).OK)
		}
	}
	require.Len(t, floors, 2, "before and after")
}

// failFrom makes every call fail from the k-th on, counted from now.
func (m *memFS) failFrom(k int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	k += m.calls
	m.fault = func(_ string, n int) error {
		if n >= k {
			return errPower
		}
		return nil
	}
}

// The leaf index of a pruned ledger is made again from its own first part,
// which nothing else has, and from the records.
//
// Controls: HIPAA 164.312(c)(1), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestPrunedLeafIndexIsMadeAgain(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 130)
	p, err := l.Prune(t.Context(), 120, account(t, 120))
	require.NoError(t, err)
	require.NoError(t, l.Close(t.Context()))
	m.names[leavesName].data[p.Floor*hashSize+5] ^= 1
	l = mustOpen(t, m)
	require.NotEmpty(t, lastOf[recovery](t, l, Recovered).Reason)
	require.NoError(t, l.Close(t.Context()))
	require.True(t, mustVerify(t, m, l.VerifierKey()).OK)
	m.names[leavesName].data[5] ^= 1
	require.False(t, mustVerify(t, m, l.VerifierKey()).OK)
	require.ErrorIs(t, openFails(t, m), ErrDamaged)
}
