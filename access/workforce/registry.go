package workforce

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// A Registry knows who may act, by the facts of a State. It is the
// SubjectSource, the RoleSource and the EmergencySource of a Guard. It is safe
// for concurrent use; the zero value is not usable. Until Run has read the
// facts, and whenever it lacks a lease, every question is an error, and so a
// denial.
//
// Controls: HIPAA 164.308(a)(3)(ii)(A), 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(B), 164.308(a)(4)(ii)(C), 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
type Registry struct {
	state   state.State
	id      string
	options Options

	started time.Time // the base of the monotonic clock
	live    atomic.Pointer[deadline]
	broken  atomic.Pointer[error]
	running atomic.Bool

	folding  gate // who reads facts into the table
	widening gate // one change that widens at a time
	table    table

	endingsMu sync.Mutex
	endings   []ending // of which this process has not ended everything yet
	kick      chan struct{}
	counters  counters
}

// New returns a Registry over s. It reads nothing: Run does. It returns an
// error that unwraps to [ErrOptions] if s is nil or a setting cannot be used.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func New(s state.State, opts *Options) (*Registry, error) {
	o := Options{}
	if opts != nil {
		o = *opts
	}
	if o.Name == "" {
		o.Name = "replica"
	}
	if o.Lease == 0 {
		o.Lease = DefaultLease
	}
	if what := o.fault(s); what != "" {
		return nil, fmt.Errorf("%w: %s", ErrOptions, what)
	}
	return &Registry{
		state: s, id: o.Name + "." + rand.Text(), options: o,
		started: time.Now(), folding: newGate(), widening: newGate(), kick: make(chan struct{}, 1),
	}, nil
}

// page is how many facts are read at a time.
const page = 1000

// timeout bounds one call of the State.
func (r *Registry) timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, max(r.options.Lease/3, time.Second))
}

// catchUp reads the facts that there are when it is called. What was folded
// before an error stays.
func (r *Registry) catchUp(ctx context.Context) error {
	if err := r.folding.enter(ctx); err != nil {
		return err
	}
	defer r.folding.leave()
	return r.read(ctx)
}

// read is catchUp for whoever is in r.folding.
func (r *Registry) read(ctx context.Context) error {
	d := newDraft(&r.table)
	for {
		facts, err := r.since(ctx, d.seq)
		if err != nil {
			return err
		}
		for _, f := range facts {
			if err := d.fold(f); err != nil {
				r.broken.Store(&err)
				return err
			}
		}
		if len(facts) < page {
			break
		}
	}
	r.publish(d)
	r.broken.Store(nil)
	return nil
}

func (r *Registry) since(ctx context.Context, after uint64) ([]state.Fact, error) {
	ctx, cancel := r.timeout(ctx)
	defer cancel()
	facts, err := r.state.Since(ctx, after, page)
	if err != nil {
		return nil, fmt.Errorf("workforce: read: %w", err)
	}
	return facts, nil
}

// publish makes a draft the truth, and notes what is to be ended.
func (r *Registry) publish(d *draft) {
	if d.seq == d.from.seq.Load() {
		return
	}
	r.endingsMu.Lock()
	r.endings = append(r.endings, d.ended...)
	r.endingsMu.Unlock()
	d.publish()
	r.wake()
}

// wake makes Run look again.
func (r *Registry) wake() {
	select {
	case r.kick <- struct{}{}:
	default:
	}
}

// A gate lets one in at a time, and gives up with the context.
type gate chan struct{}

func newGate() gate { return make(gate, 1) }

func (g gate) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case g <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (g gate) leave() { <-g }

// moved reports whether an Append found other facts than those decided by.
func moved(err error) bool { return errors.Is(err, state.ErrMoved) }
