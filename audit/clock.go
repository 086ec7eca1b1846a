package audit

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// A Clock says how far the clock of this host is off, and who says so. Offset
// returns the name of the source, such as "chrony" or "ptp0", and what must be
// added to the time of this host to get the source's. It must return soon after
// ctx is done. An error is recorded as a clock that nobody vouches for.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Clock interface {
	Offset(ctx context.Context) (source string, offset time.Duration, err error)
}

// A ClockStep is the data of a [TypeClockStepped] record: the wall clock was
// set, or the host slept, for the monotonic clock stands still meanwhile.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type ClockStep struct {
	// Before is what the wall clock would have shown, After what it showed.
	Before time.Time `json:"before"`
	After  time.Time `json:"after"`
	// Milliseconds is the difference, negative for a step back.
	Milliseconds int64 `json:"ms"`
}

func (s ClockStep) append(dst []byte) []byte {
	return begin(dst).time("before", s.Before).time("after", s.After).mustInt("ms", s.Milliseconds).end()
}

// steps compares the wall clock with the monotonic one.
type steps struct {
	base  time.Time
	least int64        // nanoseconds
	apart atomic.Int64 // wall minus monotonic when they were last compared
}

func (s *steps) start(now time.Time, least time.Duration) {
	s.base, s.least = now, int64(least)
	s.apart.Store(now.UnixNano())
}

// distance is the wall clock minus the monotonic one.
func (s *steps) distance(now time.Time) int64 { return now.UnixNano() - int64(now.Sub(s.base)) }

// check returns by how much the wall clock has jumped since the last time, if
// it has. Of several callers that notice at once one gets it.
func (s *steps) check(now time.Time) (ClockStep, bool) { return s.compare(now, s.distance(now)) }

func (s *steps) compare(now time.Time, distance int64) (ClockStep, bool) {
	last := s.apart.Load()
	jump := distance - last
	if jump < s.least && jump > -s.least || !s.apart.CompareAndSwap(last, distance) {
		return ClockStep{}, false
	}
	return ClockStep{
		Before: now.Add(-time.Duration(jump)).Round(0), After: now.Round(0), Milliseconds: jump / int64(time.Millisecond),
	}, true
}

// follow lets the slow corrections of a disciplined clock pass.
func (s *steps) follow(now time.Time) {
	if d := s.distance(now); d-s.apart.Load() < s.least && s.apart.Load()-d < s.least {
		s.apart.Store(d)
	}
}

// watchClock has a step of the wall clock recorded.
func (r *Recorder) watchClock(now time.Time) {
	step, stepped := r.steps.check(now)
	if stepped {
		r.stepped(step, now)
	}
}

func (r *Recorder) stepped(step ClockStep, now time.Time) {
	r.counters.stepped.Add(1)
	id := newID(now)
	b, err := r.render(string(id[:]), "", TypeClockStepped, now, step)
	if err == nil && !r.outbox.push(item{record: b}) {
		err = r.appendSoon(b)
	}
	if err != nil {
		r.counters.lost.Add(1)
	}
}

// observeClock says what the clock's source says.
func (r *Recorder) observeClock(ctx context.Context) Observed {
	o := Observed{
		Component: "audit/clock", Statement: "The clock of this host, by the word of its own source.",
		Controls: []safeguard.Control{safeguard.AuditControls}, Since: r.since,
		Counters: map[string]uint64{"steps": r.counters.stepped.Load()},
	}
	said, err := within(ctx, r.deadline, func(ctx context.Context) (said clockWord, err error) {
		said.source, said.offset, err = r.common.clock.Offset(ctx)
		return said, err
	})
	o.Settings = map[string]string{"source": bounded(said.source)}
	if err != nil {
		o.Statement, o.Failed = "The clock of this host is not vouched for.", true
		return o
	}
	o.Settings["offset"] = said.offset.String()
	return o
}

// A clockWord is what a Clock says.
type clockWord struct {
	source string
	offset time.Duration
}
