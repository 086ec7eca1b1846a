package ledger

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
)

// benchLedger is a closed ledger of n records of 700 bytes.
func benchLedger(b *testing.B, n int) (dir, vkey string) {
	b.Helper()
	dir = newDir(b)
	l, err := Open(dir, testKey(1), nil)
	require.NoError(b, err)
	record := bytes.Repeat([]byte("r"), 700)
	batch := make([][]byte, 256)
	for i := 0; i < n; i += len(batch) {
		for j := range batch {
			batch[j] = fmt.Appendf(nil, "%012d", i+j)
			batch[j] = append(batch[j], record[12:]...)
		}
		require.NoError(b, l.Append(context.Background(), batch...))
	}
	require.NoError(b, l.Close(context.Background()))
	return dir, l.VerifierKey()
}

const benchRecords = 256 << 10

func perSecond(b *testing.B, records int, bytes int64) {
	b.ReportMetric(float64(records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	b.SetBytes(bytes)
}

// BenchmarkVerifyProcs reads a whole ledger from the page cache.
func BenchmarkVerifyProcs(b *testing.B) {
	dir, vkey := benchLedger(b, benchRecords)
	for _, procs := range []int{1, 2} {
		b.Run(fmt.Sprintf("procs=%d", procs), func(b *testing.B) {
			defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
			for b.Loop() {
				v, err := Verify(context.Background(), dir, vkey, nil)
				if err != nil || !v.OK {
					b.Fatal(v, err)
				}
			}
			perSecond(b, benchRecords, benchRecords*700)
		})
	}
}

// BenchmarkScan reads all records on one processor.
func BenchmarkScan(b *testing.B) {
	dir, _ := benchLedger(b, benchRecords)
	r, err := OpenReader(dir)
	require.NoError(b, err)
	defer r.Close()
	list, err := r.Segments(context.Background())
	require.NoError(b, err)
	for b.Loop() {
		n := 0
		for _, s := range list {
			if err := r.Scan(context.Background(), s, 0, func(Record) error { n++; return nil }); err != nil {
				b.Fatal(err)
			}
		}
		if n != benchRecords {
			b.Fatal(n)
		}
	}
	perSecond(b, benchRecords, benchRecords*700)
}

// BenchmarkReadAt reads records here and there.
func BenchmarkReadAt(b *testing.B) {
	dir, _ := benchLedger(b, 64<<10)
	r, err := OpenReader(dir)
	require.NoError(b, err)
	defer r.Close()
	list, err := r.Segments(context.Background())
	require.NoError(b, err)
	var at []Record
	require.NoError(b, r.Scan(context.Background(), list[0], 0, func(rec Record) error {
		at = append(at, Record{Segment: rec.Segment, Offset: rec.Offset})
		return nil
	}))
	i := 0
	for b.Loop() {
		i = (i + 7919) % len(at)
		if _, err := r.ReadAt(context.Background(), at[i].Segment, at[i].Offset); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkProve proves records here and there, once the hashes were read.
func BenchmarkProve(b *testing.B) {
	dir, vkey := benchLedger(b, benchRecords)
	r, err := OpenReader(dir)
	require.NoError(b, err)
	defer r.Close()
	index := uint64(0)
	for b.Loop() {
		index = (index + 104729) % benchRecords
		p, err := r.Prove(context.Background(), vkey, index)
		if err != nil || p.Index != index {
			b.Fatal(err)
		}
	}
}

// BenchmarkSegments asks again for what is there.
func BenchmarkSegments(b *testing.B) {
	dir, _ := benchLedger(b, 64<<10)
	r, err := OpenReader(dir)
	require.NoError(b, err)
	defer r.Close()
	for b.Loop() {
		if _, err := r.Segments(context.Background()); err != nil {
			b.Fatal(err)
		}
	}
}
