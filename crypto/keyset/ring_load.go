package keyset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A load is one look at the store, which all who wait share.
type load struct {
	done chan struct{}
	keys *crypto.Keyset
	err  error
}

// loaded is what the last good look found. It is not changed, but replaced.
type loaded struct {
	*tenant
	limit   terms     // those of the file and the options that are shorter
	content []byte    // of the file
	asked   time.Time // when the KEK last opened it
	good    time.Time // when the last look began in which everything that was due answered
	looked  time.Time // when the last look ended, good or not
	failure error     // of the last look
}

// lasts returns for how long after at the state may be used without an answer.
func (l *loaded) lasts(at time.Time) time.Duration { return l.good.Add(l.limit.outage).Sub(at) }

// begin returns the load to wait for, or the keys to go on with meanwhile, or
// neither if the slot is in the Ring no more.
func (r *Ring) begin(ctx context.Context, s *slot) (*load, *crypto.Keyset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if keys := s.ready.Load(); keys != nil {
		return nil, keys
	}
	if s.gone.Load() {
		return nil, nil
	}
	if s.load == nil {
		s.load = &load{done: make(chan struct{})}
		go r.look(context.WithoutCancel(ctx), s, s.load)
	}
	// A tenant in use is not kept waiting. One that was idle is: what was
	// changed long ago must not be missed.
	now := time.Now()
	if s.state != nil && now.Sub(s.state.looked) < 2*s.state.limit.refresh && s.state.lasts(now) > 0 {
		keys, err := s.state.keyset(now) // another may seal by now
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
	old, spent := s.state, s.spent
	s.mu.Unlock()
	next, err := r.read(ctx, s.tenant, old, spent)
	if err != nil {
		next, err = r.without(old, err)
	}

	s.mu.Lock()
	defer s.mu.Unlock()
	if l.err = err; next != nil {
		l.keys = next.keys
	}
	var keys *crypto.Keyset
	if s.load == l { // nobody changed the keyset meanwhile
		s.load, keys = nil, l.keys
		s.take(next, err)
	}
	r.settle(s, keys)
	if keys != nil {
		s.timer = time.AfterFunc(next.until(), func() { s.ready.CompareAndSwap(keys, nil) })
	}
	close(l.done)
}

// take puts what a look found in the place of what was there. What was refused
// is kept for its counts, unless the tenant is gone. The caller holds the
// slot's lock.
func (s *slot) take(next *loaded, err error) {
	switch {
	case next != nil || errors.Is(err, crypto.ErrTenant):
		s.spent = nil
	case s.state != nil:
		s.spent = s.state.tenant
	}
	if s.timer != nil {
		s.timer.Stop()
	}
	s.state = next
}

// until is how long the keys answer: until the store is to be read again,
// another key begins to seal, or an outage has lasted too long.
func (l *loaded) until() time.Duration {
	until := min(l.limit.refresh, l.lasts(l.looked))
	if turn := l.turns(l.looked); turn > 0 {
		until = min(until, turn)
	}
	return until
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

// read returns the state of a tenant by the store and the KEK.
func (r *Ring) read(ctx context.Context, name string, old *loaded, spent *tenant) (*loaded, error) {
	began := time.Now()
	content, err := r.store.Read(ctx, name)
	if err != nil {
		return nil, err
	}
	if old != nil && bytes.Equal(content, old.content) && time.Since(old.asked) < r.o.Recheck {
		return old.still(loaded{asked: old.asked, good: began, looked: time.Now()})
	}
	t, err := loadTenant(ctx, content, name, r.kek)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	if now.Sub(began) > t.terms.refresh {
		return nil, errSlow
	}
	if old != nil {
		spent = old.tenant
	}
	t.adopt(spent)
	r.loads.Add(1)
	t.keys, err = t.keyset(now)
	return &loaded{
		tenant: t, limit: t.terms.within(r.o.terms()), content: bytes.Clone(content),
		asked: now, good: began, looked: now,
	}, err
}

var errSlow = errors.New("keyset: load: took longer than the Refresh of the file")

// still returns the state with other times, and with the key that seals now.
func (l *loaded) still(times loaded) (*loaded, error) {
	t := *l.tenant
	if sealing(t.facts, t.primary, times.looked) != t.keys.Primary().ID() {
		var err error
		if t.keys, err = t.keyset(times.looked); err != nil {
			return nil, err
		}
	}
	times.tenant, times.limit, times.content = &t, l.limit, l.content
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
	if old == nil || old.lasts(now) <= 0 {
		return nil, fmt.Errorf("%w: %w", ErrOutage, cause)
	}
	return old.still(loaded{asked: old.asked, good: old.good, looked: now, failure: cause})
}
