package ledger

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A slowFS is a disk whose syncs take longer.
type slowFS struct {
	fileSystem
	delay time.Duration
}

func (s slowFS) Create(name string) (file, error) {
	f, err := s.fileSystem.Create(name)
	return slowFile{f, s.delay}, err
}

func (s slowFS) Open(name string, write bool) (file, error) {
	f, err := s.fileSystem.Open(name, write)
	if err != nil || !write {
		return f, err
	}
	return slowFile{f, s.delay}, nil
}

type slowFile struct {
	file
	delay time.Duration
}

func (f slowFile) Sync() error {
	<-time.After(f.delay)
	return f.file.Sync()
}

// BenchmarkSlowDisk measures durable appends on a disk that is 5 ms slower,
// beside the same ledger that does not wait for callers, by turns. The metric
// x-plain is the median of the ratios.
func BenchmarkSlowDisk(b *testing.B) {
	for _, writers := range []int{8, 64, 512} {
		b.Run(benchName(writers), func(b *testing.B) {
			var ratios, rates []float64
			for b.Loop() {
				own := slowRate(b, writers, true)
				plain := slowRate(b, writers, false)
				ratios, rates = append(ratios, own/plain), append(rates, own)
			}
			slices.Sort(ratios)
			slices.Sort(rates)
			b.ReportMetric(ratios[len(ratios)/2], "x-plain")
			b.ReportMetric(rates[len(rates)/2], "appends/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// slowRate returns how many records a second become durable.
func slowRate(b *testing.B, writers int, gathers bool) float64 {
	fsys := slowFS{&dirFS{path: filepath.Join(b.TempDir(), "ledger")}, 5 * time.Millisecond}
	l, err := open(fsys, testKey(1), quietAppends(gathers))
	require.NoError(b, err)
	var stop atomic.Bool
	var wg sync.WaitGroup
	start := time.Now()
	for range writers {
		wg.Go(func() {
			for !stop.Load() {
				if err := l.Append(context.Background(), benchRecord); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	<-time.After(300 * time.Millisecond)
	stop.Store(true)
	wg.Wait()
	rate := float64(l.Size()) / time.Since(start).Seconds()
	require.NoError(b, l.Close(context.Background()))
	return rate
}

// quietAppends are options for one run; without gathers nobody is waited for.
func quietAppends(gathers bool) *Options {
	return &Options{CheckpointInterval: time.Hour, alone: !gathers}
}
