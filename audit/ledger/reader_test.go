package ledger

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// readAll reads everything in each of the three ways, which must agree.
func readAll(t testing.TB, r *Reader) [][]byte {
	t.Helper()
	var list [][]byte
	for rec, err := range r.Records(t.Context(), 0) {
		require.NoError(t, err)
		list = append(list, rec.Data)
		at, err := r.ReadAt(t.Context(), rec.Segment, rec.Offset)
		require.NoError(t, err)
		require.Equal(t, rec.Data, at)
	}
	floor, err := r.Floor()
	require.NoError(t, err)
	segments, err := r.Segments(t.Context())
	require.NoError(t, err)
	n := floor
	for i, s := range segments {
		require.Equal(t, n, s.First)
		require.Equal(t, i < len(segments)-1, s.Sealed)
		require.NoError(t, r.Scan(t.Context(), s, 0, func(rec Record) error {
			require.Equal(t, n, rec.Index)
			require.Equal(t, list[n-floor], rec.Data)
			n++
			return nil
		}))
		require.Equal(t, n, s.End)
	}
	require.Len(t, list, int(n-floor))
	return list
}

// A reader beside a writer sees what was appended, all of it and nothing else.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestReader(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	r := newReader(m)
	require.Empty(t, readAll(t, r))
	for i := range 60 {
		require.NoError(t, l.Append(t.Context(), record(i)))
		if i%7 == 0 {
			require.Len(t, readAll(t, r), i+1)
		}
	}
	for i, data := range readAll(t, r) {
		require.Equal(t, record(i), data)
	}
	size, err := r.Size(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 60, size)
	list, err := r.Segments(t.Context())
	require.NoError(t, err)
	require.Greater(t, len(list), 1)
	first := true
	require.NoError(t, r.Scan(t.Context(), list[0], 3, func(rec Record) error {
		require.True(t, !first || rec.Index == 3)
		first = false
		return nil
	}))
	stop := errors.New("stop")
	require.Equal(t, stop, r.Scan(t.Context(), list[0], 0, func(Record) error { return stop }))

	require.NoError(t, l.Close(t.Context()))
	c, err := r.Checkpoint(l.VerifierKey())
	require.NoError(t, err)
	require.EqualValues(t, 60, c.Size)
	_, err = r.Checkpoint(vkeyOf(t, 2))
	require.ErrorIs(t, err, ErrWrongKey)
	_, err = r.Checkpoint("nonsense")
	require.Error(t, err)
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = r.Size(cancelled)
	require.ErrorIs(t, err, context.Canceled)
	require.NoError(t, r.Close())
	_, err = r.ReadAt(t.Context(), list[0].Name, 100)
	require.ErrorIs(t, err, fs.ErrClosed)
}

// What is missing, cut or broken is never shown as less.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestReaderFailsClosed(t *testing.T) {
	m, _ := closedLedger(t, 70)
	names, err := m.List()
	require.NoError(t, err)
	list, err := segments(names)
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(list), 3)
	all := places(t, m)
	for what, attack := range map[string]func(m *memFS){
		"the first segment is gone":  func(m *memFS) { delete(m.names, list[0]) },
		"a segment is gone":          func(m *memFS) { delete(m.names, list[1]) },
		"the last segment is gone":   func(m *memFS) { delete(m.names, list[len(list)-1]) },
		"the last segment is cut":    func(m *memFS) { n := m.names[list[len(list)-1]]; n.data = n.data[:len(n.data)-1] },
		"the checkpoint is gone":     func(m *memFS) { delete(m.names, checkpointName) },
		"the checkpoint is none":     func(m *memFS) { m.put(checkpointName, []byte("x\ny\nz\n")) },
		"a record is broken":         func(m *memFS) { m.names[all[4].segment].data[all[4].offset+10] ^= 1 },
		"a late record is broken":    func(m *memFS) { m.names[all[68].segment].data[all[68].offset+10] ^= 1 },
		"a sealed segment is cut":    func(m *memFS) { n := m.names[list[0]]; n.data = n.data[:all[2].offset-batchHeaderSize] },
		"the floor is none":          func(m *memFS) { m.put(floorName, []byte("-1\n")) },
		"the floor is no segment's":  func(m *memFS) { m.put(floorName, []byte("5\n")) },
		"two segments are exchanged": func(m *memFS) { m.names[list[0]], m.names[list[1]] = m.names[list[1]], m.names[list[0]] },
	} {
		t.Run(what, func(t *testing.T) {
			m := m.restart()
			attack(m)
			r := newReader(m)
			err := scanAll(t, r)
			require.ErrorIs(t, err, ErrDamaged)
			for _, err = range r.Records(t.Context(), 0) {
				if err != nil {
					break
				}
			}
			require.ErrorIs(t, err, ErrDamaged)
		})
	}
}

func scanAll(t *testing.T, r *Reader) error {
	list, err := r.Segments(t.Context())
	if err != nil {
		return err
	}
	for _, s := range list {
		if err := r.Scan(t.Context(), s, 0, func(Record) error { return nil }); err != nil {
			return err
		}
	}
	return nil
}

// Every place that is not the start of a record, and every name that is not a
// segment's, is refused.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestReadAtAnywhere(t *testing.T) {
	m, _ := closedLedger(t, 32)
	r := newReader(m)
	starts := map[place]bool{}
	for _, at := range places(t, m) {
		starts[place{segment: at.segment, offset: at.offset}] = true
	}
	name := segmentName(0)
	for offset := range int64(len(m.names[name].data)) + 10 {
		_, err := r.ReadAt(t.Context(), name, offset)
		if starts[place{segment: name, offset: offset}] {
			require.NoError(t, err)
		} else {
			require.ErrorIs(t, err, ErrDamaged, "%d", offset)
		}
	}
	for _, name := range []string{"", "leaves", "../x.seg", "checkpoint"} {
		_, err := r.ReadAt(t.Context(), name, 100)
		require.ErrorIs(t, err, ErrDamaged)
	}
	_, err := r.ReadAt(t.Context(), segmentName(9999), 100)
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = r.ReadAt(t.Context(), name, -1)
	require.ErrorIs(t, err, ErrDamaged)
}

// Many read at once, with more segments than may be open.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestReadersAtOnce(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	big := bytes.Repeat([]byte("r"), minSegmentSize-200)
	const n = maxOpenFiles + 8
	for i := range n {
		require.NoError(t, l.Append(t.Context(), append(big, byte(i))))
	}
	require.NoError(t, l.Close(t.Context()))
	r := newReader(m)
	all := places(t, m)
	var group sync.WaitGroup
	for g := range 8 {
		group.Go(func() {
			for i := range 2 * n {
				at := all[(i*7+g)%n]
				data, err := r.ReadAt(t.Context(), at.segment, at.offset)
				if err != nil || data[len(data)-1] != byte(at.index) {
					t.Errorf("entry %d: %v", at.index, err)
					return
				}
			}
			if _, err := r.Size(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	require.LessOrEqual(t, len(r.files.list), maxOpenFiles)
	require.NoError(t, r.Close())
}

// Reading on from where one was, again and again, does not read a segment from
// its start each time.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestReadingOn(t *testing.T) {
	m := newMemFS()
	l, err := open(m, testKey(1), &Options{Origin: quiet().Origin})
	require.NoError(t, err)
	counted := counting(m)
	r := newReader(counted)
	record := bytes.Repeat([]byte("r"), 40_000)
	const n = 60
	for i := range uint64(n) {
		require.NoError(t, l.Append(t.Context(), record))
		for rec, err := range r.Records(t.Context(), i) {
			require.NoError(t, err)
			require.Equal(t, i, rec.Index)
		}
	}
	require.NoError(t, l.Close(t.Context()))
	require.Less(t, counted.bytes.Load(), int64(20*n*len(record)))
}
