package workforce

import (
	"context"
	"time"
)

// persistence is how long it is tried to take something away, whatever becomes of
// whoever asked for it: they may hang up, and they may be cut off by what they
// asked for.
const persistence = 10 * time.Second

// lasting returns a context that is done when ctx is, but not before persistence
// has passed.
func lasting(ctx context.Context) (context.Context, context.CancelFunc) {
	begun := time.Now()
	lasts, end := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		_ = rest(lasts, persistence-time.Since(begun)) // either way it is over
		end(context.Cause(ctx))
	})
	return lasts, func() {
		stop()
		end(context.Canceled)
	}
}
