package audit

import (
	"context"
	"sync"
	"time"
)

// A deadline is a context that ends at a time and nothing else ends: a client
// that hangs up does not undo its own record. The timer exists only once
// somebody waits for Done, which a log that is quick never does.
type deadline struct {
	parent context.Context
	until  time.Time

	mu     sync.Mutex
	ended  bool
	real   context.Context
	cancel context.CancelFunc
}

// start makes d end after wait.
func (d *deadline) start(parent context.Context, now time.Time, wait time.Duration) {
	d.parent, d.until = parent, now.Add(wait)
}

// Deadline returns when d ends.
func (d *deadline) Deadline() (time.Time, bool) { return d.until, true }

// Value returns what the parent holds.
func (d *deadline) Value(key any) any { return d.parent.Value(key) }

// Done is closed when d has ended.
func (d *deadline) Done() <-chan struct{} {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.real == nil {
		d.real, d.cancel = context.WithDeadline(context.WithoutCancel(d.parent), d.until)
		if d.ended {
			d.cancel()
		}
	}
	return d.real.Done()
}

// Err says whether d has ended.
func (d *deadline) Err() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case d.real != nil:
		return d.real.Err()
	case d.ended:
		return context.Canceled
	case !time.Now().Before(d.until):
		return context.DeadlineExceeded
	}
	return nil
}

// end releases what d holds.
func (d *deadline) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.ended = true
	if d.cancel != nil {
		d.cancel()
	}
}
