//go:build unix

package access_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/stretchr/testify/require"
)

// BenchmarkDecide decides with an active account, current training, roles that
// are inherited, a purpose, a cached relationship, labels, a mask and reasons.
// "floor" is what the program itself takes of it: to say who asks, and to look
// it up in its directory.
func BenchmarkDecide(b *testing.B) {
	for _, rules := range []int{50, 500, 5000} {
		h := newHospital(b, 100_000, rules)
		for i := range 2048 {
			require.True(b, h.decide(i).Allowed)
		}
		b.Run(fmt.Sprintf("users=100000,rules=%d", rules), func(b *testing.B) {
			b.ReportAllocs()
			i, before := 0, cpuTime(b)
			for b.Loop() {
				if d := h.decide(i); !d.Allowed {
					b.Fatal("denied")
				}
				i++
			}
			b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
	b.Run("floor", func(b *testing.B) {
		h := newHospital(b, 100_000, 50)
		i, before := 0, cpuTime(b)
		for b.Loop() {
			ctx := h.callers[i%len(h.callers)]
			p, _ := safeguard.PrincipalFrom(ctx)
			if s, _ := h.people.Subject(ctx, p); !s.Active {
				b.Fatal("not active")
			}
			i++
		}
		b.ReportMetric(float64(cpuTime(b)-before)/float64(b.N), "cpu-ns/op")
	})
}

// cpuTime returns the time that the process has had a processor: another process
// on the machine makes a benchmark longer, and this not.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
