package pgsink_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// BenchmarkAgainstPlain measures a log against plain commits by turns, so that
// what else the machine does meets both. ratio is how many times as many
// records a second the log takes; it should not be less than 1 at any number of
// writers.
//
// Controls: none, it measures.
func BenchmarkAgainstPlain(b *testing.B) {
	record := []byte(strings.Repeat("x", 700))
	for _, writers := range []int{1, 8, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			at := tables(b)
			l := openLog(b, at, nil)
			c, err := pgxpool.ParseConfig(at)
			require.NoError(b, err)
			c.MaxConns = int32(min(writers, 32)) // a connection each: plain commits are grouped by the server
			p, err := pgxpool.NewWithConfig(b.Context(), c)
			require.NoError(b, err)
			defer p.Close()
			var n atomic.Int64
			logged := func() error { return l.Append(context.Background(), record) }
			plain := func() error {
				_, err := p.Exec(context.Background(), "INSERT INTO safeguard_audit_log VALUES ('x', $1, sha256($2), $2)", n.Add(1), record)
				return err
			}
			var took [2]time.Duration
			for left := b.N; left > 0; left -= 50 * writers {
				for i, f := range []func() error{logged, plain} {
					began := time.Now()
					turn(b, min(left, 50*writers), writers, f)
					took[i] += time.Since(began)
				}
			}
			b.ReportMetric(float64(b.N)/took[0].Seconds(), "log-records/s")
			b.ReportMetric(float64(b.N)/took[1].Seconds(), "plain-records/s")
			b.ReportMetric(float64(took[1])/float64(took[0]), "ratio")
			require.NoError(b, shut(l))
		})
	}
}

// turn has some goroutines do n calls.
func turn(b *testing.B, n, writers int, f func() error) {
	var left atomic.Int64
	left.Store(int64(n))
	done := make(chan error, writers)
	for range writers {
		go func() {
			var err error
			for err == nil && left.Add(-1) >= 0 {
				err = f()
			}
			done <- err
		}()
	}
	for range writers {
		require.NoError(b, <-done)
	}
}
