package ledger

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// scenario appends n records until something fails, closes, and returns how
// many were acknowledged. What is refused for want of room it appends again.
func scenario(fsys fileSystem, n int) (acked int, lacks uint64, err error) {
	opts := quiet()
	opts.always = true // so that the calls are the same in every run
	l, err := open(fsys, testKey(1), opts)
	if err != nil {
		return 0, 0, err
	}
	for acked < n {
		err = l.Append(context.Background(), record(acked))
		if noRoom(err) && !errors.Is(err, ErrPoisoned) {
			err = nil
			continue
		}
		if err != nil {
			break
		}
		acked++
	}
	err = errors.Join(err, l.Close(context.Background()))
	return acked, l.counters.lacks.Load(), err
}

// checkKept opens what a failure left, and demands every acknowledged record,
// in order, and behind it only what was on its way.
func checkKept(t *testing.T, m *memFS, acked int) {
	t.Helper()
	l, err := open(m, testKey(1), quiet())
	require.NoError(t, err)
	records, _ := contents(t, l)
	require.GreaterOrEqual(t, len(records), acked)
	require.LessOrEqual(t, len(records), acked+1)
	for i, r := range records {
		require.Equal(t, record(i), r)
	}
	require.NoError(t, l.Close(context.Background()))
	v := mustVerify(t, m, l.VerifierKey())
	require.True(t, v.OK, v.String())
}

// Every call to the file system fails once, in each of four ways. Nothing
// acknowledged is lost, whether the process alone ends or the power too, and
// whether it ends then or only after more records were appended.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestEveryCallFails(t *testing.T) {
	const records = 40 // enough to start a second segment
	clean := newMemFS()
	acked, lacks, err := scenario(clean, records)
	require.NoError(t, err)
	require.Zero(t, lacks)
	require.Equal(t, records, acked)
	calls := clean.calls
	require.Greater(t, mustVerify(t, clean, vkeyOf(t, 1)).Segments, 1)
	step := 8
	if soak() {
		step = 1
	}
	for i, cause := range []error{syscall.EIO, syscall.ENOSPC, io.ErrShortWrite, syscall.EACCES, syscall.EMFILE} {
		for k := 1 + i%step; k <= calls; k += step {
			failOnce(t, k, records, cause)
		}
	}
}

func failOnce(t *testing.T, k, records int, cause error) {
	m := newMemFS()
	hit := ""
	m.fault = func(call string, n int) error {
		if n != k {
			return nil
		}
		hit = call
		return cause
	}
	acked, lacks, err := scenario(m, records)
	require.NotEmpty(t, hit, "call %d never came", k)
	if err == nil {
		require.True(t, noRoom(cause), "call %d (%s) failed in silence", k, hit)
		require.NotZero(t, lacks, "call %d (%s) failed in silence", k, hit)
		require.Equal(t, records, acked)
	} else {
		require.ErrorIs(t, err, cause, "call %d (%s) failed in silence", k, hit)
	}
	m.fault = nil

	checkKept(t, m.powerCut(m.durable, synced), acked)
	m = m.restart()
	checkKept(t, m, acked)
	// The restarted process saw what the system had in memory; what it then
	// acknowledged must survive a power cut as well.
	checkKept(t, m.powerCut(m.durable, synced), acked)
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPoisonIsForGood(t *testing.T) {
	for call, cause := range map[string]error{"write": syscall.EIO, "sync": syscall.ENOSPC} {
		m := newMemFS()
		l := mustOpen(t, m)
		appendRange(t, l, 0, 3)
		m.mu.Lock()
		m.fault = func(c string, _ int) error {
			if c == call {
				m.fault = nil
				return cause
			}
			return nil
		}
		m.mu.Unlock()
		err := l.Append(t.Context(), record(3))
		require.ErrorIs(t, err, ErrPoisoned)
		require.ErrorIs(t, err, cause)
		calls := m.calls
		require.ErrorIs(t, l.Append(t.Context(), record(4)), ErrPoisoned)
		require.Equal(t, calls, m.calls, "nothing is tried again")
		require.EqualValues(t, 3, l.Size())
		observations, err := l.Report(t.Context())
		require.NoError(t, err)
		require.Equal(t, "true", observations[0].Settings["poisoned"])
		require.ErrorIs(t, l.Close(t.Context()), ErrPoisoned)
		require.Zero(t, l.Checkpoint().Size, "a poisoned ledger signs nothing")
		checkKept(t, m.restart(), 3)
	}
}

// trimmed is what was written to a preallocated file.
func trimmed(p []byte) []byte { return bytes.Clone(p[:lastByte(p)]) }

// cutLedger is a ledger whose last batch of three records is written but not
// synced, and that batch's place.
func cutLedger(t *testing.T) (m *memFS, name string, node *inode) {
	t.Helper()
	m = newMemFS()
	l := mustOpen(t, m)
	appendRange(t, l, 0, 5)
	m.mu.Lock()
	m.fault = func(call string, _ int) error {
		if call == "sync" {
			return syscall.EIO
		}
		return nil
	}
	m.mu.Unlock()
	name = segmentName(0)
	node = m.names[name]
	disk := trimmed(node.disk)
	require.Error(t, l.Append(t.Context(), record(5), record(6), record(7)))
	require.ErrorIs(t, l.Close(t.Context()), ErrPoisoned)
	m.fault = nil
	node.disk, node.data = disk, trimmed(node.data)
	node.pending = []change{{int64(len(disk)), node.data[len(disk):]}}
	return m, name, node
}

// The power fails during the last write: whatever part of it reached the disk,
// the ledger opens, has all that was acknowledged, and tells what it dropped.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestPowerCutAtEveryByte(t *testing.T) {
	m, name, node := cutLedger(t)
	rng := rand.New(rand.NewPCG(1, 2))
	from, to := len(node.disk), len(node.data)
	for cut := from; cut <= to; cut++ {
		zeros := make([]byte, to-cut)
		garbage := make([]byte, to-cut)
		for i := range garbage {
			garbage[i] = byte(rng.Uint32())
		}
		head := node.data[:cut:cut]
		for kind, p := range [][]byte{head, append(head, zeros...), append(head, garbage...)} {
			checkCut(t, m, name, p, from, cut, cut == to, kind)
		}
	}
}

func checkCut(t *testing.T, m *memFS, name string, p []byte, from, cut int, whole bool, kind int) {
	t.Helper()
	next := m.restart()
	next.put(name, p)
	before := mustVerify(t, next, vkeyOf(t, 1))
	require.True(t, before.OK, before.String())
	l, err := open(next, testKey(1), quiet())
	require.NoError(t, err, "cut at %d, kind %d", len(p), kind)
	records, own := contents(t, l)
	require.NoError(t, l.Close(t.Context()))
	switch {
	case whole:
		require.Len(t, records, 8)
		require.Equal(t, []string{Unsigned}, own)
	case len(p) == from || kind == 1 && cut == from:
		require.Len(t, records, 5)
		require.Equal(t, []string{Unsigned}, own, "nothing was there, nothing was dropped")
	default:
		require.Len(t, records, 5)
		require.Equal(t, []string{Recovered, Unsigned}, own)
		require.EqualValues(t, lastByte(p)-from, before.Unfinished)
	}
	require.True(t, mustVerify(t, next, l.VerifierKey()).OK)
}

// Many ledgers, power cuts at random calls, and any part of what was not
// synced on the disk, in any order.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestPowerCutsAtRandom(t *testing.T) {
	rounds := 100
	if soak() {
		rounds = 10_000
	}
	for seed := range rounds {
		rng := rand.New(rand.NewPCG(uint64(seed), 3))
		m := newMemFS()
		acked := 0
		for range 3 { // power cuts follow each other
			acked = powerCutRound(t, m, rng, acked, seed)
			m = m.powerCut(m.anyNames(rng), torn(rng))
		}
		if m.names[checkpointName] != nil {
			v := mustVerify(t, m, vkeyOf(t, 1))
			require.True(t, v.OK, "seed %d: a power cut is no tampering: %s", seed, v)
		}
		l, err := open(m, testKey(1), quiet())
		require.NoError(t, err, "seed %d", seed)
		require.GreaterOrEqual(t, int(l.Size()), acked, "seed %d", seed)
		for r, err := range l.Records(t.Context(), 0) {
			require.NoError(t, err)
			if ownType(r.Data) == "" {
				require.Equal(t, record(int(r.Index)), r.Data, "seed %d", seed)
			}
		}
		require.NoError(t, l.Close(t.Context()))
		require.True(t, mustVerify(t, m, l.VerifierKey()).OK, "seed %d", seed)
	}
	if soak() {
		t.Logf("soak: power cuts %d, acknowledged records lost 0", 3*rounds)
	}
}

// errPower is what every call returns after the power went.
var errPower = errors.New("power is off")

// powerCutRound appends until the power fails, and returns how many records of
// the directory are acknowledged by then.
func powerCutRound(t *testing.T, m *memFS, rng *rand.Rand, acked, seed int) int {
	t.Helper()
	at := 1 + rng.IntN(150)
	m.fault = func(_ string, n int) error {
		if n >= at {
			return errPower
		}
		return nil
	}
	l, err := open(m, testKey(1), quiet())
	if err != nil {
		require.ErrorIs(t, err, errPower, "seed %d", seed)
		return acked
	}
	records := int(l.Size())
	require.GreaterOrEqual(t, records, acked, "seed %d", seed)
	for i := records; i < records+30; {
		group := [][]byte{record(i)}
		for range rng.IntN(5) {
			group = append(group, record(i+len(group)))
		}
		if err := l.Append(t.Context(), group...); err != nil {
			break
		}
		i += len(group)
		acked = i
	}
	l.Close(t.Context())
	return acked
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRecoveryIsRecorded(t *testing.T) {
	m, name, node := cutLedger(t)
	m.put(name, node.data[:len(node.data)-1])
	l := mustOpen(t, m)
	defer l.Close(context.Background())
	data := lastOf[recovery](t, l, Recovered)
	require.Equal(t, name, data.Segment)
	require.EqualValues(t, len(node.disk), data.Offset)
	require.EqualValues(t, len(node.data)-1-len(node.disk), data.Bytes)
	require.EqualValues(t, 5, data.Entry)
	require.Len(t, data.SHA256, 64)
	require.Equal(t, unsigned{Entry: 0, Records: 5}, lastOf[unsigned](t, l, Unsigned))
	observations, err := l.Report(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, observations[0].Counters["recoveries"])
	require.EqualValues(t, 5, observations[1].Counters["unsigned.found"])
}

// However often a recovery is cut short itself, it is recorded in the end.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestRecoveryCutShort(t *testing.T) {
	for k := 1; ; k++ {
		m, name, node := cutLedger(t)
		m.put(name, node.data[:len(node.data)-1])
		m = m.restart()
		m.fault = func(_ string, n int) error {
			if n >= k {
				return errPower
			}
			return nil
		}
		l, err := open(m, testKey(1), quiet())
		if err == nil {
			require.Greater(t, k, 20, "the test must cut something")
			l.Close(t.Context())
			return
		}
		for _, next := range []*memFS{m.restart(), m.powerCut(m.durable, synced), m.powerCut(m.names, synced)} {
			l := mustOpen(t, next)
			records, own := contents(t, l)
			require.Len(t, records, 5)
			require.Contains(t, own, Recovered, "cut at call %d", k)
			require.Contains(t, own, Unsigned, "cut at call %d", k)
			require.NoError(t, l.Close(t.Context()))
			require.True(t, mustVerify(t, next, l.VerifierKey()).OK)
		}
	}
}

// The account of a damaged leaf index is not lost either.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestRebuildingCutShort(t *testing.T) {
	for k := 1; ; k++ {
		m, vkey := closedLedger(t, 32)
		m.put(leavesName, []byte("nothing"))
		m = m.restart()
		m.fault = func(_ string, n int) error {
			if n >= k {
				return errPower
			}
			return nil
		}
		l, err := open(m, testKey(1), quiet())
		if err == nil {
			require.Greater(t, k, 20, "the test must cut something")
			l.Close(t.Context())
			return
		}
		for _, next := range []*memFS{m.restart(), m.powerCut(m.durable, synced), m.powerCut(m.names, synced)} {
			l := mustOpen(t, next)
			records, own := contents(t, l)
			require.Len(t, records, 32)
			require.Contains(t, own, Recovered, "cut at call %d", k)
			require.NoError(t, l.Close(t.Context()))
			require.True(t, mustVerify(t, next, vkey).OK)
		}
	}
}

// What the documents say that Open cannot tell from an interrupted write:
// several batches, acknowledged but not signed, whose headers are all gone.
// They are dropped, and told.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestSeveralBatchesWithoutTheirHeaders(t *testing.T) {
	m := newMemFS()
	l := mustOpen(t, m)
	for range 6 {
		require.NoError(t, l.Append(t.Context(), []byte("x")))
	}
	crashed := m.restart()
	require.NoError(t, l.Close(t.Context()))
	const batch = batchHeaderSize + frameHeaderSize + 1
	data := crashed.names[segmentName(0)].data
	data = data[:lastByte(data)]
	for i := range 3 {
		clear(data[len(data)-(i+1)*batch:][:batchHeaderSize])
	}
	l = mustOpen(t, crashed)
	defer l.Close(context.Background())
	records, own := contents(t, l)
	require.Len(t, records, 3)
	require.Equal(t, []string{Recovered, Unsigned}, own)
	require.EqualValues(t, 3*batch, lastOf[recovery](t, l, Recovered).Bytes)
}
