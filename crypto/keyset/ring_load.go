package keyset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A slot is the place of one tenant in a Ring. ready is what Keyset answers
// with; a timer takes it away when the store is to be read again.
type slot struct {
	tenant string
	ready  atomic.Pointer[crypto.Keyset]

	mu    sync.Mutex
	load  *load   // in flight
	state *loaded // nil before the first, and after a refusal
	timer *time.Timer
}

// A load is one look at the store, which all who wait share.
type load struct {
	done chan struct{}
	keys *crypto.Keyset
	err  error
}

// loaded is what the last good look found. It is not changed, but replaced.
type loaded struct {
	*tenant
	content []byte    // of the file
	asked   time.Time // when the KEK last opened it
	good    time.Time // when everything that was due answered
	looked  time.Time // when the last look ended, good or not
	failure error     // of the last look
}

// begin returns the load to wait for, or the keys to go on with meanwhile.
func (r *Ring) begin(ctx context.Context, s *slot) (*load, *crypto.Keyset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if keys := s.ready.Load(); keys != nil {
		return nil, keys
	}
	if s.load == nil {
		s.load = &load{done: make(chan struct{})}
		go r.look(context.WithoutCancel(ctx), s, s.load)
	}
	// A tenant in use is not kept waiting. One that was idle is: what was
	// changed long ago must not be missed.
	if s.state != nil && time.Since(s.state.looked) < 2*r.o.Refresh {
		keys, err := s.state.keyset(time.Now()) // another may seal by now
		if err == nil {
			return s.load, keys
		}
	}
	return s.load, nil
}

// look reads the store and, if need be, asks the KEK.
func (r *Ring) look(ctx context.Context, s *slot, l *load) {
	ctx, cancel := context.WithTimeout(ctx, r.o.Timeout)
	defer cancel()
	s.mu.Lock()
	old := s.state
	s.mu.Unlock()
	next, err := r.read(ctx, s.tenant, old)
	if err != nil {
		next, err = r.without(old, err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if l.err = err; next != nil {
		l.keys = next.keys
	}
	if s.load == l { // nobody changed the keyset meanwhile
		s.load, s.state = nil, next
		r.serve(s)
	}
	close(l.done)
}

// renew makes a slot be looked at before it is used again.
func (s *slot) renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.load = nil
	s.ready.Store(nil)
	if s.state != nil {
		state := *s.state
		state.looked = time.Time{}
		s.state = &state
	}
}

// serve makes the keys of a slot ready until the store is to be read again,
// another key begins to seal, or an outage has lasted too long. The caller
// holds the slot's lock.
func (r *Ring) serve(s *slot) {
	state := s.state
	if state == nil {
		r.drop(s)
		return
	}
	until := min(r.o.Refresh, state.good.Add(r.o.Outage).Sub(state.looked))
	if turn := state.turns(state.looked); turn > 0 {
		until = min(until, turn)
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	keys := state.keys
	s.ready.Store(keys)
	s.timer = time.AfterFunc(until, func() { s.ready.CompareAndSwap(keys, nil) })
}

// read returns the state of a tenant by the store and the KEK.
func (r *Ring) read(ctx context.Context, name string, old *loaded) (*loaded, error) {
	content, err := r.store.Read(ctx, name)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if old != nil && bytes.Equal(content, old.content) && now.Sub(old.asked) < r.o.Recheck {
		return old.still(loaded{asked: old.asked, good: now, looked: now})
	}
	t, err := loadTenant(ctx, content, name, r.kek)
	if err != nil {
		return nil, err
	}
	if old != nil {
		t.adopt(old.tenant)
	}
	r.loads.Add(1)
	now = time.Now()
	t.keys, err = t.keyset(now)
	return &loaded{t, bytes.Clone(content), now, now, now, nil}, err
}

// still returns the state with other times, and with the key that seals now.
func (l *loaded) still(times loaded) (*loaded, error) {
	t := *l.tenant
	if sealing(t.facts, t.primary, times.looked) != t.keys.Primary().ID() {
		var err error
		if t.keys, err = t.keyset(times.looked); err != nil {
			return nil, err
		}
	}
	times.tenant, times.content = &t, l.content
	return &times, nil
}

// without returns the state to go on with after a failed look, nil if there
// is none.
func (r *Ring) without(old *loaded, cause error) (*loaded, error) {
	gone := errors.Is(cause, crypto.ErrTenant) && !errors.Is(cause, errAnother)
	if gone || refused(cause) {
		r.refusals.Add(1)
		return nil, cause
	}
	r.outages.Add(1)
	now := time.Now()
	if old == nil && (errors.Is(cause, ErrFormat) || errors.Is(cause, ErrKey) || errors.Is(cause, errAnother)) {
		return nil, cause
	}
	if old == nil || now.Sub(old.good) >= r.o.Outage {
		return nil, fmt.Errorf("%w: %w", ErrOutage, cause)
	}
	return old.still(loaded{asked: old.asked, good: old.good, looked: now, failure: cause})
}
