package ledger

import (
	"runtime"
	"time"
)

// maxGather bounds how long the committer waits for callers, maxTurns how often
// it lets them run meanwhile, should the clock stand still.
const (
	maxGather = 500 * time.Microsecond
	maxTurns  = 1 << 14
)

// A gathering is what the committer knows of those who will come back.
//
// Callers whose records were made durable usually come back at once with the
// next ones. If the committer did not wait for them, they would miss the sync
// that starts right then, and everybody would settle in two cohorts, each of
// which waits for the other's sync: twice the syncs and twice the latency.
type gathering struct {
	want int // how many calls are expected in the next group
	// skip is how many waits are left out, because earlier ones were in vain.
	skip, penalty int
}

// maxPenalty bounds how many waits are left out in a row.
const maxPenalty = 64

// expect notes, before callers are told, that they and those who wait already
// may be together in the next group.
func (l *Ledger) expect(callers int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gathering.want = callers + l.pending.callers
}

// gather waits until as many callers are there as are expected, for no longer
// than the last sync took and maxGather. A single caller never makes it wait.
func (l *Ledger) gather() {
	g := &l.gathering
	want := g.want
	g.want = 0
	if want < 2 || l.options.alone {
		return
	}
	if g.skip > 0 {
		g.skip--
		return
	}
	start := time.Now()
	limit := min(l.lastSync, maxGather)
	before, ended := l.waiting()
	came := before
	for turn := 0; came < want && !ended && turn < maxTurns && time.Since(start) < limit; turn++ {
		runtime.Gosched()
		came, ended = l.waiting()
	}
	if came > before || came < want {
		l.counters.gather(time.Since(start), came >= want)
	}
	g.learn(came-before, want-before)
}

// learn leaves out waits, more and more of them, as long as less than half of
// those who were waited for come.
func (g *gathering) learn(came, wanted int) {
	if 2*came >= wanted {
		g.penalty = 0
		return
	}
	g.penalty = min(2*g.penalty+1, maxPenalty)
	g.skip = g.penalty
}

// waiting returns how many calls are in the pending group, and whether no more
// will come.
func (l *Ledger) waiting() (callers int, ended bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.pending.callers, l.closing || l.poison != nil || l.pending.taken != nil
}
