package merkle

import (
	"crypto"
	"crypto/ed25519"
	"errors"
	"fmt"

	"golang.org/x/mod/sumdb/note"
)

// Errors of a signer.
var (
	// ErrNoKey reports a signer that is not an ed25519 key.
	ErrNoKey = errors.New("signer: not an ed25519 key")
	// ErrSigner reports a signer that did not sign, but may later.
	ErrSigner = errors.New("the signer failed")
)

// A Signer signs checkpoints with a crypto.Signer and trusts it so little that
// it checks every signature. It is a note.Signer and a note.Verifier.
type Signer struct {
	note.Verifier
	key crypto.Signer
	vk  string
}

// NewSigner returns the signer of the log that is called origin.
func NewSigner(origin string, key crypto.Signer) (*Signer, error) {
	public, err := PublicKey(key)
	if err != nil {
		return nil, err
	}
	vk, err := note.NewEd25519VerifierKey(origin, public)
	if err != nil {
		return nil, err
	}
	v, err := note.NewVerifier(vk)
	if err != nil {
		return nil, fmt.Errorf("origin: %w", err)
	}
	return &Signer{v, key, vk}, nil
}

// VerifierKey returns the public key as text, in the form of a signed note's
// verifier key.
func (s *Signer) VerifierKey() string { return s.vk }

// PublicKey returns the public part of an ed25519 signer.
func PublicKey(key crypto.Signer) (ed25519.PublicKey, error) {
	if key == nil {
		return nil, errors.New("signer: nil")
	}
	if !whole(key) {
		return nil, ErrNoKey
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok || len(public) != ed25519.PublicKeySize {
		return nil, ErrNoKey
	}
	return public, nil
}

// whole reports whether a key in memory can be asked for its public part, which
// panics if it has none.
func whole(key crypto.Signer) bool {
	switch k := key.(type) {
	case ed25519.PrivateKey:
		return len(k) == ed25519.PrivateKeySize
	case *ed25519.PrivateKey:
		return k != nil && len(*k) == ed25519.PrivateKeySize
	}
	return true
}

// Sign signs msg. It implements note.Signer.
func (s *Signer) Sign(msg []byte) ([]byte, error) {
	sig, err := s.key.Sign(nil, msg, crypto.Hash(0))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSigner, err)
	}
	if !s.Verify(msg, sig) {
		return nil, errors.New("the signer's signature does not verify")
	}
	return sig, nil
}

// Checkpoint returns the signed checkpoint of a tree.
func (s *Signer) Checkpoint(size uint64, root Hash) (Checkpoint, error) {
	c := Checkpoint{Origin: s.Name(), Size: size, Root: root}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, s)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign: %w", err)
	}
	c.Note = signed
	return c, nil
}
