package query

import (
	"context"
	"crypto/sha256"
	"sync"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/query/internal/index"
	"github.com/safeguard-sdk/safeguard/audit/query/internal/token"
)

// maxTail bounds the records of a growing segment that are indexed in memory,
// with some 100 bytes each. What is beyond is read each time.
const maxTail = 1 << 18

// A tail is the index, in memory, of the segment that still grows.
//
// A writer that crashed may have cut off what was not durable yet and written
// something else there. So before more is taken in, the last record that was
// must still be where it was.
type tail struct {
	mu      sync.Mutex
	segment string
	add     adder
	offset  int64 // of the last record
	sum     [sha256.Size]byte
}

// stands reports whether the last record is where it was.
func (t *tail) stands(ctx context.Context, r reader) bool {
	if t.add.builder.Len() == 0 {
		return true
	}
	data, err := r.ReadAt(ctx, t.segment, t.offset)
	return err == nil && sha256.Sum256(data) == t.sum
}

// An adder takes records into an index.
type adder struct {
	builder index.Builder
	reader  token.Reader
	keys    []index.Key
	scratch []byte
}

// take takes in a record. It reports false if there is no room.
func (a *adder) take(rec ledger.Record) bool {
	ok := a.reader.Read(rec.Data)
	a.keys = keysOf(a.keys[:0], &a.scratch, &a.reader.Record, ok)
	return a.builder.Add(index.Row{Offset: rec.Offset, Time: timeOf(&a.reader.Record, ok)}, a.keys)
}

// growing asks the segment that still grows.
func (v *view) growing(ctx context.Context, at int, m *matcher, from uint64) ([]place, bool, error) {
	s := v.segments[at]
	t := &v.tail
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.segment != s.Name || !t.stands(ctx, v.reader) {
		t.segment, t.add = s.Name, adder{}
	}
	next, err := t.grow(ctx, v.reader, s)
	if err != nil {
		return nil, false, err
	}
	list, err := v.find(&t.add.builder, at, m, from)
	if err != nil || next >= s.End {
		return list, err == nil, err
	}
	rest, err := v.scan(ctx, at, m, max(from, next))
	return append(list, rest...), err == nil, err
}

// maxSteps is how many records are read one by one rather than by a scan, which
// reads a segment from its start.
const maxSteps = 4096

// step takes in the next records one by one. It reports false if it does not
// come to the end that way.
func (t *tail) step(ctx context.Context, r reader, s ledger.Segment) bool {
	n := t.add.builder.Len()
	if n == 0 {
		return false
	}
	from := ledger.Record{Index: s.First + uint64(n) - 1, Offset: t.offset}
	return steps(ctx, r, s, from, maxSteps, func(rec ledger.Record) bool {
		if !t.add.take(rec) {
			return false
		}
		t.offset, t.sum = rec.Offset, sha256.Sum256(rec.Data)
		return true
	})
}

// steps visits the records behind one whose place is known, limit of them at
// most: each stands behind the one before, or behind the header of a batch that
// follows it. It reports whether it came to the end of the segment, and stops
// when visit returns false.
func steps(ctx context.Context, r reader, s ledger.Segment, from ledger.Record, limit int, visit func(ledger.Record) bool) bool {
	const frame, batch = 8, 32
	at := from.Offset
	last, err := r.ReadAt(ctx, s.Name, at)
	for next := from.Index + 1; err == nil && next < s.End; next++ {
		if limit--; limit < 0 {
			return false
		}
		at += frame + int64(len(last))
		if last, err = r.ReadAt(ctx, s.Name, at); err != nil {
			at += batch
			last, err = r.ReadAt(ctx, s.Name, at)
		}
		if err != nil || !visit(ledger.Record{Index: next, Data: last, Segment: s.Name, Offset: at}) {
			return false
		}
	}
	return err == nil
}

// grow takes in what is new, up to what the index has room for, and returns the
// first record that it has not.
func (t *tail) grow(ctx context.Context, r reader, s ledger.Segment) (next uint64, err error) {
	next = s.First + uint64(t.add.builder.Len())
	if next >= s.End || t.add.builder.Len() >= maxTail {
		return next, nil
	}
	if s.End-next <= maxSteps && t.step(ctx, r, s) {
		return s.First + uint64(t.add.builder.Len()), nil
	}
	next = s.First + uint64(t.add.builder.Len())
	var last []byte
	err = r.Scan(ctx, s, next, func(rec ledger.Record) error {
		if rec.Index < next {
			return nil
		}
		if t.add.builder.Len() >= maxTail || !t.add.take(rec) {
			return errStop
		}
		next, t.offset = next+1, rec.Offset
		last = append(last[:0], rec.Data...)
		return nil
	})
	if last != nil {
		t.sum = sha256.Sum256(last)
	}
	if err == errStop {
		err = nil
	}
	return next, err
}
