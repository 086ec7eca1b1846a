package audit

import (
	"context"
	"time"
)

// intend makes the intent of e durable, or breaks e. The intent of nobody
// obeys the limit on records of nobody: beyond it, it is owed until somebody is
// identified.
func (e *Entry) intend() error {
	now := time.Now()
	e.mu.Lock()
	if e.intended || e.broken != nil {
		defer e.mu.Unlock()
		return e.broken
	}
	if !e.who.known && !e.recorder.nobody.admits(now, e.recorder.low()) {
		e.owed = true
		e.mu.Unlock()
		return nil
	}
	e.owed = false
	v := view{entry: e, who: e.who, now: now}
	limit := new(deadline)
	limit.start(e.ctx.Context, now, e.recorder.deadline)
	e.mu.Unlock()
	defer limit.end()
	if err := e.recorder.intent(limit, &v); err != nil {
		return e.lose(err)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.intended = true
	return nil
}

// settleIntent makes an intent durable that was owed.
func (e *Entry) settleIntent() {
	e.mu.Lock()
	due := e.owed && e.who.known
	e.owed = e.owed && !due // of several callers one makes it
	e.mu.Unlock()
	if due {
		_ = e.intend()
	}
}

// intent renders and appends an intent.
func (r *Recorder) intent(ctx context.Context, v *view) error {
	x := encoders.Get().(*encoder)
	defer x.free()
	var err error
	if v.source, err = r.sourceToken(ctx, v.who.address); err != nil {
		return err
	}
	if err = r.access(ctx, x, v, TypeIntent, 0); err != nil {
		return err
	}
	records, err := x.list()
	if err == nil {
		err = x.taken(r.append(ctx, records...))
	}
	if err != nil {
		return err
	}
	r.counters.intents.Add(1)
	return nil
}
