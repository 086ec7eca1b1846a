package ledger

import (
	"context"
	"errors"
	"io"
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
}

// A Bundle is records with the proofs that they are in one ledger, for whoever
// has nothing but the public key.
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

// Bundle proves the records with these indexes together.
func (r *Reader) Bundle(ctx context.Context, verifierKey string, indexes []uint64, opts *BundleOptions) (Bundle, error) {
	return Bundle{}, errors.ErrUnsupported
}

// WriteTo writes the bundle as one text file.
func (b Bundle) WriteTo(w io.Writer) (int64, error) { return 0, errors.ErrUnsupported }

// ReadBundle reads what [Bundle.WriteTo] wrote. It checks the form only: call
// Verify.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func ReadBundle(from io.Reader) (Bundle, error) { return Bundle{}, errors.ErrUnsupported }

// Verify checks the signature, every proof and every record.
func (b Bundle) Verify(verifierKey string) error { return errors.ErrUnsupported }
