package relay

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Run carries records until ctx is done, and returns its error then. It also
// ends when going on would skip something or deliver to no end: a record that
// the sink refuses for good ([*RefusedError]), a record that the source lost
// ([ErrGap]) or that is damaged there, a cursor that cannot be trusted
// ([ErrCursor]), a source that was closed. Everything else is tried again, with
// growing pauses. Only one Run at a time; it may be called again.
func (r *Relay) Run(ctx context.Context) error {
	if !r.running.CompareAndSwap(false, true) {
		return ErrRunning
	}
	defer r.running.Store(false)
	err := r.run(ctx)
	r.pending.Store(0)
	r.tell(err)
	return err
}

func (r *Relay) run(ctx context.Context) error {
	next, err := r.load(ctx)
	if err != nil {
		return err
	}
	r.advance(next)
	for {
		if err := ctx.Err(); err != nil {
			return wrap("run", err)
		}
		if r.source.Size() > r.Next() {
			if err := r.read(ctx); err != nil {
				return err
			}
			continue
		}
		if err := r.idle(ctx); err != nil {
			return wrap("source", err)
		}
	}
}

// load reads the cursor and checks it against the source.
func (r *Relay) load(ctx context.Context) (next uint64, err error) {
	err = r.retry(ctx, func(ctx context.Context) (err error) {
		next, err = r.cursor.Load(ctx)
		return err
	})
	if err != nil {
		return 0, wrap("cursor", err)
	}
	if size := r.source.Size(); next > size {
		return 0, fmt.Errorf("%w: it has %d records and the cursor stands at %d", ErrGap, size, next)
	}
	return next, nil
}

// idle waits for a new record, and a little for others to come with it.
func (r *Relay) idle(ctx context.Context) error {
	r.pending.Store(0)
	next := r.Next()
	if err := r.source.Wait(ctx, next); err != nil {
		return err
	}
	size := r.source.Size()
	if size <= next {
		return errors.New("it ended")
	}
	if size-next >= uint64(r.options.MaxRecords) {
		return nil
	}
	return sleep(ctx, max(r.options.Linger, min(9*r.seek, maxSeek)))
}

// maxSeek bounds what a slow start of reading adds to Options.Linger.
const maxSeek = 10 * time.Second

// read goes once through what the source has, and tries again if that fails
// for a moment.
func (r *Relay) read(ctx context.Context) error {
	return r.retry(ctx, r.pass)
}

// pass delivers what the source has beyond the cursor.
func (r *Relay) pass(ctx context.Context) error {
	b := batch{next: r.Next()}
	began, first := time.Now(), b.next
	for record, err := range r.source.Records(ctx, b.next) {
		if b.next == first {
			r.seek = time.Since(began)
		}
		if err != nil {
			return r.lost(ctx, b, err)
		}
		if record.Index != b.next {
			return fmt.Errorf("%w: record %d is asked for, %d is there", ErrGap, b.next, record.Index)
		}
		if b.full(len(record.Data), &r.options) {
			if err := r.flush(ctx, &b); err != nil {
				return err
			}
		}
		r.take(&b, record)
	}
	if b.next == r.Next() {
		return errNothing // or Run would turn without a pause
	}
	return r.flush(ctx, &b)
}

var errNothing = errors.New("the source has records and yields none")

// lost delivers what was read before the source failed.
func (r *Relay) lost(ctx context.Context, b batch, cause error) error {
	if err := r.flush(ctx, &b); err != nil {
		return err
	}
	return wrap("source", cause)
}

// take puts a record into the batch, or leaves it out.
func (r *Relay) take(b *batch, record ledger.Record) {
	b.next = record.Index + 1
	if r.options.Filter != nil && !r.options.Filter(record.Data) {
		b.left++
		return
	}
	if len(b.records) == 0 {
		r.pending.Store(recorded(record.Data).UnixNano())
	}
	b.records = append(b.records, record.Data)
	b.indexes = append(b.indexes, record.Index)
	b.bytes += len(record.Data)
}

// retry calls f until it succeeds, or fails in a way that a later try would
// not mend, or ctx is done.
func (r *Relay) retry(ctx context.Context, f func(context.Context) error) error {
	for wait := r.options.MinBackoff; ; wait = min(2*wait, r.options.MaxBackoff) {
		before := r.Next()
		err := f(ctx)
		if err == nil || final(err) {
			return err
		}
		if ctx.Err() != nil {
			return wrap("run", ctx.Err())
		}
		r.counters.failures.Add(1)
		if r.Next() > before {
			wait = r.options.MinBackoff
		}
		if err := sleep(ctx, wait/2+rand.N(wait/2+1)); err != nil {
			return wrap("run", err)
		}
	}
}

// final reports whether trying again would be no use.
func final(err error) bool {
	if IsPermanent(err) || isCursor(err) {
		return true
	}
	for _, end := range []error{ErrGap, ledger.ErrDamaged, ledger.ErrClosed} {
		if errors.Is(err, end) {
			return true
		}
	}
	return false
}

// sleep waits.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
