package syslogsink_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/syslogsink"
)

// soak returns the full count under SAFEGUARD_SOAK=1, else the sample.
func soak(sample, full int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return full
	}
	return sample
}

// A receiver that dies in the middle of sessions, ends them without a word and
// goes away altogether loses nothing, with and without a window; without one it
// sees everything in order too.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestUnderLoad(t *testing.T) {
	for _, window := range []int{0, 200} {
		t.Run(fmt.Sprint("window ", window), func(t *testing.T) {
			total := soak(800, 50_000)
			s, r := open(t, func(o *syslogsink.Options) { o.UnsafeWindow = window })
			rnd := rand.New(rand.NewPCG(9, uint64(window)))
			failed, restarts := 0, 0
			for next := 0; next < total; {
				n := min(1+rnd.IntN(40), total-next)
				fault := rnd.IntN(8)
				r.set(func() {
					r.dieAfter, r.mood = 0, ""
					switch fault {
					case 0:
						r.dieAfter = 1 + rnd.IntN(n)
					case 1:
						r.mood = "bare"
					}
				})
				if fault == 2 {
					r.down()
					restarts++
					if window == 0 {
						require.Error(t, s.Deliver(t.Context(), records(next, n)...))
					}
					r.up()
				}
				if s.Deliver(t.Context(), records(next, n)...) == nil {
					next += n
				} else {
					failed++
					require.Less(t, failed, total)
				}
			}
			r.set(func() { r.dieAfter, r.mood = 0, "" })
			require.NoError(t, s.Close(context.Background()))
			require.Len(t, r.got(), total)
			if window == 0 {
				require.Equal(t, records(0, total), r.read())
			}
			t.Logf("soak: syslogsink: window %d, %d records, %d restarts, %d deliveries failed: 0 lost, 0 doubled at the consumer (%d messages)",
				window, total, restarts, failed, r.all)
		})
	}
}

// Identifiers that should never have come into a record come out of no error
// and no report.
//
// Controls: HIPAA 164.312(b), 164.502(b)(1); NIST CSF 2.0 PR.PS-04.
func TestPlanted(t *testing.T) {
	canaries := audittest.Canaries(12, soak(200, 10_000))
	s, r := open(t, nil)
	r.down()
	var said bytes.Buffer
	for _, canary := range canaries {
		for _, record := range []string{
			canary, `{"id":` + canary + `}`, `{"id":"` + canary + `"}`, `{"id":"` + canary + `\n","source":"s"}`,
			`{"id":"` + canary + `","source":"` + canary + `"}`,
		} {
			err := s.Deliver(t.Context(), []byte(record))
			require.Error(t, err)
			fmt.Fprintf(&said, "%v %+v %#v\n", err, err, err)
		}
	}
	o, err := s.Report(t.Context())
	require.NoError(t, err)
	fmt.Fprint(&said, o)
	audittest.Leaks(t, "errors and reports", said.Bytes(), canaries)
}

// BenchmarkDeliver delivers 256 records at a time to a receiver on this
// machine: with a confirmation for each, with a window, and nowhere at all.
func BenchmarkDeliver(b *testing.B) {
	batch := records(0, 256)
	for name, window := range map[string]int{"confirmed": 0, "window": 10_000} {
		b.Run(name, func(b *testing.B) {
			s, r := open(b, func(o *syslogsink.Options) { o.UnsafeWindow = window })
			conf := r.conf
			r.set(func() { r.serve = drain(conf) })
			for b.Loop() {
				if err := s.Deliver(b.Context(), batch...); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)*256/b.Elapsed().Seconds(), "records/s")
		})
	}
	b.Run("frames only", func(b *testing.B) {
		for b.Loop() {
			for _, r := range batch {
				f, err := syslogsink.Frame(r)
				if err != nil {
					b.Fatal(err)
				}
				_, _ = io.Discard.Write(f)
			}
		}
		b.ReportMetric(float64(b.N)*256/b.Elapsed().Seconds(), "records/s")
	})
}
