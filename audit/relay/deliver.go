package relay

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A batch is what is in hand.
type batch struct {
	records [][]byte
	indexes []uint64
	bytes   int
	next    uint64 // the first record that was not read
	left    uint64 // records that the filter left out
}

// full reports whether another record of that many bytes has no room, or
// whether too many were left out to go on without storing the cursor.
func (b *batch) full(bytes int, o *Options) bool {
	return len(b.records) >= o.MaxRecords || len(b.records) > 0 && b.bytes+bytes > o.MaxBytes || b.left >= maxRecords
}

// flush delivers the batch, stores the cursor, and empties the batch.
func (r *Relay) flush(ctx context.Context, b *batch) error {
	if b.next == r.Next() {
		return nil
	}
	r.counters.filtered.Add(b.left) // before whoever waits for the cursor goes on
	if err := r.deliver(ctx, b.records, b.indexes, b.next); err != nil {
		r.counters.filtered.Add(-b.left) // they are read again
		return err
	}
	clear(b.records)
	*b = batch{records: b.records[:0], indexes: b.indexes[:0], next: b.next}
	return nil
}

// deliver hands records over until the sink has them; next follows the last of
// them. What is refused for good is searched for by halves, in order, so that
// everything before it arrives.
func (r *Relay) deliver(ctx context.Context, records [][]byte, indexes []uint64, next uint64) error {
	err := r.retry(ctx, func(ctx context.Context) error { return r.put(ctx, records, next) })
	if err == nil {
		return r.done(ctx, len(records), next)
	}
	if !IsPermanent(err) {
		return err
	}
	half := len(records) / 2
	if half == 0 {
		return r.refuse(ctx, records, indexes, next, err)
	}
	if err := r.deliver(ctx, records[:half], indexes[:half], indexes[half]); err != nil {
		return err
	}
	return r.deliver(ctx, records[half:], indexes[half:], next)
}

// put calls the sink once.
func (r *Relay) put(ctx context.Context, records [][]byte, next uint64) error {
	ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
	defer cancel()
	if r.both != nil && len(records) > 0 {
		return r.both.DeliverNext(ctx, next, records...)
	}
	if len(records) == 0 {
		return nil
	}
	return r.sink.Deliver(ctx, records...)
}

// done stores the cursor behind records that the sink has.
func (r *Relay) done(ctx context.Context, records int, next uint64) error {
	if records > 0 {
		r.refused = 0
		r.counters.batches.Add(1)
		r.counters.delivered.Add(uint64(records))
	}
	return r.store(ctx, r.both != nil && records > 0, next)
}

func (r *Relay) store(ctx context.Context, stored bool, next uint64) error {
	if !stored {
		err := r.retry(ctx, func(ctx context.Context) error { return r.cursor.Store(ctx, next) })
		if err != nil {
			return wrap("cursor", err)
		}
	}
	r.advance(next)
	return nil
}

// refuse puts one record into quarantine, or ends the relay.
func (r *Relay) refuse(ctx context.Context, records [][]byte, indexes []uint64, next uint64, cause error) error {
	r.counters.refused.Add(1)
	refused := &RefusedError{Err: cause}
	if len(indexes) > 0 {
		refused.Index = indexes[0]
	}
	if r.options.Quarantine == nil {
		return refused
	}
	if r.refused++; r.refused > r.options.MaxQuarantined {
		return fmt.Errorf("relay: the sink takes nothing any more: %w", refused)
	}
	err := r.retry(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, r.options.Timeout)
		defer cancel()
		return r.options.Quarantine.Deliver(ctx, records...)
	})
	if err != nil {
		return wrap("quarantine", errors.Join(err, refused))
	}
	r.counters.quarantined.Add(1)
	return r.store(ctx, false, next)
}

const (
	recordedAt     = len(`{"specversion":"1.0","sequence":"00000000000000000000","recordedtime":"`)
	recordedLayout = "2006-01-02T15:04:05.000000000Z"
)

// recorded returns when a record took its place in the log, as far as it says
// so at the fixed place; else now.
func recorded(record []byte) time.Time {
	if len(record) < recordedAt+len(recordedLayout) {
		return time.Now()
	}
	at, err := time.Parse(recordedLayout, string(record[recordedAt:recordedAt+len(recordedLayout)]))
	if err != nil || at.Year() < 2000 {
		return time.Now()
	}
	return at
}
