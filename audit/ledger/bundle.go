package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
)

// The limits of a bundle.
const (
	maxBundleEntries = 100_000
	maxBundleSize    = 256 << 20 // of all records
)

// BundleOptions are the settings of [Reader.Bundle]. Nil is the zero value.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type BundleOptions struct {
	// Checkpoint is the signed note to prove under, for instance one that
	// witnesses have signed too. Default: the one in the directory.
	Checkpoint []byte
	// Known is a signed note that was kept elsewhere: the bundle proves that it
	// is of the same ledger. Default: none.
	Known []byte
	// Record, if set, returns the record with this index, for who has it
	// already or knows where it lies; it need not be trusted. Default: the
	// segments are read for it.
	Record func(index uint64) ([]byte, error)
}

// A Bundle is records with the proofs that they are in one ledger, for whoever
// has nothing but the public key. docs/verify-bundle.sh checks the file that
// WriteTo writes without this package. It says that these records are in the
// ledger, not that there are no others that belong to the same question. The
// records stand in it as they are in the ledger: protect it like the ledger.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Bundle struct {
	// Checkpoint is the signed note that all proofs lead to.
	Checkpoint []byte
	// Entries are in order of their index. Their Checkpoint is empty.
	Entries []Proof
	// Known is an older signed note, with the proof that it is of the same
	// ledger; empty if none was asked for.
	Known       []byte
	Consistency [][32]byte
}

// Bundle proves the records with these indexes together, at most 100,000 of
// them and 256 MiB. An index that is given twice stands in it once. Its errors
// are those of [Reader.Prove].
func (r *Reader) Bundle(ctx context.Context, verifierKey string, indexes []uint64, opts *BundleOptions) (Bundle, error) {
	if opts == nil {
		opts = &BundleOptions{}
	}
	c, err := r.under(verifierKey, opts.Checkpoint)
	if err != nil {
		return Bundle{}, err
	}
	indexes = slices.Compact(slices.Sorted(slices.Values(indexes)))
	b := Bundle{Checkpoint: c.Note}
	if len(opts.Known) > 0 {
		known, err := ParseCheckpoint(opts.Known, verifierKey)
		if err != nil {
			return Bundle{}, err
		}
		b.Known = known.Note
		if b.Consistency, err = r.consistency(ctx, c, known); err != nil {
			return Bundle{}, wrap("bundle", err)
		}
	}
	b.Entries, err = r.entries(ctx, c, indexes, opts.Record)
	if err != nil {
		return Bundle{}, wrap("bundle", err)
	}
	return b, nil
}

// under opens the checkpoint to prove under.
func (r *Reader) under(verifierKey string, given []byte) (Checkpoint, error) {
	if len(given) == 0 {
		return r.Checkpoint(verifierKey)
	}
	return ParseCheckpoint(given, verifierKey)
}

// entries proves records; indexes are sorted.
func (r *Reader) entries(ctx context.Context, c Checkpoint, indexes []uint64, read func(uint64) ([]byte, error)) ([]Proof, error) {
	if len(indexes) > maxBundleEntries {
		return nil, fmt.Errorf("more than %d records", maxBundleEntries)
	}
	if len(indexes) == 0 {
		return nil, nil
	}
	if last := indexes[len(indexes)-1]; last >= c.Size {
		return nil, fmt.Errorf("entry %d is not among the %d records that the checkpoint covers", last, c.Size)
	}
	view, done, err := r.tree(ctx, c.Size)
	if err != nil {
		return nil, err
	}
	defer done()
	if read == nil {
		read = r.finder(ctx)
	}
	list := make([]Proof, len(indexes))
	total := 0
	for i, index := range indexes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if list[i], err = prove(c, index, view.node, read); err != nil {
			return nil, err
		}
		if total += len(list[i].Record); total > maxBundleSize {
			return nil, fmt.Errorf("more than %d bytes of records", maxBundleSize)
		}
	}
	return list, nil
}

// prove builds one proof and checks it.
func prove(c Checkpoint, index uint64, nodes merkle.Nodes, read func(uint64) ([]byte, error)) (Proof, error) {
	record, err := read(index)
	if err != nil {
		return Proof{}, err
	}
	hashes, err := merkle.Inclusion(c.Size, index, nodes)
	if err != nil {
		return Proof{}, err
	}
	p := Proof{Index: index, Record: record, Hashes: hashes}
	if p.check(c) != nil {
		return Proof{}, &DamageError{Index: index, Reason: "the record, or the leaf index, is not what was signed"}
	}
	return p, nil
}

var errFound = errors.New("found")

// finder returns a function that reads records with growing indexes.
func (r *Reader) finder(ctx context.Context) func(index uint64) ([]byte, error) {
	var list []Segment
	return func(index uint64) (record []byte, err error) {
		if list == nil {
			if list, err = r.Segments(ctx); err != nil {
				return nil, err
			}
		}
		if len(list) > 0 && index < list[0].First {
			return nil, fmt.Errorf("entry %d was pruned", index)
		}
		at, _ := slices.BinarySearchFunc(list, index, func(s Segment, index uint64) int {
			if s.End <= index {
				return -1
			}
			return 1
		})
		if at == len(list) {
			return nil, &DamageError{Index: index, Reason: "the record is missing"}
		}
		err = r.Scan(ctx, list[at], index, func(found Record) error {
			record = append([]byte(nil), found.Data...)
			return errFound
		})
		if err != errFound {
			return nil, err
		}
		return record, nil
	}
}

// Verify checks the signatures, every proof and every record. It returns nil or
// an error that is [ErrWrongKey], [ErrDamaged] or [ErrProof]. Signatures of
// witnesses in the notes are not checked.
func (b Bundle) Verify(verifierKey string) error {
	c, err := ParseCheckpoint(b.Checkpoint, verifierKey)
	if err != nil {
		return err
	}
	if len(b.Known) > 0 {
		if err := (Consistency{Old: b.Known, New: b.Checkpoint, Hashes: b.Consistency}).Verify(verifierKey); err != nil {
			return err
		}
	} else if len(b.Consistency) > 0 {
		return fmt.Errorf("%w: hashes without a known checkpoint", ErrProof)
	}
	for i, p := range b.Entries {
		if i > 0 && p.Index <= b.Entries[i-1].Index {
			return fmt.Errorf("%w: entry %d is out of order", ErrProof, p.Index)
		}
		if err := p.check(c); err != nil {
			return err
		}
	}
	return nil
}
