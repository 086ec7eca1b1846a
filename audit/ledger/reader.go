package ledger

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"sync"

	"golang.org/x/mod/sumdb/note"
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
	fsys  fileSystem
	files openFiles
	nodes nodeCache
	marks marks

	mu   sync.Mutex // guards the next
	tail tail
}

// OpenReader opens the ledger in dir for reading. dir is looked up once.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func OpenReader(dir string) (*Reader, error) {
	d, err := openDir(dir)
	if err != nil {
		return nil, wrap("open reader", err)
	}
	return newReader(d), nil
}

func newReader(fsys fileSystem) *Reader { return &Reader{fsys: fsys, files: openFiles{fsys: fsys}} }

// Close lets the directory and its files go. Calls that are under way fail with
// an error that is fs.ErrClosed, and so do later ones.
func (r *Reader) Close() error {
	r.files.close()
	return wrap("close reader", r.fsys.Close())
}

// Size returns how many records there are, pruned ones included. It returns a
// [*DamageError] as Segments does.
func (r *Reader) Size(ctx context.Context) (uint64, error) {
	list, err := r.Segments(ctx)
	if err != nil {
		return 0, err
	}
	if len(list) == 0 {
		return 0, nil
	}
	return list[len(list)-1].End, nil
}

// Floor returns the index of the first record that was not pruned. Nothing but
// [Verify] says whether that is signed for.
func (r *Reader) Floor() (uint64, error) {
	floor, err := readFloor(r.fsys)
	return floor, wrap("read", err)
}

// Checkpoint opens the signed checkpoint that stands in the directory.
// verifierKey is what [Ledger.VerifierKey] returned. It returns [ErrWrongKey]
// or [ErrDamaged] as [ParseCheckpoint] does.
func (r *Reader) Checkpoint(verifierKey string) (Checkpoint, error) {
	v, err := note.NewVerifier(verifierKey)
	if err != nil {
		return Checkpoint{}, wrap("verifier key", err)
	}
	signed, err := readSmall(r.fsys, checkpointName, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{}, &DamageError{Reason: "the checkpoint is missing"}
	}
	if err != nil {
		return Checkpoint{}, wrap("read", err)
	}
	return openCheckpoint(signed, v)
}

// Records reads the records from index from, or from the floor if that is
// later, up to those that are there at the time of the call of the iterator. It
// stops after the first error, as [Ledger.Records] does.
func (r *Reader) Records(ctx context.Context, from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		end, err := r.Size(ctx)
		if err == nil {
			c := &cursor{next: from, end: end, yield: yield, marks: &r.marks}
			err = c.run(ctx, aheadFS{r.fsys})
		}
		if err != nil && err != errStopped {
			yield(Record{}, wrap("read", err))
		}
	}
}
