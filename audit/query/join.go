package query

import (
	"context"
	"encoding/json"
	"math"
	"slices"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/query/internal/index"
	"github.com/safeguard-sdk/safeguard/audit/query/internal/token"
)

// Bounds of what is joined to one hit.
const (
	maxParts = 256
	maxNames = 1024
)

// A request is all that a ledger has of one Entry.
type request struct {
	tenant    string
	segment   int // of its hits, the first and the last
	last      int
	start     uint64 // index of the first hit, where it lies, and whether it is the first part
	offset    int64
	first     bool
	lastIndex uint64          // of the last hit
	seen      map[uint64]bool // indexes of its records
	parts     map[int]bool
	fields    []string
	opened    []string
	ended     *audit.Ended
}

// whole reports whether nothing more is to be found.
func (r *request) whole() bool {
	return r.ended != nil && len(r.parts) >= r.ended.Parts || len(r.parts) >= maxParts
}

// join completes the hits of this ledger with the rest of their requests.
func (v *view) join(ctx context.Context, hits []Hit) error {
	requests := map[string]*request{}
	for i := range hits {
		h := &hits[i]
		if h.Ledger != v.Name || h.Access.Entry == "" || !audit.IsAccess(h.Type) {
			continue
		}
		r := requests[h.Access.Entry]
		if r == nil {
			r = &request{
				segment: h.place.segment, start: h.Index, offset: h.place.offset, first: h.Access.Part == 0,
				seen: map[uint64]bool{}, parts: map[int]bool{},
			}
			requests[h.Access.Entry] = r
		}
		r.last, r.lastIndex = h.place.segment, h.Index
		r.seen[h.Index], r.parts[h.Access.Part] = true, true
		merge(&r.fields, h.Access.Fields)
		merge(&r.opened, h.Access.Opened)
		if p := h.Access.Principal; p != nil {
			r.tenant = p.Tenant
		}
	}
	if err := v.gather(ctx, requests); err != nil {
		return v.wrap(err)
	}
	for i := range hits {
		h := &hits[i]
		r := requests[h.Access.Entry]
		if h.Ledger != v.Name || r == nil {
			continue
		}
		h.Ended, h.Parts = r.ended, max(1, len(r.parts))
		merge(&h.Access.Fields, r.fields)
		merge(&h.Access.Opened, r.opened)
	}
	return nil
}

// gather finds the records of requests: first in the segments from the first
// hit of each on, since a request ends after it began, then in those before.
func (v *view) gather(ctx context.Context, requests map[string]*request) error {
	for at := range v.segments {
		open := func(r *request) bool { return r.segment <= at && (at <= r.last || !r.whole()) }
		if err := v.related(ctx, at, requests, open); err != nil {
			return err
		}
	}
	for at := len(v.segments) - 1; at >= 0; at-- {
		open := func(r *request) bool { return r.segment > at && !r.whole() && r.early() }
		if err := v.related(ctx, at, requests, open); err != nil {
			return err
		}
	}
	return nil
}

// early reports whether a part is missing before one that was found.
func (r *request) early() bool {
	highest := -1
	for n := range r.parts {
		highest = max(highest, n)
	}
	return len(r.parts) <= highest
}

// related takes in the records of those requests that are open and have some in
// a segment.
func (v *view) related(ctx context.Context, at int, requests map[string]*request, open func(*request) bool) error {
	var wanted []string
	for entry, r := range requests {
		if open(r) {
			wanted = append(wanted, entry)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	slices.Sort(wanted)
	m := &matcher{from: index.NoTime, to: math.MaxInt64, entries: map[string]*request{}}
	var scratch []byte
	for _, entry := range wanted {
		m.keys = append(m.keys, index.KeyOf(&scratch, keyEntry, []byte(entry)))
		m.entries[entry] = requests[entry]
	}
	if err := v.slot(ctx); err != nil {
		return err
	}
	defer v.free()
	if v.index != nil && !v.unindexed {
		return v.relatedIndexed(ctx, at, m)
	}
	return v.relatedScan(ctx, at, m)
}

// relatedIndexed asks the index of a segment.
func (v *view) relatedIndexed(ctx context.Context, at int, m *matcher) error {
	var r token.Reader
	v.near(ctx, at, m, &r, fewNear)
	if m.complete(at) {
		return nil
	}
	list, ok, err := v.indexed(ctx, at, m, 0)
	if err != nil {
		return err
	}
	if !ok {
		return v.relatedScan(ctx, at, m)
	}
	for _, p := range list {
		record, err := v.reader.ReadAt(ctx, v.segments[at].Name, p.offset)
		if err != nil {
			return err
		}
		m.take(&r, p.index, record)
	}
	return nil
}

// relatedScan reads a segment, from where the first of the requests is known to
// begin, until all are whole.
func (v *view) relatedScan(ctx context.Context, at int, m *matcher) error {
	var reader token.Reader
	v.near(ctx, at, m, &reader, maxNear)
	if m.complete(at) {
		return nil
	}
	from := v.segments[at].End
	for _, r := range m.entries {
		if at < r.last || !r.whole() {
			from = min(from, r.from(at))
		}
	}
	err := v.reader.Scan(ctx, v.segments[at], from, func(rec ledger.Record) error {
		if rec.Index < from || !m.mayEnd(rec.Data) {
			return nil
		}
		m.take(&reader, rec.Index, rec.Data)
		for _, r := range m.entries {
			if at < r.last || rec.Index < r.lastIndex || !r.whole() {
				return nil
			}
		}
		return errStop
	})
	if err == errStop {
		return nil
	}
	return err
}

// How many records behind a hit are read one by one: before an index is asked,
// and before a segment is scanned.
const (
	fewNear = 16
	maxNear = 512
)

// complete reports whether all requests are whole and end in this segment.
func (m *matcher) complete(at int) bool {
	for _, r := range m.entries {
		if at < r.last || !r.whole() {
			return false
		}
	}
	return true
}

// near looks right behind the hits of a segment, where most requests end.
func (v *view) near(ctx context.Context, at int, m *matcher, reader *token.Reader, limit int) {
	for _, r := range m.entries {
		if at != r.segment || at != r.last || !r.first || r.start != r.lastIndex {
			continue
		}
		hit := ledger.Record{Index: r.start, Offset: r.offset}
		steps(ctx, v.reader, v.segments[at], hit, limit, func(rec ledger.Record) bool {
			if m.mayEnd(rec.Data) {
				m.take(reader, rec.Index, rec.Data)
			}
			return !r.whole()
		})
	}
}

// from returns where in a segment the request begins, as far as is known.
func (r *request) from(at int) uint64 {
	if at == r.segment && r.first {
		return r.start
	}
	return 0
}

// take takes in a record of one of the requests.
func (m *matcher) take(reader *token.Reader, i uint64, record []byte) {
	if !reader.Read(record) {
		return
	}
	r := m.entries[string(reader.Entry)]
	if r == nil || r.seen[i] {
		return
	}
	r.seen[i] = true
	var e struct {
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(record, &e) != nil {
		return
	}
	if string(reader.Type) == audit.TypeEnded {
		var ended audit.Ended
		if json.Unmarshal(e.Data, &ended) == nil && r.ended == nil {
			r.ended = &ended
		}
		return
	}
	var a audit.Access
	if !audit.IsAccess(string(reader.Type)) || string(reader.Actor.Tenant) != r.tenant || json.Unmarshal(e.Data, &a) != nil {
		return
	}
	r.parts[a.Part] = true
	merge(&r.fields, a.Fields)
	merge(&r.opened, a.Opened)
}
