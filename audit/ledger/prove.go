package ledger

import (
	"context"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
)

// ErrProof reports a proof, or a bundle of them, that does not show what it is
// said to show.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
var ErrProof = errors.New("ledger: the proof does not hold")

// A Proof shows that one record is part of the ledger that a checkpoint signs,
// at its place, without any other record. It shows nothing about whether the
// record is true, nor that the key's holder did not sign another ledger too.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Proof struct {
	// Index is the number of the record, counted from 0.
	Index uint64
	// Record is its bytes.
	Record []byte
	// Hashes lead from the record to the root: RFC 6962, section 2.1.1.
	Hashes [][32]byte
	// Checkpoint is the signed note, as in the file "checkpoint".
	Checkpoint []byte
}

// A Consistency shows that an older checkpoint is of the same ledger as a newer
// one: nothing that the older covers was changed or removed.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Consistency struct {
	// Old and New are the signed notes.
	Old, New []byte
	// Hashes are the proof: RFC 6962, section 2.1.2.
	Hashes [][32]byte
}

// Prove proves that the record with this index is in the ledger under the
// checkpoint that stands in the directory. The first proof reads the hashes of
// all records, about a second for ten million; later ones read a few.
//
// It returns a [*DamageError] if the files do not give a proof that holds
// ([Verify] says more), and an error for an index that the checkpoint does not
// cover or whose record was pruned.
func (r *Reader) Prove(ctx context.Context, verifierKey string, index uint64) (Proof, error) {
	b, err := r.Bundle(ctx, verifierKey, []uint64{index}, nil)
	if err != nil {
		return Proof{}, err
	}
	p := b.Entries[0]
	p.Checkpoint = b.Checkpoint
	return p, nil
}

// ProveConsistency proves that old is a checkpoint of a prefix of the ledger
// under the checkpoint that stands in the directory. It returns a
// [*DamageError] if that cannot be shown: one of the two is of another history,
// or the directory was set back behind old.
func (r *Reader) ProveConsistency(ctx context.Context, verifierKey string, old Checkpoint) (Consistency, error) {
	c, err := r.Checkpoint(verifierKey)
	if err != nil {
		return Consistency{}, err
	}
	known, err := ParseCheckpoint(old.Note, verifierKey)
	if err != nil {
		return Consistency{}, err
	}
	hashes, err := r.consistency(ctx, c, known)
	if err != nil {
		return Consistency{}, wrap("prove", err)
	}
	return Consistency{Old: known.Note, New: c.Note, Hashes: hashes}, nil
}

// consistency builds a proof and checks it.
func (r *Reader) consistency(ctx context.Context, c, old Checkpoint) ([]hash, error) {
	if old.Size > c.Size {
		return nil, &DamageError{Index: c.Size, Reason: "the checkpoint is older than the one that was kept elsewhere: it was rolled back"}
	}
	view, done, err := r.tree(ctx, c.Size)
	if err != nil {
		return nil, err
	}
	defer done()
	hashes, err := merkle.Consistency(c.Size, old.Size, view.node)
	if err != nil {
		return nil, err
	}
	if merkle.CheckConsistency(hashes, c.Size, c.Root, old.Size, old.Root) != nil {
		return nil, &DamageError{Reason: fmt.Sprintf("the leaf index does not show that the first %d records are those of the checkpoint that was kept elsewhere", old.Size)}
	}
	return hashes, nil
}

// Verify checks the signature, the proof and the record. It returns nil,
// [ErrWrongKey], [ErrDamaged] for a checkpoint that is none, or [ErrProof].
func (p Proof) Verify(verifierKey string) error {
	c, err := ParseCheckpoint(p.Checkpoint, verifierKey)
	if err != nil {
		return err
	}
	return p.check(c)
}

// check checks the record against a checkpoint.
func (p Proof) check(c Checkpoint) error {
	if merkle.CheckInclusion(p.Hashes, c.Size, c.Root, p.Index, merkle.Leaf(p.Record)) != nil {
		return fmt.Errorf("%w: entry %d", ErrProof, p.Index)
	}
	return nil
}

// Verify checks both signatures and the proof, with the errors of
// [Proof.Verify].
func (c Consistency) Verify(verifierKey string) error {
	older, err := ParseCheckpoint(c.Old, verifierKey)
	if err != nil {
		return err
	}
	newer, err := ParseCheckpoint(c.New, verifierKey)
	if err != nil {
		return err
	}
	if merkle.CheckConsistency(c.Hashes, newer.Size, newer.Root, older.Size, older.Root) != nil {
		return fmt.Errorf("%w: %d records are not shown to be a prefix of %d", ErrProof, older.Size, newer.Size)
	}
	return nil
}
