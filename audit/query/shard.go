package query

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// A reader is what a shard needs of a ledger.Reader.
type reader interface {
	Segments(ctx context.Context) ([]ledger.Segment, error)
	Scan(ctx context.Context, s ledger.Segment, from uint64, visit func(ledger.Record) error) error
	ReadAt(ctx context.Context, segment string, offset int64) ([]byte, error)
	Floor() (uint64, error)
	Checkpoint(verifierKey string) (ledger.Checkpoint, error)
	Bundle(ctx context.Context, verifierKey string, indexes []uint64, opts *ledger.BundleOptions) (ledger.Bundle, error)
}

// A shard is one ledger of a Log.
type shard struct {
	Ledger
	reader  reader
	workers int
	slots   chan struct{} // shared by all shards
	index   *indexes      // nil without an index
	tail    tail

	mu   sync.Mutex
	seen uint64 // the most records that a checkpoint was seen to cover
}

func newShard(one Ledger, o *Options, slots chan struct{}) *shard {
	s := &shard{Ledger: one, workers: o.Workers, slots: slots}
	if one.Reader != nil {
		s.reader = one.Reader
	}
	if o.IndexDir != "" {
		s.index = newIndexes(o.IndexDir, o.IndexKey, one.Name)
	}
	return s
}

// A view is a shard at the time of one question.
type view struct {
	*shard
	segments  []ledger.Segment
	extent    Extent
	unindexed bool

	mu sync.Mutex // guards extent while segments are read
}

// An Extent says how much of one ledger an answer covers.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Extent struct {
	// Ledger is its name.
	Ledger string
	// Size is how many records it had. Those before Floor were pruned and are
	// in no answer; ledger.Verify says whether that is signed for.
	Size, Floor uint64
	// Signed is how many the signed checkpoint covered, Anchored how many one
	// that was kept elsewhere did. Records beyond can be changed without a
	// trace: beyond Signed by whoever writes the disk, beyond Anchored by
	// whoever has the ledger's key too.
	Signed, Anchored uint64
	// Scanned is how many segments had no index and were read as a whole.
	Scanned int
	// Distrusted are index files that were not believed: damaged, or written
	// by somebody without the key. Their segments were read instead.
	Distrusted []string
}

// wrap names the ledger of an error.
func (s *shard) wrap(err error) error {
	if err == nil || errors.Is(err, errStop) {
		return err
	}
	return &LedgerError{s.Name, err}
}

// look returns a view of the shard, or an error if it is not whole.
func (s *shard) look(ctx context.Context, unindexed bool) (*view, error) {
	if s.reader == nil {
		return nil, s.wrap(errors.New("it is missing"))
	}
	signed, err := s.reader.Checkpoint(s.VerifierKey)
	if err != nil {
		return nil, s.wrap(err)
	}
	segments, err := s.reader.Segments(ctx)
	if err != nil {
		return nil, s.wrap(err)
	}
	floor, err := s.reader.Floor()
	if err != nil {
		return nil, s.wrap(err)
	}
	v := &view{shard: s, segments: segments, unindexed: unindexed}
	v.extent = Extent{Ledger: s.Name, Floor: floor, Signed: signed.Size}
	if err := v.whole(); err != nil {
		return nil, s.wrap(err)
	}
	if s.Anchored == nil {
		return v, nil
	}
	v.extent.Anchored, err = s.Anchored(ctx)
	if err == nil && v.extent.Anchored > v.extent.Size {
		err = errors.New("it is shorter than a checkpoint that was kept elsewhere")
	}
	if err != nil {
		return nil, s.wrap(err)
	}
	return v, nil
}

// whole returns an error if segments are missing between, before or behind
// those that are there.
func (v *view) whole() error {
	next := v.extent.Floor
	for i, seg := range v.segments {
		if i == 0 && seg.First <= next {
			next = seg.First
		}
		if seg.First != next {
			return fmt.Errorf("records from %d to %d are missing", next, seg.First)
		}
		next = seg.End
	}
	v.extent.Size = next
	if next < v.extent.Signed {
		return fmt.Errorf("it ends at %d, its checkpoint covers %d", next, v.extent.Signed)
	}
	v.shard.mu.Lock()
	defer v.shard.mu.Unlock()
	if v.extent.Signed < v.seen {
		return fmt.Errorf("its checkpoint covers %d and covered %d before", v.extent.Signed, v.seen)
	}
	v.seen = v.extent.Signed
	return nil
}

// wholly notes that a segment was read as a whole.
func (v *view) wholly() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.extent.Scanned++
}

// distrust notes that an index was not believed.
func (v *view) distrust(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if !slices.Contains(v.extent.Distrusted, name) {
		v.extent.Distrusted = append(v.extent.Distrusted, name)
	}
}
