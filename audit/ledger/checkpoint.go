package ledger

import (
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"golang.org/x/mod/sumdb/note"
)

// maxNote bounds a checkpoint, in bytes, with room for signatures of witnesses.
const maxNote = merkle.MaxNote

// A Checkpoint is a signed statement about the whole ledger: it had this many
// records, and their tree has this root. Whoever keeps one can later show that
// nothing before it was changed or removed.
//
// The zero value is no checkpoint. Source: C2SP tlog-checkpoint, RFC 6962
// section 2.1.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
type Checkpoint struct {
	// Origin names the ledger.
	Origin string
	// Size is how many records it covers.
	Size uint64
	// Root is the RFC 6962 tree hash of those records.
	Root [32]byte
	// Note is the signed text as it stands in the file "checkpoint". This is
	// what to copy to another machine.
	Note []byte
}

// ParseCheckpoint checks the signature of a checkpoint and reads it.
// verifierKey is the text that [Ledger.VerifierKey] returns. Signatures of
// others (witnesses) are ignored. It returns [ErrWrongKey] if this key did not
// sign it, and [ErrDamaged] if its signature is wrong or the text is not a
// checkpoint in its one spelling.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func ParseCheckpoint(signed []byte, verifierKey string) (Checkpoint, error) {
	v, err := note.NewVerifier(verifierKey)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("ledger: verifier key: %w", err)
	}
	return openCheckpoint(signed, v)
}

func openCheckpoint(signed []byte, v note.Verifier) (Checkpoint, error) {
	c, err := merkle.OpenCheckpoint(signed, v)
	if errors.Is(err, merkle.ErrKey) {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: no signature of %s", ErrWrongKey, v.Name())
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: %w", ErrDamaged, err)
	}
	return Checkpoint(c), nil
}

// A checkpointSigner signs the checkpoints of one ledger.
type checkpointSigner struct {
	*merkle.Signer
	vk string
}

// newCheckpointSigner returns the signer of the ledger that is called origin.
func newCheckpointSigner(origin string, key crypto.Signer) (*checkpointSigner, error) {
	s, err := merkle.NewSigner(origin, key)
	if err != nil {
		return nil, err
	}
	return &checkpointSigner{s, s.VerifierKey()}, nil
}

// publicKey returns the public part of an ed25519 signer.
func publicKey(key crypto.Signer) (ed25519.PublicKey, error) { return merkle.PublicKey(key) }

// errSigner reports a signer that did not sign, but may later.
var errSigner = merkle.ErrSigner

// checkpoint returns the signed checkpoint of a tree.
func (s *checkpointSigner) checkpoint(size uint64, root hash) (Checkpoint, error) {
	c, err := s.Checkpoint(size, root)
	return Checkpoint(c), err
}

// text is what is signed.
func (c Checkpoint) text() string { return merkle.Checkpoint(c).Text() }
