package keyset

import (
	"context"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

const (
	// maxComing bounds the first loads under way, of tenants that may not
	// exist. Those in memory are looked at again besides.
	maxComing = 64
	// maxSought bounds the slots that are looked at for one to leave.
	maxSought = 64
)

// A slot is the place of one tenant in a Ring. ready is what Keyset answers
// with; a timer takes it away when the store is to be read again. Only a slot
// of Ring.slots is ever ready.
type slot struct {
	tenant string
	ready  atomic.Pointer[crypto.Keyset]
	gone   atomic.Bool // it is in the Ring no more

	mu    sync.Mutex
	load  *load   // in flight
	state *loaded // nil before the first, and after a refusal
	spent *tenant // what state was before a refusal: its keys are not used, but have the counts
	timer *time.Timer
}

// find returns the slot of a tenant, nil if it has none.
func (r *Ring) find(tenant string) *slot {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.found(tenant)
}

// found is find for a caller that holds the lock. It copies slots once looking
// them up here has cost as much.
func (r *Ring) found(tenant string) *slot {
	s := r.slots[tenant]
	if s == nil {
		return r.coming[tenant]
	}
	if r.misses++; r.misses >= len(r.slots) {
		recent := maps.Clone(r.slots)
		r.recent.Store(&recent)
		r.misses = 0
	}
	return s
}

// slot returns the slot of a tenant. One that is not in memory waits for a
// place among those that come.
func (r *Ring) slot(ctx context.Context, tenant string) (*slot, error) {
	if s := r.find(tenant); s != nil {
		return s, nil
	}
	select {
	case r.places <- struct{}{}:
		return r.come(tenant), nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// come makes a slot of a tenant that takes the caller's place, or gives the
// place back if another was first.
func (r *Ring) come(tenant string) *slot {
	r.mu.Lock()
	defer r.mu.Unlock()
	if s := r.found(tenant); s != nil {
		<-r.places
		return s
	}
	s := &slot{tenant: strings.Clone(tenant)}
	r.coming[s.tenant] = s
	return s
}

// settle gives a slot its place after a load, for which another may have to
// leave, or takes it away if nothing is known of the tenant. What it answers
// with from then on is keys. The caller holds the slot's lock.
func (r *Ring) settle(s *slot, keys *crypto.Keyset) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.coming[s.tenant] == s {
		delete(r.coming, s.tenant)
		<-r.places
		if s.state != nil {
			r.evict()
			r.slots[s.tenant] = s
		}
	}
	if r.slots[s.tenant] != s {
		s.gone.Store(true)
		return
	}
	if s.state == nil && s.spent == nil {
		r.leave(s)
		return
	}
	s.ready.Store(keys)
}

// evict makes room for one more slot: one that is not ready leaves, or else
// any. The caller holds the lock.
func (r *Ring) evict() {
	if len(r.slots) < r.o.Tenants {
		return
	}
	var victim *slot
	sought := 0
	for _, s := range r.slots { // in no order
		victim = s
		if sought++; sought == maxSought || s.ready.Load() == nil {
			break
		}
	}
	r.leave(victim)
}

// leave takes a slot away. The caller holds the lock.
func (r *Ring) leave(s *slot) {
	delete(r.slots, s.tenant)
	s.gone.Store(true)
	s.ready.Store(nil)
}
