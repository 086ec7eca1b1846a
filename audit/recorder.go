package audit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// Options are the settings of a [Recorder]. The zero value, or nil, is the
// safe choice for every field but Source, which should be given.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Options struct {
	// Source names the service and instance in every record, as a URI
	// reference. The default is "urn:safeguard:service".
	Source string
	// Deadline is how long a commit may take before the request is refused.
	// The default is 2 seconds.
	Deadline time.Duration
	// Unauthenticated bounds the records of requests of nobody.
	Unauthenticated Limit
	// OnRefusal, if given, is called with every *RefusalError, so that the
	// service can raise its own alarm: clients see no cause. It is called on
	// the request's goroutine, before the answer, and must return soon.
	OnRefusal func(error)
}

// ErrOptions reports settings that make no sense.
//
// Controls: HIPAA 164.312(b).
var ErrOptions = errors.New("audit: options: not usable")

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
	log      Log
	tokens   Tokens
	source   string
	deadline time.Duration
	nobody   *nobody
	alarm    func(error)
	counters counters
	since    time.Time

	ends chan []byte
	stop chan struct{}
	done chan struct{}

	mu        sync.Mutex
	closed    bool
	reporters []safeguard.Reporter
}

type counters struct {
	opened, committed, refused, lost, failures atomic.Uint64
}

// maxEnds is how many end records may wait; a request that finds it full
// records its end itself.
const maxEnds = 1024

// New returns a Recorder that writes to log and replaces patients by tokens.
// It returns ErrOptions if log or tokens is nil, if a setting is negative, or
// if Source cannot stand in a record. Close must be called.
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
	case o.Deadline < 0 || o.Unauthenticated.PerSecond < 0 || o.Unauthenticated.Burst < 0:
		return nil, fmt.Errorf("%w: Deadline and Unauthenticated must not be negative", ErrOptions)
	}
	if o.Source == "" {
		o.Source = "urn:safeguard:service"
	}
	if o.Deadline == 0 {
		o.Deadline = 2 * time.Second
	}
	if o.Unauthenticated == (Limit{}) {
		o.Unauthenticated = Limit{PerSecond: 10, Burst: 100}
	}
	now := time.Now()
	r := &Recorder{
		log: log, tokens: tokens, source: o.Source, deadline: o.Deadline,
		nobody: newNobody(o.Unauthenticated, now), since: now, alarm: o.OnRefusal,
		ends: make(chan []byte, maxEnds), stop: make(chan struct{}), done: make(chan struct{}),
	}
	if _, err := r.render("probe", "", TypeObservation, now, Observed{}); err != nil {
		return nil, fmt.Errorf("%w: Source must be a URI reference, such as urn:clinic:charts", ErrOptions)
	}
	go r.run()
	return r, nil
}

// Begin opens an Entry for something that is not an HTTP request, such as a
// job or a call of another protocol, and puts it in the context. kind says
// what it is, address where it came from if nobody is identified; both may be
// empty. If ctx has a Principal, it is noted. The caller commits the Entry
// before any output and ends it.
func (r *Recorder) Begin(ctx context.Context, kind, address string) (context.Context, *Entry) {
	now := time.Now()
	e := &Entry{
		recorder: r, id: newID(now), opened: now, noted: 1,
		identity: identity{method: bounded(kind), address: address},
		seen:     map[any]struct{}{}, commits: make(chan struct{}, 1),
	}
	if p, ok := safeguard.PrincipalFrom(ctx); ok {
		e.identity.principal = p
	}
	r.counters.opened.Add(1)
	return context.WithValue(ctx, entryKey{}, e), e
}

// refused counts a refusal and tells the service.
func (r *Recorder) refused(err *RefusalError) {
	r.counters.refused.Add(1)
	if r.alarm != nil {
		defer func() { _ = recover() }() // the answer is refused all the same
		r.alarm(err)
	}
}

func (r *Recorder) append(ctx context.Context, records ...[]byte) error {
	if err := r.log.Append(ctx, records...); err != nil {
		r.counters.failures.Add(1)
		return err
	}
	r.counters.committed.Add(uint64(len(records)))
	return nil
}

// end hands an end record to the goroutine, or appends it here if there are
// too many waiting or the Recorder has been closed.
func (r *Recorder) end(ended Ended, now time.Time) {
	b, err := r.render(ended.Entry+".end", ended.Entry, TypeEnded, now, ended)
	if err != nil {
		r.counters.lost.Add(1)
		return
	}
	r.mu.Lock()
	queued := false
	if !r.closed {
		select {
		case r.ends <- b:
			queued = true
		default:
		}
	}
	r.mu.Unlock()
	if !queued {
		r.appendEnds([][]byte{b})
	}
}

func (r *Recorder) appendEnds(records [][]byte) {
	ctx, cancel := context.WithTimeout(context.Background(), r.deadline)
	defer cancel()
	if r.append(ctx, records...) != nil {
		r.counters.lost.Add(uint64(len(records)))
	}
}

// run makes end records, aggregates and observations durable until Close.
func (r *Recorder) run() {
	defer close(r.done)
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	hour := time.NewTicker(time.Hour)
	defer hour.Stop()
	for {
		select {
		case first := <-r.ends:
			r.appendEnds(r.drain(first))
		case <-minute.C:
			r.aggregate()
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

// drain returns first and what waits behind it.
func (r *Recorder) drain(first []byte) [][]byte {
	records := [][]byte{first}
	for {
		select {
		case b := <-r.ends:
			records = append(records, b)
		default:
			return records
		}
	}
}

// aggregate records the counts of requests of nobody.
func (r *Recorder) aggregate() {
	now := time.Now()
	u, any := r.nobody.take(now)
	if !any {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), r.deadline)
	defer cancel()
	b, err := r.render(newID(now), "", TypeUnauthenticated, now, u)
	if err == nil {
		err = r.append(ctx, b)
	}
	if err != nil {
		r.nobody.restore(u)
	}
}

// Close makes durable what is left (end records, counts, a last observation of
// every Reporter) and ends the goroutine. It does not close the Log. It must
// be called after the server has shut down; a later call returns ErrClosed.
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
	select {
	case first := <-r.ends:
		r.appendEnds(r.drain(first))
	default:
	}
	r.aggregate()
	return r.observe(ctx, "stop", reporters)
}

// In returns a view of r that works in mode m: the entries that its Handler
// and Begin open. Everything else is shared.
func (r *Recorder) In(m Mode) *Recorder { return r }
