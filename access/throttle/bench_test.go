package throttle_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/access/throttle"
	"golang.org/x/time/rate"
)

// BenchmarkReady asks for 100,000 principals in turn, beside one limiter of
// x/time/rate for all.
func BenchmarkReady(b *testing.B) {
	limit, err := throttle.New(throttle.Limit{Events: 100, Per: time.Hour}, nil)
	if err != nil {
		b.Fatal(err)
	}
	ids := make([]string, 100_000)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
		limit.Charge(person(ids[i]), 1)
	}
	b.Run("throttle", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			limit.Ready(person(ids[i%len(ids)]))
		}
	})
	b.Run("rate", func(b *testing.B) {
		one := rate.NewLimiter(100, 100)
		for range b.N {
			one.Allow()
		}
	})
}
