package ledger

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// prunedLedger is a closed ledger that was pruned, with a checkpoint from
// before and one from within what was pruned.
func prunedLedger(t *testing.T) (m *memFS, vkey string, early, before []byte, floor uint64) {
	t.Helper()
	m = newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 7)
	require.NoError(t, l.sync(t.Context()))
	early = l.Checkpoint().Note
	appendRange(t, l, 7, 120)
	require.NoError(t, l.sync(t.Context()))
	before = l.Checkpoint().Note
	done, err := l.Prune(t.Context(), 70, account(t, 70))
	require.NoError(t, err)
	require.Positive(t, done.Floor)
	require.NoError(t, l.Close(t.Context()))
	return m, l.VerifierKey(), early, before, done.Floor
}

// What was pruned is still held against every checkpoint that was kept.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestVerifyPruned(t *testing.T) {
	m, vkey, early, before, floor := prunedLedger(t)
	seen := uint64(0)
	opts := &VerifyOptions{Known: [][]byte{early}, Anchors: []Kept{{"the other office", before}},
		Progress: func(done, total uint64) {
			require.LessOrEqual(t, done, total)
			require.GreaterOrEqual(t, done, seen)
			seen = done
		}}
	v, err := verify(t.Context(), m, vkey, opts)
	require.NoError(t, err)
	require.True(t, v.OK, v.String())
	require.Equal(t, floor, v.Floor)
	require.EqualValues(t, 121, v.Size)
	require.EqualValues(t, 120, v.Anchored)
	require.EqualValues(t, 1, v.Unanchored)
	require.Equal(t, v.Size, seen)
	require.Contains(t, v.String(), "pruned before entry "+strconv.FormatUint(floor, 10)+", kept elsewhere up to 120, not anchored 1")

	r := newReader(m)
	p, err := r.Prove(t.Context(), vkey, floor)
	require.NoError(t, err)
	require.NoError(t, p.Verify(vkey))
	_, err = r.Prove(t.Context(), vkey, floor-1)
	require.ErrorContains(t, err, "pruned")
	old, err := ParseCheckpoint(early, vkey)
	require.NoError(t, err)
	c, err := r.ProveConsistency(t.Context(), vkey, old)
	require.NoError(t, err)
	require.NoError(t, c.Verify(vkey))
	for rec, err := range r.Records(t.Context(), 0) {
		require.NoError(t, err)
		require.Equal(t, floor, rec.Index)
		break
	}
}

// Records that are missing are not taken for pruned ones, and the hashes of
// pruned ones cannot be exchanged.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestForgedPruning(t *testing.T) {
	pruned, vkey, early, _, floor := prunedLedger(t)
	whole, _ := closedLedger(t, 120)
	second := func(m *memFS) uint64 {
		names, _ := m.List()
		list, _ := segments(names)
		first, _ := firstOf(list[1])
		return first
	}
	for what, c := range map[string]struct {
		m      *memFS
		attack func(m *memFS)
	}{
		"a segment is removed and a floor written": {whole, func(m *memFS) {
			_ = writeFloor(m, second(m))
			delete(m.names, segmentName(0))
		}},
		"more is removed than the account says": {pruned, func(m *memFS) {
			next := second(m)
			for next < 80 {
				delete(m.names, segmentName(floorOf(m)))
				_ = writeFloor(m, next)
				next = second(m)
			}
		}},
		"the floor is removed":             {pruned, func(m *memFS) { delete(m.names, floorName) }},
		"the floor is none":                {pruned, func(m *memFS) { m.put(floorName, []byte("070\n")) }},
		"the floor is no segment's":        {pruned, func(m *memFS) { m.put(floorName, []byte("3\n")) }},
		"the floor is beyond the end":      {pruned, func(m *memFS) { m.put(floorName, []byte("5000\n")) }},
		"a pruned hash is changed":         {pruned, func(m *memFS) { m.names[leavesName].data[40] ^= 1 }},
		"the hashes are removed":           {pruned, func(m *memFS) { delete(m.names, leavesName) }},
		"the hashes are cut":               {pruned, func(m *memFS) { m.names[leavesName].data = m.names[leavesName].data[:100] }},
		"the first segment is removed too": {pruned, func(m *memFS) { delete(m.names, segmentName(floor)) }},
	} {
		t.Run(what, func(t *testing.T) {
			m := c.m.restart()
			c.attack(m)
			v := mustVerify(t, m, vkey)
			require.False(t, v.OK)
			require.NotNil(t, v.Problem)
			openFails(t, m)
		})
	}

	// Who has the key can write any account, but cannot change what was kept.
	v, err := verify(t.Context(), whole, vkey, &VerifyOptions{Anchors: []Kept{{"the other office", early}}})
	require.NoError(t, err)
	require.True(t, v.OK)
	forked := newMemFS()
	l := mustOpen(t, forked)
	for range 121 {
		require.NoError(t, l.Append(t.Context(), []byte("another history, of records as long as those before")))
	}
	_, err = l.Prune(t.Context(), 70, account(t, 70))
	require.NoError(t, err)
	require.NoError(t, l.Close(t.Context()))
	v, err = verify(t.Context(), forked, vkey, &VerifyOptions{Anchors: []Kept{{"the other office", early}}})
	require.NoError(t, err)
	require.False(t, v.OK)
	require.Contains(t, v.Problem.Reason, "kept elsewhere (the other office)")
	_, err = verify(t.Context(), whole, vkey, &VerifyOptions{Anchors: []Kept{{"x", nil}}})
	require.ErrorContains(t, err, "anchor 0")
}

func floorOf(m *memFS) uint64 {
	floor, _ := readFloor(m)
	return floor
}

// The account of a pruning must be signed to count.
//
// Controls: HIPAA 164.312(c)(1), 164.316(b)(2)(i); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestUnsignedAccountOfAPruning(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 120)
	require.NoError(t, l.sync(t.Context()))
	require.NoError(t, l.Append(t.Context(), account(t, 70)))
	crashed := m.restart()
	require.NoError(t, l.Close(t.Context()))
	names, _ := crashed.List()
	list, _ := segments(names)
	first, _ := firstOf(list[1])
	require.NoError(t, writeFloor(crashed, first))
	require.False(t, mustVerify(t, crashed, l.VerifierKey()).OK)
	openFails(t, crashed)
}

// A record that speaks of a pruning is one only in its whole form.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzPrunedTo(f *testing.F) {
	f.Add([]byte(`{"source":"urn:a","type":"` + prunedType + `","data":{"floor":7}}`))
	f.Add([]byte(`{"type":"x","data":{"note":"` + prunedType + `","floor":7}}`))
	f.Add([]byte(`{"type":"` + prunedType + `","data":{"floor":-1}}`))
	f.Fuzz(func(t *testing.T, data []byte) { prunedTo(data, "urn:a") })
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestPrunedTo(t *testing.T) {
	require.EqualValues(t, 7, prunedTo([]byte(`{"source":"urn:a","type":"`+prunedType+`","data":{"floor":7}}`), "urn:a"))
	for _, no := range []string{"", "{}", `{"type":"` + prunedType + `","data":{"floor":7}}`,
		`{"source":"urn:b","type":"` + prunedType + `","data":{"floor":7}}`, `{"type":"x","data":{"note":"` + prunedType + `","floor":7}}`, prunedType,
		`{"type":"` + prunedType + `","data":{"floor":-1}}`, `{"type":"` + prunedType + `","data":{"floor":"7"}}`} {
		require.Zero(t, prunedTo([]byte(no), "urn:a"), no)
	}
}

// A pruning comes between any two calls of a reader or a verifier: nothing is
// called missing, and no record is shown twice or out of order.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.316(b)(2)(i); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestPrunedMeanwhile(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 120)
	require.NoError(t, l.sync(t.Context()))
	before := m.restart()
	_, err := l.Prune(t.Context(), 70, account(t, 70))
	require.NoError(t, err)
	after := m.restart()
	require.NoError(t, l.Close(t.Context()))
	vkey := l.VerifierKey()

	for what, read := range map[string]func(m *memFS) error{
		"verify": func(m *memFS) error {
			v, err := verify(t.Context(), m, vkey, nil)
			if err == nil && !v.OK {
				err = v.Problem
			}
			return err
		},
		"records": func(m *memFS) error {
			last := -1
			for rec, err := range newReader(m).Records(t.Context(), 0) {
				if err != nil {
					return err
				}
				require.Greater(t, int(rec.Index), last)
				last = int(rec.Index)
			}
			require.GreaterOrEqual(t, last, 119)
			return nil
		},
		"segments": func(m *memFS) error {
			_, err := newReader(m).Segments(t.Context())
			return err
		},
	} {
		done := false
		for k := 1; !done; k++ {
			m := before.restart()
			done = true
			m.fault = func(_ string, n int) error {
				if n == k { // in place of the process that prunes
					m.names, done = after.restart().names, false
				}
				return nil
			}
			require.NoError(t, read(m), "%s, call %d", what, k)
		}
	}
}
