package ledger

import (
	"context"
	"errors"
)

// A Proof shows that one record is part of the ledger that a checkpoint signs,
// at its place, without any other record.
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
// checkpoint that stands in the directory.
func (r *Reader) Prove(ctx context.Context, verifierKey string, index uint64) (Proof, error) {
	return Proof{}, errors.ErrUnsupported
}

// ProveConsistency proves that old is a checkpoint of a prefix of the ledger
// under the checkpoint that stands in the directory.
func (r *Reader) ProveConsistency(ctx context.Context, verifierKey string, old Checkpoint) (Consistency, error) {
	return Consistency{}, errors.ErrUnsupported
}

// Verify checks the signature, the proof and the record.
func (p Proof) Verify(verifierKey string) error { return errors.ErrUnsupported }

// MarshalText returns the proof as C2SP tlog-proof@v1. The record is not in it.
func (p Proof) MarshalText() ([]byte, error) { return nil, errors.ErrUnsupported }

// Verify checks both signatures and the proof.
func (c Consistency) Verify(verifierKey string) error { return errors.ErrUnsupported }
