package workforce

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Ready waits until this process may decide, so that a service begins to serve
// then and not earlier. It returns an error that unwraps to [ErrNotLive] when
// ctx is done before, and [ErrFacts] if there is a fact that is not understood.
// Somebody has to call [Registry.Run]. Later the lease may be over again: every
// question says so by itself.
func (r *Registry) Ready(ctx context.Context) error {
	for {
		turn := r.turns.next()
		err := r.alive(time.Now())
		if err == nil || errors.Is(err, ErrFacts) {
			return err
		}
		select {
		case <-turn:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ErrNotLive, context.Cause(ctx))
		}
	}
}

// A bell wakes everybody who waits for it.
type bell struct {
	mu   sync.Mutex
	ring chan struct{} // nil if nobody waits
}

// next is closed when the bell is rung next.
func (b *bell) next() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ring == nil {
		b.ring = make(chan struct{})
	}
	return b.ring
}

func (b *bell) wake() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ring != nil {
		close(b.ring)
		b.ring = nil
	}
}
