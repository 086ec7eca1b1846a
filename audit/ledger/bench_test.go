package ledger

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// benchRecord is as long as a usual audit record.
var benchRecord = make([]byte, 700)

// BenchmarkAppend measures durable appends by 1, 8 and 64 writers. The metric
// x-raw relates them to one writer that appends the same bytes to a bare file
// and syncs each, measured in the same directory right before.
func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 8, 64, 512} {
		b.Run(benchName(writers), func(b *testing.B) {
			dir := b.TempDir()
			raw := rawSync(b, dir)
			l, err := Open(filepath.Join(dir, "ledger"), testKey(1), nil)
			require.NoError(b, err)
			tokens := make(chan struct{}, writers)
			var wg sync.WaitGroup
			for range writers {
				wg.Go(func() {
					for range tokens {
						if err := l.Append(context.Background(), benchRecord); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ReportAllocs()
			b.SetBytes(int64(len(benchRecord)))
			for b.Loop() {
				tokens <- struct{}{}
			}
			close(tokens)
			wg.Wait()
			each := float64(b.Elapsed()) / float64(b.N)
			b.ReportMetric(1e9/each, "appends/s")
			b.ReportMetric(float64(raw)/each, "x-raw")
			b.ReportMetric(float64(l.counters.records.Load())/float64(l.counters.commits.Load()), "records/sync")
			require.NoError(b, l.Close(context.Background()))
		})
	}
}

func benchName(writers int) string { return fmt.Sprintf("writers=%d", writers) }

// rawSync is the mean time of an append and a sync without a ledger.
func rawSync(b *testing.B, dir string) time.Duration {
	const rounds = 2000
	d, err := openDir(dir)
	require.NoError(b, err)
	defer d.Close()
	f, err := d.Create("raw")
	require.NoError(b, err)
	defer f.Close()
	start := time.Now()
	for i := range rounds {
		_, err := f.WriteAt(benchRecord, int64(i*len(benchRecord)))
		require.NoError(b, err)
		require.NoError(b, f.Sync())
	}
	return time.Since(start) / rounds
}

// BenchmarkVerify measures how fast a directory is verified, in records.
func BenchmarkVerify(b *testing.B) {
	dir := newDir(b)
	l, err := Open(dir, testKey(1), nil)
	require.NoError(b, err)
	const calls, perCall = 100, 1000
	batch := make([][]byte, perCall)
	for i := range batch {
		batch[i] = benchRecord
	}
	for range calls {
		require.NoError(b, l.Append(context.Background(), batch...))
	}
	require.NoError(b, l.Close(context.Background()))
	for b.Loop() {
		v, err := Verify(context.Background(), dir, l.VerifierKey(), nil)
		require.NoError(b, err)
		require.True(b, v.OK)
	}
	b.ReportMetric(float64(calls*perCall*b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkTree measures leaf hash and tree for one record.
func BenchmarkTree(b *testing.B) {
	frame := appendFrame(nil, benchRecord)
	var t tree
	b.ReportAllocs()
	for b.Loop() {
		t.append(leafHash(frame[frameHeaderSize-1:]))
	}
}

// What every record costs besides the disk allocates nothing.
//
// Controls: none, it is about cost.
func TestFrameAndTreeDoNotAllocate(t *testing.T) {
	buf := make([]byte, 0, 4096)
	tr := tree{nodes: make([]hash, 0, 64)}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		frame := appendFrame(buf, benchRecord)
		prefixed, _, _ := nextFrame(frame)
		tr.append(leafHash(prefixed))
	}))
}
