package ledger

import (
	"context"
	"fmt"
)

// Wait returns nil once more than size records are durable. It returns the
// error of ctx when that is done first, and [ErrClosed] or [ErrPoisoned] from a
// ledger that ended and has no more than size records. Who follows a ledger
// calls it with the index that comes next, and has no need to ask again and
// again.
func (l *Ledger) Wait(ctx context.Context, size uint64) error {
	for {
		more, err := l.waiter(size)
		if more == nil {
			return err
		}
		select {
		case <-more:
		case <-ctx.Done():
			return fmt.Errorf("ledger: wait: %w", ctx.Err())
		}
	}
}

// waiter returns a channel that is closed when something changes, or nil if
// there is nothing to wait for.
func (l *Ledger) waiter(size uint64) (<-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.watched.Store(true) // before the size is read: see advance
	switch {
	case l.size.Load() > size:
		return nil, nil
	case l.poison != nil:
		return nil, l.poison
	case l.ended:
		return nil, ErrClosed
	}
	if l.more == nil {
		l.more = make(chan struct{})
	}
	return l.more, nil
}

// wakeWaiters wakes all who wait; l.mu is held.
func (l *Ledger) wakeWaiters() {
	l.watched.Store(false)
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
}
