package main

import (
	"context"
	"errors"
	"hash/maphash"
	"sync"
	"time"
)

// A throttle slows down who guesses passwords: after five failures for a name
// each further attempt has to wait, twice as long every time, up to a minute.
// Names fall into a fixed number of buckets by a keyed hash, so that memory is
// bounded, unknown names behave as known ones do, and nobody can pick a name
// that shares a colleague's bucket.
//
// It forgets at a restart, and does not stop guesses at many names from one
// address; a service on the open network wants that in front of it.
type throttle struct {
	seed maphash.Seed
	work chan struct{} // how many passwords are hashed at once

	mu      sync.Mutex
	buckets [1024]bucket
}

type bucket struct {
	failures int
	until    time.Time
}

const (
	freeAttempts = 5
	maxWait      = time.Minute
)

// errBusy reports that too many people are signing in at once.
var errBusy = errors.New("clinic: sign-in: too many at once")

func newThrottle() *throttle {
	return &throttle{seed: maphash.MakeSeed(), work: make(chan struct{}, 2)}
}

func (t *throttle) bucket(name string) *bucket {
	return &t.buckets[maphash.String(t.seed, name)%uint64(len(t.buckets))]
}

// try counts an attempt as failed until succeed is called, and returns how
// long to wait before it may be made; zero means now.
func (t *throttle) try(name string) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	b, now := t.bucket(name), time.Now()
	if wait := b.until.Sub(now); wait > 0 {
		return wait
	}
	b.failures++
	if over := b.failures - freeAttempts; over >= 0 {
		b.until = now.Add(min(time.Second<<min(over, 10), maxWait))
	}
	return 0
}

// succeed forgets the failures of a name.
func (t *throttle) succeed(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	*t.bucket(name) = bucket{}
}

// working runs f when there is room for another hash, and returns errBusy if
// that takes more than two seconds.
func (t *throttle) working(ctx context.Context, f func() (bool, error)) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	select {
	case t.work <- struct{}{}:
	case <-ctx.Done():
		return false, errBusy
	}
	defer func() { <-t.work }()
	return f()
}
