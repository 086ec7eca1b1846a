package pgsink_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/pgsink"
)

// BenchmarkAppend measures durable appends by many callers of one log, against
// the same INSERT with a commit for each.
//
// Controls: none, it measures.
func BenchmarkAppend(b *testing.B) {
	record := []byte(strings.Repeat("x", 700))
	for _, writers := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprintf("log/%d", writers), func(b *testing.B) {
			at := tables(b)
			l := openLog(b, at, nil)
			share(b, writers, func() error { return l.Append(context.Background(), record) })
			require.NoError(b, shut(l))
		})
	}
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("plain/%d", writers), func(b *testing.B) {
			at := tables(b)
			p := pool(b, at)
			var n atomic.Int64
			share(b, writers, func() error {
				_, err := p.Exec(context.Background(), "INSERT INTO safeguard_audit_log VALUES ('x', $1, sha256($2), $2)", n.Add(1), record)
				return err
			})
		})
	}
}

// share has some goroutines do b.N calls.
func share(b *testing.B, writers int, f func() error) {
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ResetTimer()
	done := make(chan error, writers)
	for range writers {
		go func() {
			for left.Add(-1) >= 0 {
				if err := f(); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range writers {
		require.NoError(b, <-done)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

// BenchmarkVerify measures how many records a second VerifyLog reads.
//
// Controls: none, it measures.
func BenchmarkVerify(b *testing.B) {
	at := tables(b)
	l := openLog(b, at, nil)
	const each = 1000
	records := make([][]byte, each)
	for i := range records {
		records[i] = []byte(strings.Repeat("x", 700))
	}
	const n = 50 * each
	for range n / each {
		require.NoError(b, l.Append(b.Context(), records...))
	}
	require.NoError(b, shut(l))
	for b.Loop() {
		v, err := pgsink.VerifyLog(b.Context(), config(b, at), logName, verifierKey(b), nil)
		require.NoError(b, err)
		require.True(b, v.OK)
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "records/s")
}
