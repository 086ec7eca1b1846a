package bench

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// auditRecord is as long as a usual audit record.
const auditRecord = 700

// auditRound is how long one store writes before the next one's turn.
const auditRound = 250 * time.Millisecond

// auditDir returns a directory on a disk. A file system in memory would
// measure nothing.
func auditDir(b *testing.B) string {
	dir := os.Getenv("SAFEGUARD_BENCH_DIR")
	if dir == "" {
		dir = b.TempDir()
	} else {
		var err error
		if dir, err = os.MkdirTemp(dir, "bench"); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { os.RemoveAll(dir) })
	}
	const tmpfs = 0x01021994
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		b.Fatal(err)
	}
	if st.Type == tmpfs {
		b.Skip("the directory is in memory; name one on a disk in SAFEGUARD_BENCH_DIR")
	}
	return dir
}

func openLedger(b *testing.B, dir string, _ int) store {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	l, err := ledger.Open(filepath.Join(dir, "ledger"), key, nil)
	if err != nil {
		b.Fatal(err)
	}
	return store{
		func(record []byte) error { return l.Append(context.Background(), record) },
		func() error { return l.Close(context.Background()) },
	}
}

// An auditPeer is a store to compare with.
type auditPeer struct {
	name string
	open func(b *testing.B, dir string, writers int) store
}

var barePeers = []auditPeer{
	{"bare-append", func(b *testing.B, dir string, _ int) store { return openBare(b, dir, bareAppend) }},
	{"bare-prealloc", func(b *testing.B, dir string, _ int) store { return openBare(b, dir, barePrealloc) }},
	{"bare-zeroed", func(b *testing.B, dir string, _ int) store { return openBare(b, dir, bareZeroed) }},
}

// BenchmarkAuditBare measures durable appends of the ledger, tree included,
// beside a group-commit writer without one, in three forms, by turns. The
// metric x-bare relates the ledger to the best of them.
func BenchmarkAuditBare(b *testing.B) { compareStores(b, "x-bare", barePeers) }

// compareStores runs the ledger and its peers by turns and reports the medians
// of the ratios. An operation of the benchmark is one turn of each.
func compareStores(b *testing.B, metric string, peers []auditPeer) {
	for _, writers := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			rates := map[string][]float64{}
			for b.Loop() {
				rates["ledger"] = append(rates["ledger"], rate(b, openLedger, writers))
				for _, p := range peers {
					rates[p.name] = append(rates[p.name], rate(b, p.open, writers))
				}
			}
			best := 0.0
			for name, r := range rates {
				b.ReportMetric(median(r), name+"/s")
				if name != "ledger" {
					b.ReportMetric(median(rates["ledger"])/median(r), "x-"+name)
					best = max(best, median(r))
				}
			}
			b.ReportMetric(median(rates["ledger"])/best, metric)
			b.ReportMetric(0, "ns/op")
		})
	}
}

// rate returns how many records a second a fresh store makes durable. What the
// store before it has left to the disk and to the collector is done first.
func rate(b *testing.B, open func(b *testing.B, dir string, writers int) store, writers int) float64 {
	syscall.Sync()
	runtime.GC()
	s := open(b, auditDir(b), writers)
	defer func() {
		if err := s.close(); err != nil {
			b.Fatal(err)
		}
	}()
	var stop atomic.Bool
	var total atomic.Int64
	var wg sync.WaitGroup
	run := func() {
		record := make([]byte, auditRecord)
		n := int64(0)
		for ; !stop.Load(); n++ {
			if err := s.append(record); err != nil {
				b.Error(err)
				break
			}
		}
		total.Add(n)
	}
	start := time.Now()
	for range writers {
		wg.Go(run)
	}
	<-time.After(auditRound)
	stop.Store(true)
	wg.Wait()
	return float64(total.Load()) / time.Since(start).Seconds()
}
