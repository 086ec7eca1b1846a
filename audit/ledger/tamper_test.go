package ledger

import (
	"bytes"
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// openFails demands that a directory is refused for writing as damaged.
func openFails(t *testing.T, m *memFS) error {
	t.Helper()
	l, err := open(m.restart(), testKey(1), quiet())
	if err == nil {
		l.Close(context.Background())
	}
	require.Error(t, err)
	return err
}

// place of the i-th record in a closed ledger.
func places(t *testing.T, m *memFS) (list []place) {
	t.Helper()
	w := &walk{fsys: m, visit: func(at place, _ []byte, _ hash) error {
		list = append(list, at)
		return nil
	}}
	require.NoError(t, w.run(t.Context()))
	return list
}

// forge changes the i-th record, alone in its batch, and mends all checksums.
func forge(t *testing.T, m *memFS, i int) place {
	t.Helper()
	at := places(t, m)[i]
	p := m.names[at.segment].data[at.offset-batchHeaderSize:]
	size := frameHeaderSize + binary.LittleEndian.Uint32(p[batchHeaderSize+4:])
	body := p[batchHeaderSize : batchHeaderSize+size]
	body[frameHeaderSize+1] ^= 1
	binary.LittleEndian.PutUint32(body, checksum(body[4:]))
	batchHeader{uint64(i), 1, size, checksum(body)}.put(p, marker(p[:8]))
	return at
}

// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestForgedRecordIsNamed(t *testing.T) {
	for _, i := range []int{0, 1, 17, 31} {
		m, vkey := closedLedger(t, 32)
		at := forge(t, m, i)
		v := mustVerify(t, m, vkey)
		require.False(t, v.OK)
		require.Equal(t, &DamageError{at.index, at.segment, at.offset, "the record is not the one that was signed"}, v.Problem)
		err := openFails(t, m)
		require.ErrorIs(t, err, ErrDamaged)

		// Whoever also changes the leaf index is still found, but not where.
		delete(m.names, leavesName)
		v = mustVerify(t, m, vkey)
		require.False(t, v.OK)
		require.Contains(t, v.Problem.Reason, "no single one can be named")
		require.ErrorIs(t, openFails(t, m), ErrDamaged)
	}
}

// A forged record is named even if a later one is broken openly.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestTheFirstOfTwoIsNamed(t *testing.T) {
	m, vkey := closedLedger(t, 32)
	broken := places(t, m)[20]
	at := forge(t, m, 3)
	m.names[broken.segment].data[broken.offset+frameHeaderSize] ^= 1
	require.EqualValues(t, at.index, mustVerify(t, m, vkey).Problem.Index)
}

// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestBrokenRecordIsNamed(t *testing.T) {
	for i := range 32 {
		m, vkey := closedLedger(t, 32)
		at := places(t, m)[i]
		m.names[at.segment].data[at.offset+frameHeaderSize+3] ^= 0x10
		want := &DamageError{at.index, at.segment, at.offset, "the checksum of the record is wrong"}
		require.Equal(t, want, mustVerify(t, m, vkey).Problem)
		require.Equal(t, want, openFails(t, m))
	}
}

// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestRemovedSwappedDuplicated(t *testing.T) {
	second := func(m *memFS) string {
		names, _ := m.List()
		list, _ := segments(names)
		return list[1]
	}
	for _, c := range []struct {
		name   string
		attack func(m *memFS)
	}{
		{"the checkpoint removed", func(m *memFS) { delete(m.names, checkpointName) }},
		{"the first segment removed", func(m *memFS) { delete(m.names, segmentName(0)) }},
		{"the last segment removed", func(m *memFS) { delete(m.names, second(m)) }},
		{"all segments removed", func(m *memFS) { delete(m.names, second(m)); delete(m.names, segmentName(0)) }},
		{"two segments swapped", func(m *memFS) {
			a, b := segmentName(0), second(m)
			m.names[a], m.names[b] = m.names[b], m.names[a]
		}},
		{"a segment under another name", func(m *memFS) {
			name := second(m)
			m.names[segmentName(7)] = m.names[name]
			delete(m.names, name)
		}},
		{"a segment that is not one", func(m *memFS) { m.put("x"+segmentSuffix, nil) }},
		{"an empty segment behind", func(m *memFS) { m.put(segmentName(999), nil) }},
		{"bytes behind a full segment", func(m *memFS) {
			m.names[segmentName(0)].data = append(m.names[segmentName(0)].data, 0)
		}},
		{"more bytes behind than a batch can have", func(m *memFS) {
			m.names[second(m)].data = append(m.names[second(m)].data, bytes.Repeat([]byte{1}, maxBody+batchHeaderSize+1)...)
		}},
		{"a checkpoint that is too long", func(m *memFS) { m.put(checkpointName, make([]byte, maxNote+1)) }},
		{"a checkpoint of something else", func(m *memFS) { m.put(checkpointName, []byte("hello\n")) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			m, vkey := closedLedger(t, 32)
			c.attack(m)
			require.False(t, mustVerify(t, m, vkey).OK)
			openFails(t, m)
		})
	}
}

// Fields that no signature covers are held to their one right value too.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestForgedHeaders(t *testing.T) {
	m, vkey := closedLedger(t, 32)
	names, err := m.List()
	require.NoError(t, err)
	list, err := segments(names)
	require.NoError(t, err)

	next := m.restart()
	data := next.names[list[1]].data
	h, f := decodeSegmentHeader(data)
	require.Empty(t, f)
	h.before.nodes[0][5] ^= 1
	copy(data, h.encode())
	v := mustVerify(t, next, vkey)
	require.False(t, v.OK)
	require.Contains(t, v.Problem.Reason, "continues")
	openFails(t, next)

	next = m.restart()
	at := places(t, next)[4]
	p := next.names[at.segment].data[at.offset-batchHeaderSize:]
	bh, f := readBatchHeader(p, marker(p[:8]))
	require.Empty(t, f)
	bh.bodySum ^= 1
	bh.put(p, marker(p[:8]))
	v = mustVerify(t, next, vkey)
	require.Equal(t, "the checksum of the batch is wrong", v.Problem.Reason)
	require.EqualValues(t, 4, v.Problem.Index)
	openFails(t, next)
}

// batches splits a segment into its header and its batches.
func batches(t *testing.T, m *memFS, name string) [][]byte {
	t.Helper()
	r, err := openSegment(m, name)
	require.NoError(t, err)
	data := m.names[name].data
	parts := [][]byte{data[:r.offset:r.offset]}
	for at := r.offset; ; at = r.offset {
		if _, _, err := r.batch(); err != nil {
			return parts
		}
		parts = append(parts, data[at:r.offset:r.offset])
	}
}

// Batches removed, exchanged, repeated or cut off in any place are found.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestMovedBatches(t *testing.T) {
	m, vkey := closedLedger(t, 12)
	name := segmentName(0)
	parts := batches(t, m, name)
	require.Len(t, parts, 13)
	try := func(what string, i int, parts [][]byte) {
		next := m.restart()
		next.put(name, bytes.Join(parts, nil))
		require.False(t, mustVerify(t, next, vkey).OK, "%s %d", what, i)
		openFails(t, next)
	}
	for i := 1; i < len(parts); i++ {
		try("removed", i, slices.Delete(slices.Clone(parts), i, i+1))
		try("repeated", i, slices.Insert(slices.Clone(parts), i, parts[i]))
		try("cut off before", i, parts[:i])
		if i > 1 {
			swapped := slices.Clone(parts)
			swapped[i], swapped[i-1] = swapped[i-1], swapped[i]
			try("swapped", i, swapped)
		}
	}
}

// Nothing is signed yet, and still an intact batch behind a broken one shows
// that this is not an interrupted write.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestIntactBehindBroken(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 6)
	crashed := m.restart()
	require.NoError(t, l.Close(t.Context()))
	for i := range 6 {
		next := crashed.restart()
		at := places(t, next)[i]
		next.names[at.segment].data[at.offset] ^= 1
		v := mustVerify(t, next, l.VerifierKey())
		if i == 5 { // the last one cannot be told from an interrupted write
			require.True(t, v.OK)
			require.Positive(t, v.Unfinished)
			checkKept(t, next, 5)
			continue
		}
		require.False(t, v.OK)
		require.EqualValues(t, i, v.Problem.Index)
		var damage *DamageError
		require.ErrorAs(t, openFails(t, next), &damage)
		require.Equal(t, at.segment, damage.Segment)
		require.EqualValues(t, i, damage.Index)
	}
}

// A record cannot look like a batch, so nobody can make a torn write look like
// damage by what they let be recorded.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestRecordThatLooksLikeABatch(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 2)
	inner := append(make([]byte, batchHeaderSize), appendFrame(nil, []byte("x"))...)
	batchHeader{3, 1, uint32(len(inner) - batchHeaderSize), checksum(inner[batchHeaderSize:])}.put(inner, marker{1, 2, 3})
	require.NoError(t, l.Append(t.Context(), inner))
	next := m.restart()
	require.NoError(t, l.Close(t.Context()))
	node := next.names[segmentName(0)]
	node.data = node.data[:lastByte(node.data)-1]
	checkKept(t, next, 2)

	seen := map[marker]bool{{}: true, {1, 2, 3}: true}
	for range 8 {
		w, err := createSegment(newMemFS(), tree{})
		require.NoError(t, err)
		require.False(t, seen[w.marker], "markers must not be foreseeable")
		seen[w.marker] = true
	}
}

// What the documents say that Verify cannot see without a checkpoint from
// elsewhere, and that it sees with one.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestRollbackAndFork(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 5)
	require.NoError(t, l.sync(t.Context()))
	early := l.Checkpoint().Note
	backup := m.restart()
	appendRange(t, l, 5, 9)
	require.NoError(t, l.Close(t.Context()))
	late := l.Checkpoint().Note
	vkey := l.VerifierKey()
	with := func(m *memFS, notes ...[]byte) Verdict {
		v, err := verify(t.Context(), m, vkey, &VerifyOptions{Known: notes})
		require.NoError(t, err)
		return v
	}
	require.True(t, with(m, early, late).OK)

	require.True(t, with(backup, early).OK, "a rollback is invisible by itself")
	v := with(backup, early, late)
	require.False(t, v.OK)
	require.Contains(t, v.Problem.Reason, "rolled back")

	m.put(checkpointName, early)
	require.False(t, with(m, late).OK, "so is a checkpoint alone")

	fork := backup.restart()
	l = mustOpen(t, fork)
	for range 6 {
		require.NoError(t, l.Append(t.Context(), []byte("other")))
	}
	require.NoError(t, l.Close(t.Context()))
	require.True(t, with(fork, early).OK, "the key's holder can sign another history")
	v = with(fork, late)
	require.False(t, v.OK)
	require.Contains(t, v.Problem.Reason, "kept elsewhere")

	_, err := verify(t.Context(), m, vkey, &VerifyOptions{Known: [][]byte{[]byte("no note")}})
	require.ErrorContains(t, err, "known checkpoint 0")
	v, err = verify(t.Context(), fork, vkeyOf(t, 2), nil)
	require.NoError(t, err)
	require.False(t, v.OK, "another key")
}

// Two ledgers of one key, left to name themselves: neither can stand in for the
// other.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestOneKeyTwoLedgers(t *testing.T) {
	a, b := newMemFS(), newMemFS()
	la, err := open(a, testKey(1), nil)
	require.NoError(t, err)
	lb, err := open(b, testKey(1), nil)
	require.NoError(t, err)
	require.NoError(t, la.Close(t.Context()))
	require.NoError(t, lb.Close(t.Context()))
	require.True(t, mustVerify(t, a, la.VerifierKey()).OK)
	v := mustVerify(t, b, la.VerifierKey())
	require.False(t, v.OK)
	require.Contains(t, v.Problem.Reason, "signed by another key")
}

// The leaf index is a help, not evidence: it is made again, and that is
// recorded.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestLeafIndexIsMadeAgain(t *testing.T) {
	for name, attack := range map[string]func(m *memFS){
		"removed":  func(m *memFS) { delete(m.names, leavesName) },
		"cut":      func(m *memFS) { m.names[leavesName].data = m.names[leavesName].data[:33] },
		"changed":  func(m *memFS) { m.names[leavesName].data[100] ^= 1 },
		"emptied":  func(m *memFS) { m.put(leavesName, nil) },
		"replaced": func(m *memFS) { m.put(leavesName, bytes.Repeat([]byte{7}, 5000)) },
	} {
		t.Run(name, func(t *testing.T) {
			m, vkey := closedLedger(t, 32)
			attack(m)
			v := mustVerify(t, m, vkey)
			require.False(t, v.OK)
			require.Equal(t, leavesName, v.Problem.Segment)
			l := mustOpen(t, m)
			records, own := contents(t, l)
			require.Len(t, records, 32)
			require.Equal(t, []string{Recovered}, own)
			require.NoError(t, l.Close(t.Context()))
			require.True(t, mustVerify(t, m, vkey).OK)
		})
	}
}
