package ledger

import (
	"context"
	"errors"
	"iter"
	"sync"
)

// A Reader reads the ledger in a directory beside the process that writes it,
// or a copy. It needs no key, changes nothing and takes no lock. It shows whole
// batches only; the last of them can be in the file a moment before it is
// durable, so what must not be lost with a power cut is what a checkpoint
// covers.
//
// Who may read, and that reading is itself recorded, is the caller's to see to.
// Checksums find accidents; only [Verify], [Reader.Prove] and [Reader.Bundle]
// say anything about intent. All methods are safe for concurrent use. The zero
// value is not usable; call [OpenReader].
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type Reader struct {
	fsys fileSystem
	mu   sync.Mutex
}

// A Segment is one file of records.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Segment struct {
	// Name is its file name, without directory.
	Name string
	// First is the index of its first record, End the one behind its last.
	First, End uint64
	// Bytes is how much of the file whole batches take.
	Bytes int64
	// Sealed is true if another segment follows, so that it will not change.
	Sealed bool
}

// OpenReader opens the ledger in dir for reading. dir is looked up once.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func OpenReader(dir string) (*Reader, error) {
	d, err := openDir(dir)
	if err != nil {
		return nil, wrap("open reader", err)
	}
	return &Reader{fsys: d}, nil
}

// Close lets the directory and its files go.
func (r *Reader) Close() error { return wrap("close reader", r.fsys.Close()) }

// Segments returns the segments in order, up to what is there now.
func (r *Reader) Segments(ctx context.Context) ([]Segment, error) {
	return nil, errors.ErrUnsupported
}

// Size returns how many records there are, pruned ones included.
func (r *Reader) Size(ctx context.Context) (uint64, error) { return 0, errors.ErrUnsupported }

// Floor returns the index of the first record that was not pruned. Nothing but
// [Verify] says whether that is signed for.
func (r *Reader) Floor() (uint64, error) {
	floor, err := readFloor(r.fsys)
	return floor, wrap("read", err)
}

// Checkpoint opens the signed checkpoint that stands in the directory.
// verifierKey is what [Ledger.VerifierKey] returned.
func (r *Reader) Checkpoint(verifierKey string) (Checkpoint, error) {
	return Checkpoint{}, errors.ErrUnsupported
}

// Records reads the records from index from, or from the floor if that is
// later, up to those that are there at the time of the call of the iterator. It
// stops after the first error, as [Ledger.Records] does.
func (r *Reader) Records(ctx context.Context, from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) { yield(Record{}, errors.ErrUnsupported) }
}

// Scan calls visit for the records of one segment from index from on, in order
// and without copies: Record.Data is valid during the call only. It checks all
// checksums that it passes, and stops at the first error of visit, which it
// returns as it is. s is one that Segments returned.
func (r *Reader) Scan(ctx context.Context, s Segment, from uint64, visit func(Record) error) error {
	return errors.ErrUnsupported
}

// ReadAt reads the record whose frame starts at offset of a segment, as
// [Record.Segment] and [Record.Offset] say, and checks its checksum.
func (r *Reader) ReadAt(ctx context.Context, segment string, offset int64) ([]byte, error) {
	return nil, errors.ErrUnsupported
}
