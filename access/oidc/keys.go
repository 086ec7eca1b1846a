package oidc

import (
	"context"
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// keys keeps the keys of an issuer current.
//
// They are fetched when they are first needed, when they are older than every,
// and when a token names a key that is not among them; but never twice within
// least, however many tokens ask, and never twice at once. The first request
// after half of every begins a fetch that it does not wait for, so that nobody
// waits in a service that is in use, and yet no key counts longer than every
// after it was withdrawn. A fetch that fails leaves the keys as they are, until
// they are older than stale: from then on there are none.
type keys struct {
	source interface {
		fetch(context.Context) ([]byte, error)
	}
	every   time.Duration
	least   time.Duration
	stale   time.Duration
	timeout time.Duration

	current atomic.Pointer[keySet]
	waiting atomic.Int64
	fetches atomic.Uint64
	failed  atomic.Uint64

	mu         sync.Mutex
	last       time.Time     // when the last fetch began
	flight     chan struct{} // closed at the end of the fetch that is under way
	failing    bool          // the last fetch failed
	distrusted map[string]bool
	thumbs     map[[sha256.Size]byte]bool
}

// find returns the key that a token names.
func (k *keys) find(ctx context.Context, id string) (*publicKey, *Error) {
	set, err := k.fresh(ctx, time.Now())
	if err != nil {
		return nil, err
	}
	if key := set.find(id); key != nil {
		return key, nil
	}
	// A key that is known and was distrusted, or a token without a key id, is
	// no reason to ask.
	if id == "" || k.isDistrusted(id) || !k.refresh(ctx, true) {
		return nil, refusal(codeKey)
	}
	if set, err = k.fresh(ctx, time.Now()); err != nil {
		return nil, err
	}
	if key := set.find(id); key != nil {
		return key, nil
	}
	return nil, refusal(codeKey)
}

// fresh returns the keys, if they are not too old.
func (k *keys) fresh(ctx context.Context, now time.Time) (*keySet, *Error) {
	set := k.current.Load()
	if set != nil {
		age := elapsed(set.fetched, now)
		if age >= k.every/2 {
			k.takeOff()
		}
		if age < k.every {
			return set, nil
		}
	}
	k.refresh(ctx, set == nil || !k.isFailing())
	set = k.current.Load()
	if set == nil || elapsed(set.fetched, time.Now()) >= k.stale {
		return nil, refusal(codeKeys)
	}
	return set, nil
}

// refresh fetches the keys, or joins the fetch that is under way, and waits for
// its end if it is told to and not too many do. It reports whether a fetch has
// ended.
func (k *keys) refresh(ctx context.Context, wait bool) bool {
	flight := k.takeOff()
	if flight == nil || !wait {
		return false
	}
	defer k.waiting.Add(-1)
	if k.waiting.Add(1) > maxWaiting {
		return false
	}
	select {
	case <-flight:
		return true
	case <-ctx.Done():
		return false
	}
}

// takeOff returns the fetch that is under way, and begins one if it may.
func (k *keys) takeOff() <-chan struct{} {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flight != nil {
		return k.flight
	}
	if !k.last.IsZero() && time.Since(k.last) < k.least {
		return nil
	}
	k.last = time.Now()
	k.flight = make(chan struct{})
	k.fetches.Add(1)
	go k.land(k.flight)
	return k.flight
}

// land fetches. It belongs to no request: one that gives up does not take the
// keys from the others.
func (k *keys) land(flight chan struct{}) {
	ctx, cancel := context.WithTimeout(context.Background(), k.timeout)
	defer cancel()
	begun := time.Now()
	found, err := k.load(ctx)
	k.mu.Lock()
	defer k.mu.Unlock()
	defer close(flight)
	k.flight = nil
	k.failing = err != nil
	if err != nil {
		k.failed.Add(1)
		return
	}
	k.publish(found, begun)
}

func (k *keys) load(ctx context.Context) ([]*publicKey, error) {
	document, err := k.source.fetch(ctx)
	if err != nil {
		return nil, err
	}
	return parseKeySet(document)
}

// publish makes keys current, but for those that are distrusted. The caller
// holds the lock.
func (k *keys) publish(found []*publicKey, fetched time.Time) {
	for _, key := range found {
		if k.distrusted[key.id] && len(k.thumbs) < maxDistrusted {
			k.thumbs[key.thumbprint] = true // so that it counts under no other id
		}
	}
	trusted := slices.DeleteFunc(found, func(key *publicKey) bool {
		return k.distrusted[key.id] || k.thumbs[key.thumbprint]
	})
	k.current.Store(newKeySet(trusted, k.current.Load(), fetched))
}

// distrust takes a key away, whatever the issuer publishes. It returns false if
// the list is full.
func (k *keys) distrust(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.distrusted) >= maxDistrusted && !k.distrusted[id] {
		return false
	}
	k.distrusted[id] = true
	if set := k.current.Load(); set != nil {
		k.publish(slices.Collect(maps.Values(set.byID)), set.fetched)
	}
	return true
}

func (k *keys) isDistrusted(id string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.distrusted[id]
}

func (k *keys) isFailing() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.failing
}

// elapsed returns the time from t to now by the monotonic or the wall clock, whichever
// says more: the one stands still while a machine is suspended, the other can
// be set back.
func elapsed(t, now time.Time) time.Duration {
	return max(now.Sub(t), now.Round(0).Sub(t.Round(0)))
}
