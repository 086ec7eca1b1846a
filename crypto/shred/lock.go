package shred

import "context"

// A lock is a mutex for which nobody waits longer than their context. It is
// made with a capacity of one.
type lock chan struct{}

func (l lock) acquire(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case l <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l lock) release() { <-l }
