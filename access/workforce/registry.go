package workforce

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard/access"
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
	last    atomic.Pointer[state.Fact] // of those folded
	running atomic.Bool

	folding  sync.Mutex // of whoever changes the table; never held while waiting
	loaded   bool       // what there was at first has been read
	table    table
	widening gate // one change that widens at a time

	nobody   access.Subject // who acts for somebody who may not
	cutters  cutters
	endings  endings
	kick     chan struct{} // Run has something to do
	renewed  chan struct{} // the lease was extended
	turns    bell          // whether this process may decide has changed
	counters counters
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
	if o.Sessions == 0 {
		o.Sessions = DefaultSessions
	}
	if what := o.fault(s); what != "" {
		return nil, fmt.Errorf("%w: %s", ErrOptions, what)
	}
	return &Registry{
		state: s, id: o.Name + "." + rand.Text(), options: o,
		started: time.Now(), widening: newGate(),
		endings: endings{more: make(chan struct{}, 1)}, kick: make(chan struct{}, 1), renewed: make(chan struct{}, 1),
	}, nil
}

// page is how many facts are read at a time.
const page = 5000

// timeout bounds one call of the State.
func (r *Registry) timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, min(max(r.options.Lease/3, time.Second), 10*time.Second))
}

// catchUp reads the facts that there are when it is called. What it has read
// before an error stays.
func (r *Registry) catchUp(ctx context.Context) error {
	for {
		last := r.last.Load()
		facts, err := r.since(ctx, last)
		if err != nil {
			return err
		}
		if len(facts) == 0 {
			r.load()
			return nil
		}
		if err := r.fold(facts); err != nil {
			return err
		}
	}
}

// load notes that the past has been read. What it ended is not in flight here,
// but whoever ended it may have crashed before the sessions were.
func (r *Registry) load() {
	r.folding.Lock()
	defer r.folding.Unlock()
	if r.loaded {
		return
	}
	r.loaded = true
	if len(r.options.Revokers) > 0 {
		r.endings.add(r.table.endedSince(time.Now().Add(-r.options.Sessions)))
	}
}

// fold makes facts the truth, those that it does not have yet.
func (r *Registry) fold(facts []state.Fact) error {
	r.folding.Lock()
	defer r.folding.Unlock()
	d := newDraft(&r.table)
	for i := range facts {
		if f := &facts[i]; f.Seq > d.seq || f.Seq == 0 {
			if err := d.fold(*f); err != nil {
				return r.breakDown(err)
			}
			r.last.Store(f)
		}
	}
	if r.loaded {
		r.endings.add(d.ended)
	}
	d.publish()
	return nil
}

// breakDown denies everybody from now on.
func (r *Registry) breakDown(err error) error {
	r.broken.Store(&err)
	r.turns.wake()
	return err
}

// since reads what came after the last fact, which is nil at first. It reads
// that one as well: a State that no longer has it was set back, and this process
// would take the next facts for ones that it has read.
func (r *Registry) since(ctx context.Context, last *state.Fact) ([]state.Fact, error) {
	ctx, cancel := r.timeout(ctx)
	defer cancel()
	after := uint64(0)
	if last != nil {
		after = last.Seq - 1
	}
	facts, err := r.state.Since(ctx, after, page)
	switch {
	case err != nil:
		return nil, fmt.Errorf("workforce: read: %w", err)
	case last == nil:
		return facts, nil
	case len(facts) == 0 || !same(last, &facts[0]):
		return nil, r.breakDown(fmt.Errorf("%w: the State was set back", ErrFacts))
	}
	return facts[1:], nil
}

func same(a, b *state.Fact) bool {
	return a.Seq == b.Seq && a.At.Equal(b.At) && a.Kind == b.Kind && a.Subject == b.Subject && bytes.Equal(a.Body, b.Body)
}

// wake makes Run look again.
func (r *Registry) wake() { signal(r.kick) }

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
