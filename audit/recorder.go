package audit

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// ErrClosed reports a Recorder that was closed.
//
// Controls: HIPAA 164.312(b).
var ErrClosed = errors.New("audit: recorder: closed")

// A Recorder opens entries and makes them durable in a [Log]. It is safe for
// concurrent use; the zero value is not usable. It runs one goroutine, which
// Close ends.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Recorder struct {
	*common
	mode Mode
}

// common is what all views of a Recorder share.
type common struct {
	log        Log
	capacity   Capacity // nil if log has none
	tokens     Tokens
	keys       *TokenKeys // tokens, if they are ours
	source     string
	sourceJSON []byte
	deadline   time.Duration
	proxies    []netip.Prefix
	header     string
	noRef      bool
	nobody     *nobody
	alarm      func(error)
	counters   counters
	since      time.Time
	clock      Clock
	steps      steps

	outbox *outbox
	stop   chan struct{}
	done   chan struct{}

	mu        sync.Mutex
	closed    bool
	reporters []safeguard.Reporter
}

type counters struct {
	opened, committed, refused, lost, failures, intents, queued, waited, counted, stepped atomic.Uint64
}

// New returns a Recorder that writes to log and replaces patients by tokens.
// It returns ErrOptions if log or tokens is nil, or if a setting cannot be
// used. Close must be called.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func New(log Log, tokens Tokens, opts *Options) (*Recorder, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	switch {
	case log == nil:
		return nil, fmt.Errorf("%w: the log is nil", ErrOptions)
	case tokens == nil:
		return nil, fmt.Errorf("%w: the tokens are nil", ErrOptions)
	}
	if err := o.complete(); err != nil {
		return nil, err
	}
	now := time.Now()
	c := &common{
		log: log, tokens: tokens, source: o.Source, sourceJSON: appendString(nil, o.Source), deadline: o.Deadline,
		proxies: append([]netip.Prefix(nil), o.TrustedProxies...), header: o.ForwardedHeader, noRef: o.OmitPatientRef,
		nobody: newNobody(o.Unauthenticated, now), since: now, alarm: o.OnRefusal, clock: o.Clock,
		outbox: newOutbox(), stop: make(chan struct{}), done: make(chan struct{}),
	}
	c.steps.start(now, o.ClockStep)
	c.capacity, _ = log.(Capacity)
	if keys, ok := tokens.(*TokenKeys); ok && keys != nil && len(keys.keys) > 0 {
		c.keys = keys
	}
	r := &Recorder{common: c}
	go r.run()
	return r, nil
}

// In returns a view of r that works in mode m: the entries that its Handler
// and Begin open. Everything else is shared, and closing one closes all.
func (r *Recorder) In(m Mode) *Recorder { return &Recorder{r.common, m} }

// Begin opens an Entry for something that is not an HTTP request, such as a
// job or a call of another protocol, and puts it in the context. kind says
// what it is, address where it came from; both may be empty. If ctx has a
// Principal, it is noted. The caller commits the Entry before any output and
// ends it.
//
// In mode [Strict] the intent is durable when Begin returns; if it could not
// be made so, every note and every commit of the Entry is refused. For nobody
// there is a limit: see [Strict].
func (r *Recorder) Begin(ctx context.Context, kind, address string) (context.Context, *Entry) {
	e := &Entry{}
	r.open(ctx, e, bounded(kind), address)
	if r.mode == Strict {
		_ = e.intend()
	}
	return &e.ctx, e
}

// open makes e a new Entry.
func (r *Recorder) open(ctx context.Context, e *Entry, kind, address string) {
	now := time.Now()
	e.recorder, e.opened, e.noted = r, now, 1
	e.id = newID(now)
	e.ctx = entryContext{ctx, e}
	e.who.method, e.who.address = kind, address
	if p, ok := safeguard.PrincipalFrom(ctx); ok {
		e.who.principal, e.who.known = p, true
	}
	r.counters.opened.Add(1)
}

// refused counts a refusal and tells the service.
func (r *Recorder) refused(err *RefusalError) {
	r.counters.refused.Add(1)
	if r.alarm != nil {
		defer func() { _ = recover() }() // the answer is refused all the same
		r.alarm(err)
	}
}

// append makes records durable and counts. Very many go in pieces that a log
// takes; of a commit that fails between two, those before stay in the log.
func (r *Recorder) append(ctx context.Context, records ...[]byte) error {
	for from, to := 0, 0; to < len(records); from = to {
		for size := 0; to < len(records) && (to == from || size+len(records[to]) <= maxAppend); to++ {
			size += len(records[to])
		}
		if err := r.log.Append(ctx, records[from:to]...); err != nil {
			r.counters.failures.Add(1)
			return err
		}
		r.counters.committed.Add(uint64(to - from))
	}
	return nil
}

// account makes v durable and returns how many records that took: none if it
// was counted instead. A quiet one may wait in the outbox.
func (r *Recorder) account(ctx context.Context, v *view, quiet bool) (int, error) {
	r.watchClock(v.now)
	v.look()
	if r.nobody.counts(v, r.low()) {
		r.counters.counted.Add(1)
		return 0, nil
	}
	x := encoders.Get().(*encoder)
	defer x.free()
	if err := r.records(ctx, x, v); err != nil {
		return 0, err
	}
	records, err := x.list()
	if err != nil || quiet && r.queue(records) {
		return len(records), x.taken(err)
	}
	return len(records), x.taken(r.append(ctx, records...))
}

// low reports whether the log has no room for nobody.
func (r *Recorder) low() bool { return r.capacity != nil && r.capacity.Low() }

// queue puts records into the outbox, if there is room.
func (r *Recorder) queue(records [][]byte) bool {
	items := make([]item, len(records))
	for i, b := range records {
		items[i].record = b
	}
	if !r.outbox.push(items...) {
		r.counters.waited.Add(1)
		return false
	}
	r.counters.queued.Add(uint64(len(records)))
	return true
}
