package ledger

import (
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A countFS counts what is read.
type countFS struct {
	fileSystem
	bytes, opens *atomic.Int64
}

func counting(fsys fileSystem) countFS {
	return countFS{fsys, new(atomic.Int64), new(atomic.Int64)}
}

func (c countFS) Open(name string, write bool) (file, error) {
	c.opens.Add(1)
	f, err := c.fileSystem.Open(name, write)
	return countFile{f, c.bytes}, err
}

type countFile struct {
	file
	bytes *atomic.Int64
}

func (c countFile) ReadAt(p []byte, offset int64) (int, error) {
	n, err := c.file.ReadAt(p, offset)
	c.bytes.Add(int64(n))
	return n, err
}

// A flip is one bit of one file.
type flip struct {
	name string
	at   int
	bit  uint
}

// flips are those to try: all of them, or a sample that has more of the
// checkpoint and of what stands around the first records.
func flips(m *memFS, all bool) (list []flip) {
	rng := rand.New(rand.NewPCG(4, 5))
	for _, name := range slices.Sorted(maps.Keys(m.names)) {
		size := len(m.names[name].data)
		for at := range size {
			for bit := range uint(8) {
				near := at%3 == 0 && (name == checkpointName || name != leavesName && at < 128)
				if all || near && bit == uint(at)%8 || rng.IntN(8*size) < 12 {
					list = append(list, flip{name, at, bit})
				}
			}
		}
	}
	return list
}

// Every single bit of the files of a closed ledger of a thousand records is
// missed by nobody when it flips, and the verdict takes no more reading than
// twice that on the whole ledger. A soak flips every bit there is.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestEveryFlippedBitIsFound(t *testing.T) {
	m := newMemFS()
	l, err := open(m, testKey(1), &Options{Origin: quiet().Origin, CheckpointInterval: time.Hour, SegmentSize: 48 << 10})
	require.NoError(t, err)
	appendRange(t, l, 0, 1000)
	require.NoError(t, l.Close(t.Context()))
	vkey := l.VerifierKey()
	clean := counting(m)
	v := mustVerify(t, clean, vkey)
	require.True(t, v.OK)
	require.Greater(t, v.Segments, 2)
	list := flips(m, soak())
	require.Greater(t, len(list), 150)

	workers := runtime.GOMAXPROCS(0)
	var group sync.WaitGroup
	for w := range workers {
		mine := m.restart()
		group.Go(func() {
			for i := w; i < len(list) && !t.Failed(); i += workers {
				checkFlip(t, mine, vkey, list[i], clean)
			}
			if v, err := verify(t.Context(), mine, vkey, nil); err != nil || !v.OK {
				t.Error("the test must put back what it flips")
			}
		})
	}
	group.Wait()
	if soak() {
		t.Logf("soak: %d flipped bits of %d records, each found", len(list), 1000)
	}
}

// checkFlip flips a bit and back.
func checkFlip(t *testing.T, m *memFS, vkey string, f flip, clean countFS) {
	data := m.names[f.name].data
	data[f.at] ^= 1 << f.bit
	defer func() { data[f.at] ^= 1 << f.bit }()
	counted := counting(m)
	v, err := verify(t.Context(), counted, vkey, nil)
	if err != nil || v.OK || v.Problem == nil {
		t.Errorf("%+v is not found: %v", f, err)
	}
	if counted.bytes.Load() > 2*clean.bytes.Load() || counted.opens.Load() > 2*clean.opens.Load() {
		t.Errorf("%+v: %d bytes read of %d", f, counted.bytes.Load(), clean.bytes.Load())
	}
}

// A flipped bit is never opened for writing, but for the leaf index, which is
// made again.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestFlippedBitIsNotOpened(t *testing.T) {
	m, _ := closedLedger(t, 32)
	rng := rand.New(rand.NewPCG(6, 7))
	for name, node := range m.names {
		if name == leavesName {
			continue
		}
		for range 120 {
			at, bit := rng.IntN(len(node.data)), rng.IntN(8)
			node.data[at] ^= 1 << bit
			openFails(t, m)
			node.data[at] ^= 1 << bit
		}
	}
}

// Whatever is done to a directory as a whole, a verdict comes, and takes no
// more reading than twice that on the clean one and what was added.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestVerdictAlwaysComes(t *testing.T) {
	m, vkey := closedLedger(t, 300)
	clean := counting(m)
	sound := mustVerify(t, clean, vkey)
	require.True(t, sound.OK)
	names := slices.Sorted(maps.Keys(m.names))
	rng := rand.New(rand.NewPCG(8, 9))
	rounds := 300
	if soak() {
		rounds = 100_000
	}
	for round := range rounds {
		next := m.restart()
		added := int64(0)
		for range 1 + rng.IntN(3) {
			added += mutilate(next, names, rng)
		}
		counted := counting(next)
		v, err := verify(t.Context(), counted, vkey, nil)
		require.NoError(t, err)
		require.LessOrEqual(t, counted.bytes.Load(), 2*(clean.bytes.Load()+added), "round %d", round)
		if v.OK { // nothing was changed but behind the last batch, as by a write that is going on
			require.Equal(t, sound.Root, v.Root, "round %d", round)
			require.Equal(t, sound.Size, v.Size, "round %d", round)
		}
	}
	if soak() {
		t.Logf("soak: %d mutilated directories, a verdict on each", rounds)
	}
}

// mutilate does one thing to a directory and says how many bytes it added.
func mutilate(m *memFS, names []string, rng *rand.Rand) (added int64) {
	name, other := names[rng.IntN(len(names))], names[rng.IntN(len(names))]
	node := m.names[name]
	if node == nil || len(node.data) == 0 {
		return 0
	}
	at, end := rng.IntN(len(node.data)), rng.IntN(len(node.data))
	switch rng.IntN(8) {
	case 0:
		delete(m.names, name)
	case 1:
		node.data = node.data[:at]
	case 2:
		node.data = append(slices.Clone(node.data[:at]), node.data[min(at+end, len(node.data)):]...)
	case 3:
		added = int64(len(node.data) - at)
		node.data = append(slices.Clone(node.data), node.data[at:]...)
	case 4:
		if m.names[other] != nil {
			m.names[name], m.names[other] = m.names[other], node
		}
	case 5:
		clear(node.data[min(at, end):max(at, end)])
	case 6:
		added = int64(len(node.data))
		m.put(segmentName(uint64(rng.IntN(400))), slices.Clone(node.data))
	default:
		node.data[at] ^= 1 << rng.IntN(8)
	}
	return added
}
