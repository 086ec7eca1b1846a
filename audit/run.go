package audit

import (
	"context"
	"errors"
	"time"
)

// run makes what waits in the outbox durable, and aggregates and observations,
// until Close.
func (r *Recorder) run() {
	defer close(r.done)
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	hour := time.NewTicker(time.Hour)
	defer hour.Stop()
	again := time.NewTimer(lastWait)
	defer again.Stop()
	again.Stop()
	wait := time.Duration(0)
	send := func() {
		if r.send() == nil {
			wait = 0
			return
		}
		wait = min(max(2*wait, firstWait), lastWait)
		again.Reset(wait)
	}
	for {
		select {
		case <-r.outbox.wake:
			r.linger()
			send()
		case <-again.C:
			send()
		case <-minute.C:
			r.watchClock(time.Now())
			r.steps.follow(time.Now())
			_ = r.aggregate()
		case <-hour.C:
			r.mu.Lock()
			reporters := r.reporters
			r.mu.Unlock()
			if r.observe(context.Background(), "hourly", reporters) != nil {
				r.counters.lost.Add(1)
			}
		case <-r.stop:
			return
		}
	}
}

// linger waits for company: one append for many is cheaper for the log, and a
// crash within it loses no more than one before it.
func (r *Recorder) linger() {
	timer := time.NewTimer(linger)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-r.outbox.hurry:
	case <-r.stop:
	}
}

// aggregate records the counts of requests of nobody.
func (r *Recorder) aggregate() error {
	now := time.Now()
	u, any := r.nobody.take(now)
	if !any {
		return nil
	}
	id := newID(now)
	b, err := r.render(string(id[:]), "", TypeUnauthenticated, now, u)
	if err == nil {
		err = r.appendSoon(b)
	}
	if err != nil {
		r.nobody.restore(u)
	}
	return err
}

// Close makes durable what is left (ends, records that wait, counts, a last
// observation of every Reporter) and ends the goroutine. It does not close the
// Log. It must be called after the server has shut down; a later call returns
// ErrClosed. It returns an error if something other than ends could not be made
// durable; that is lost then. Lost ends are counted.
func (r *Recorder) Close(ctx context.Context) error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return ErrClosed
	}
	r.closed = true
	reporters := r.reporters
	r.mu.Unlock()
	close(r.stop)
	<-r.done
	r.outbox.close()
	sent := r.send()
	if sent != nil && r.giveUp() == 0 {
		sent = nil
	}
	r.nobody.close()
	errs := []error{sent, r.aggregate()}
	if len(reporters) > 0 {
		errs = append(errs, r.observe(ctx, "stop", reporters))
	}
	return errors.Join(errs...)
}

// giveUp counts what is left as lost and returns how many of it are more than
// ends.
func (r *Recorder) giveUp() int {
	left, more := r.outbox.take(), 0
	for i := range left {
		if left[i].record != nil {
			more++
		}
	}
	r.counters.lost.Add(uint64(len(left)))
	return more
}
