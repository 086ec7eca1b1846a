package access

import (
	"sync/atomic"
	"time"
)

// clock tells the time since it was started, and the time of day, which it
// looks at once a second: to look at it for each decision costs a third of one.
// A step of the time of day, and a machine that slept, are followed within that
// second.
type clock struct {
	start  time.Time
	offset atomic.Int64 // of the time of day, from the time since start
	again  atomic.Int64 // when to look again
}

// now returns the time since the start. It only grows.
func (c *clock) now() time.Duration { return time.Since(c.start) }

// moment is when a decision is taken. The clock is read when that matters, and
// once.
type moment struct {
	clock *clock
	since time.Duration // the start of clock, 0 if it was not read
}

func (m *moment) now() time.Duration {
	if m.since == 0 {
		m.since = m.clock.now()
	}
	return m.since
}

// wall returns the time of day at now, in nanoseconds since 1970.
func (c *clock) wall(now time.Duration) int64 {
	if int64(now) >= c.again.Load() {
		c.offset.Store(time.Now().UnixNano() - int64(now))
		c.again.Store(int64(now + time.Second))
	}
	return int64(now) + c.offset.Load()
}
