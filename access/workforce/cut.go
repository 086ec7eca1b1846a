package workforce

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/safeguard-sdk/safeguard/access"
)

// A Cutter ends what is in flight of an account in this process: it returns
// once nothing of it can leave any more. A *access.Guard is one. It must be
// safe for concurrent use, may be called twice for one account, and returns
// soon after ctx is done, with an error if something may still leave.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Cutter interface {
	Cut(ctx context.Context, tenant, id string) error
}

// An AllCutter is a Cutter that can end what is in flight of everybody. Run
// asks for it when the lease is over. Without it only new decisions are denied
// then.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type AllCutter interface {
	Cutter
	CutAll(ctx context.Context) error
}

var _ access.Attacher = (*Registry)(nil)

// Attach makes terminations call g, for good, and the policy of g the one by
// which roles are granted and glass is broken, if Options.Policy is not set.
// access.New does it for the Registry that is its Options.Roles, by itself and
// not behind another source.
func (r *Registry) Attach(g *access.Guard) error {
	if g == nil {
		return fmt.Errorf("%w: the Guard is nil", ErrOptions)
	}
	r.cutters.attach(g)
	return r.AddCutter(g)
}

// AddCutter makes terminations call c, for good: what lets out something for
// an account and is no Guard over the Registry, which is known already. It
// returns [ErrOptions] if c is nil.
func (r *Registry) AddCutter(c Cutter) error {
	if c == nil {
		return fmt.Errorf("%w: the Cutter is nil", ErrOptions)
	}
	r.cutters.mu.Lock()
	defer r.cutters.mu.Unlock()
	if !r.cutters.has(c) {
		r.cutters.list = append(slices.Clip(r.cutters.list), c)
	}
	return nil
}

// cutters are those that were added.
type cutters struct {
	mu       sync.Mutex
	list     []Cutter
	attached []*access.Guard // those of list that ask the Registry
}

func (c *cutters) attach(g *access.Guard) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attached = append(slices.Clip(c.attached), g)
}

func (c *cutters) guards() []*access.Guard {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.attached
}

// has reports whether a Guard is there already. Others cannot be compared.
func (c *cutters) has(added Cutter) bool {
	g, ok := added.(*access.Guard)
	return ok && slices.ContainsFunc(c.list, func(x Cutter) bool {
		known, ok := x.(*access.Guard)
		return ok && known == g
	})
}

func (c *cutters) all() []Cutter {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list
}

// A Revoker ends the sessions of an account, wherever they are kept. It has
// the rules of a Cutter.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
type Revoker interface {
	Revoke(ctx context.Context, tenant, account string) error
}

// An ending is a fact that the flights and sessions of an account must not
// survive.
type ending struct {
	key key
	seq uint64
}

// endings are those that this process has not carried out yet.
type endings struct {
	mu   sync.Mutex
	list []ending
	more chan struct{}
}

func (e *endings) add(list []ending) {
	if len(list) == 0 {
		return
	}
	e.mu.Lock()
	e.list = append(e.list, list...)
	e.mu.Unlock()
	signal(e.more)
}

// done takes away those of an account up to a fact.
func (e *endings) done(up ending) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = slices.DeleteFunc(e.list, func(x ending) bool { return x.key == up.key && x.seq <= up.seq })
}

// accounts returns those that have any.
func (e *endings) accounts() []key {
	e.mu.Lock()
	defer e.mu.Unlock()
	var keys []key
	for _, x := range e.list {
		keys = append(keys, x.key)
	}
	return keys
}

// last returns the last one of an account.
func (e *endings) last(k key) (last ending, found bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.list {
		if x.key == k {
			last, found = x, true
		}
	}
	return last, found
}

// before returns the last fact up to which everything is carried out, if those
// up to folded are in force.
func (e *endings) before(folded uint64) uint64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, x := range e.list {
		folded = min(folded, x.seq-1)
	}
	return folded
}

// end cuts and revokes. After an error Run tries again.
func (r *Registry) end(ctx context.Context, e ending) error {
	if err := errors.Join(r.cut(ctx, e.key), r.revoke(ctx, e.key)); err != nil {
		return err
	}
	r.ended(e)
	return nil
}

// ended notes that an ending is carried out.
func (r *Registry) ended(e ending) {
	r.endings.done(e)
	r.wake()
}

func (r *Registry) cut(ctx context.Context, k key) error {
	var err error
	for _, c := range r.cutters.all() {
		err = errors.Join(err, c.Cut(ctx, k.tenant, k.id))
	}
	if err != nil {
		r.counters.cutFailures.Add(1)
	}
	return err
}

func (r *Registry) revoke(ctx context.Context, k key) error {
	var err error
	for _, c := range r.options.Revokers {
		err = errors.Join(err, c.Revoke(ctx, k.tenant, k.id))
	}
	if err != nil {
		r.counters.revokeFailures.Add(1)
	}
	return err
}

// cutAll ends everything in flight.
func (r *Registry) cutAll(ctx context.Context) error {
	var err error
	for _, c := range r.cutters.all() {
		if all, ok := c.(AllCutter); ok {
			err = errors.Join(err, all.CutAll(ctx))
		}
	}
	return err
}
