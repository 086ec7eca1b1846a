package bench

import (
	"slices"
	"syscall"
	"testing"
)

// round is about how long one turn takes, in nanoseconds: long enough that
// the garbage that a turn makes is collected in it, several times over.
const round = 20_000_000

// cpu returns the processor time of the process so far, in nanoseconds.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// turn runs f n times and returns the processor time of one.
func turn(b *testing.B, n int, f func() error) float64 {
	start := cpu(b)
	for range n {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(cpu(b)-start) / float64(n)
}

// compare runs the limits and impl by turns and reports the medians, under
// the name of each limit. Every turn takes as long as another. An operation of the benchmark is one turn of each.
func compare(b *testing.B, impl func() error, limits map[string]func() error) {
	n, rounds := timesOf(b, impl), map[string]int{}
	for name, limit := range limits {
		rounds[name] = timesOf(b, limit)
	}
	took, ratio := map[string][]float64{}, map[string][]float64{}
	for b.Loop() {
		own := turn(b, n, impl)
		took["impl"] = append(took["impl"], own)
		for name, limit := range limits {
			t := turn(b, rounds[name], limit)
			took[name] = append(took[name], t)
			ratio[name] = append(ratio[name], own/max(t, 1))
		}
	}
	for name, r := range ratio {
		b.ReportMetric(median(r), "x-"+name)
	}
	for name, t := range took {
		b.ReportMetric(median(t), name+"-ns")
	}
	b.ReportMetric(testing.AllocsPerRun(10, func() { _ = impl() }), "allocs-impl")
	b.ReportMetric(0, "ns/op")
}

// timesOf returns how often f runs in a round. What f does only once, such as
// to compile or to fill a cache, must not count: it would make the turns of the
// fast short.
func timesOf(b *testing.B, f func() error) int {
	for n := 100; ; n *= 4 {
		if each := turn(b, n, f); each*float64(n) >= round {
			return int(max(1, round/each))
		}
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}
