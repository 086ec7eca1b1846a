package crypto

import (
	"context"
	"sync/atomic"
	"time"
)

// A budget is what a process may seal under one key without asking: messages
// that were leased and are not used. To spend one costs one atomic addition.
type budget struct {
	left   atomic.Int64  // below zero: lease
	leased atomic.Uint64 // by this process
	turn   chan struct{} // holds a token while a lease is under way

	// Held with the turn.
	tenant string    // of the first lease
	floor  uint64    // the highest count that was seen for tenant
	told   bool      // that the key is exhausted
	asked  time.Time // for a rotation since then
}

func newBudget() *budget { return &budget{turn: make(chan struct{}, 1)} }

// spend takes one message, if one is left.
func (b *budget) spend() bool { return b.left.Add(-1) >= 0 }

// used returns how many messages were spent. While a lease is under way it may
// be too high by the lease, never too low.
func (b *budget) used() uint64 {
	left := b.left.Load()
	return b.leased.Load() - uint64(max(left, 0))
}

// spendN takes n messages, or none if fewer are left.
func (b *budget) spendN(n uint64) bool {
	for {
		left := b.left.Load()
		if left < int64(n) {
			return false
		}
		if b.left.CompareAndSwap(left, left-int64(n)) {
			return true
		}
	}
}

// lease spends n messages, for which it first asks for what is missing, or
// more, unless somebody else just did. Whoever found too few left has spent
// none, and what was leased in vain stays, so that the store loses nothing.
func (b *budget) lease(ctx context.Context, n uint64, ask func(missing uint64) (uint64, error)) error {
	select {
	case b.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-b.turn }()
	if b.spendN(n) {
		return nil
	}
	got := uint64(max(b.left.Swap(0), 0))
	for got < n {
		more, err := ask(n - got)
		if err != nil {
			b.left.Store(int64(got))
			return err
		}
		b.leased.Add(more)
		got += more
	}
	b.left.Store(int64(got - n))
	return nil
}

// Blocks of messages that are leased at once: a crash loses at most one.
func tenantBlock(limit uint64) uint64  { return max(1, limit>>12) }
func subjectBlock(limit uint64) uint64 { return max(1, limit>>16) }

// half is the count at which a key should be replaced.
func half(limit uint64) uint64 { return (limit + 1) / 2 }
