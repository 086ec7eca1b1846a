package ledger

import (
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// maxNote bounds a checkpoint, in bytes, with room for signatures of witnesses.
const maxNote = 64 << 10

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

// text is what is signed.
func (c Checkpoint) text() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
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
	if len(signed) > maxNote {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: longer than %d bytes", ErrDamaged, maxNote)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: no signature of %s", ErrWrongKey, v.Name())
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: %w", ErrDamaged, err)
	}
	if !canonical(n.Sigs[0].Base64) {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: signature is not in its one spelling", ErrDamaged)
	}
	c, err := parseCheckpointText(n.Text)
	if err == nil && c.Origin != v.Name() {
		err = errors.New("signed for another origin")
	}
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: checkpoint: %w", ErrDamaged, err)
	}
	c.Note = signed
	return c, nil
}

// canonical refuses base64 with loose bits or line ends, which would let two
// texts carry one signature.
func canonical(s string) bool {
	raw, err := base64.StdEncoding.DecodeString(s)
	return err == nil && base64.StdEncoding.EncodeToString(raw) == s
}

// parseCheckpointText reads the three lines of a checkpoint.
func parseCheckpointText(text string) (Checkpoint, error) {
	lines := strings.Split(text, "\n")
	if len(lines) != 4 || lines[0] == "" || lines[3] != "" {
		return Checkpoint{}, errors.New("not three lines")
	}
	c := Checkpoint{Origin: lines[0]}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	if err != nil {
		return Checkpoint{}, errors.New("the size is not a number")
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil || len(root) != len(c.Root) {
		return Checkpoint{}, errors.New("the root is not a hash")
	}
	c.Size, c.Root = size, [32]byte(root)
	if c.text() != text {
		return Checkpoint{}, errors.New("not in its one spelling")
	}
	return c, nil
}

// A checkpointSigner signs notes with a crypto.Signer and trusts it so little
// that it checks every signature.
type checkpointSigner struct {
	note.Verifier
	key crypto.Signer
	vk  string
}

// newCheckpointSigner returns the signer of the ledger that is called origin.
func newCheckpointSigner(origin string, key crypto.Signer) (*checkpointSigner, error) {
	public, err := publicKey(key)
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
	return &checkpointSigner{v, key, vk}, nil
}

// publicKey returns the public part of an ed25519 signer.
func publicKey(key crypto.Signer) (ed25519.PublicKey, error) {
	if key == nil {
		return nil, errors.New("signer: nil")
	}
	if !whole(key) {
		return nil, errNoKey
	}
	public, ok := key.Public().(ed25519.PublicKey)
	if !ok || len(public) != ed25519.PublicKeySize {
		return nil, errNoKey
	}
	return public, nil
}

var (
	errNoKey = errors.New("signer: not an ed25519 key")
	// errSigner reports a signer that did not sign, but may later.
	errSigner = errors.New("the signer failed")
)

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
func (s *checkpointSigner) Sign(msg []byte) ([]byte, error) {
	sig, err := s.key.Sign(nil, msg, crypto.Hash(0))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errSigner, err)
	}
	if !s.Verify(msg, sig) {
		return nil, errors.New("the signer's signature does not verify")
	}
	return sig, nil
}

// checkpoint returns the signed checkpoint of a tree.
func (s *checkpointSigner) checkpoint(size uint64, root hash) (Checkpoint, error) {
	c := Checkpoint{Origin: s.Name(), Size: size, Root: root}
	signed, err := note.Sign(&note.Note{Text: c.text()}, s)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("sign: %w", err)
	}
	c.Note = signed
	return c, nil
}
