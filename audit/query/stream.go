package query

import (
	"context"
	"errors"
	"iter"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/query/internal/token"
)

// errStop ends a scan that has found enough.
var errStop = errors.New("stopped")

// A place is where a record lies.
type place struct {
	index   uint64
	segment int // of the view
	offset  int64
}

// places returns, in order, where the records from index from on lie that may
// answer m. What stands there is still to be compared.
func (v *view) places(ctx context.Context, m *matcher, from uint64) iter.Seq2[place, error] {
	return func(yield func(place, error) bool) {
		for list := range v.ahead(ctx, m, from) {
			if list.err != nil {
				yield(place{}, v.wrap(list.err))
				return
			}
			for _, p := range list.places {
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}

// found is what one segment has.
type found struct {
	places []place
	err    error
}

// ahead asks the segments one after the other, some of them ahead at the same
// time. A loop that ends early waits for those.
func (v *view) ahead(ctx context.Context, m *matcher, from uint64) iter.Seq[found] {
	return func(yield func(found) bool) {
		var queue []chan found
		next := 0
		defer func() {
			for _, c := range queue {
				<-c
			}
		}()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		for {
			for ; next < len(v.segments) && len(queue) < v.workers; next++ {
				if v.segments[next].End <= from {
					continue
				}
				c, at := make(chan found, 1), next
				queue = append(queue, c)
				go func() {
					list, err := v.segment(ctx, at, m, from)
					c <- found{list, err}
				}()
			}
			if len(queue) == 0 {
				return
			}
			list := <-queue[0]
			queue = queue[1:]
			if !yield(list) {
				return
			}
		}
	}
}

// segment asks one segment: its index if there is one that can be believed,
// else the segment itself.
func (v *view) segment(ctx context.Context, at int, m *matcher, from uint64) ([]place, error) {
	if err := v.slot(ctx); err != nil {
		return nil, err
	}
	defer v.free()
	if list, ok, err := v.indexed(ctx, at, m, from); ok || err != nil {
		return list, err
	}
	return v.scan(ctx, at, m, from)
}

// slot waits until a segment may be read: all questions of a Log share
// Options.Workers.
func (s *shard) slot(ctx context.Context) error {
	select {
	case s.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *shard) free() { <-s.slots }

// scan reads a segment as a whole.
func (v *view) scan(ctx context.Context, at int, m *matcher, from uint64) (list []place, err error) {
	v.wholly()
	var r token.Reader
	err = v.reader.Scan(ctx, v.segments[at], from, func(rec ledger.Record) error {
		if rec.Index < from || !m.may(rec.Data) {
			return nil
		}
		if r.Read(rec.Data) && !m.match(&r.Record) {
			return nil
		}
		list = append(list, place{rec.Index, at, rec.Offset})
		return nil
	})
	return list, err
}

// read returns the record at a place.
func (v *view) read(ctx context.Context, p place) ([]byte, error) {
	data, err := v.reader.ReadAt(ctx, v.segments[p.segment].Name, p.offset)
	return data, v.wrap(err)
}
