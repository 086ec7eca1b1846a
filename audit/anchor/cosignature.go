package anchor

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/mod/sumdb/note"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// algCosignature is the type of an Ed25519 cosignature/v1. The ML-DSA-44 type
// of the same specification is 0x06; the standard library does not have it.
const algCosignature = 0x04

// A Cosigner is the public key of a witness: it checks Ed25519 cosignatures of
// checkpoints. The zero value accepts nothing; call [NewCosigner]. It is safe
// for concurrent use. Source: C2SP tlog-cosignature, "Ed25519 signed message".
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

// NewCosigner reads a verifier key: name, key hash and base64 of type 0x04 and
// the public key, joined by '+'. It is no secret, but must come by a way that
// the ledger's host does not control.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func NewCosigner(verifierKey string) (*Cosigner, error) {
	errKey := errors.New("anchor: cosigner: not a verifier key of type 4, as name+hash+base64")
	name, rest, _ := strings.Cut(verifierKey, "+")
	hash16, key64, _ := strings.Cut(rest, "+")
	hash, err := strconv.ParseUint(hash16, 16, 32)
	if err != nil || len(hash16) != 8 || !validName(name) {
		return nil, errKey
	}
	key, ok := unbase64(key64)
	if !ok || len(key) != 1+ed25519.PublicKeySize || key[0] != algCosignature || uint32(hash) != keyHash(name, key) {
		return nil, errKey
	}
	return &Cosigner{name, uint32(hash), ed25519.PublicKey(key[1:])}, nil
}

// validName is as in signed-note: not empty, UTF-8, without spaces and plus.
func validName(name string) bool {
	return name != "" && len(name) <= 255 && utf8.ValidString(name) &&
		strings.IndexFunc(name, unicode.IsSpace) < 0 && !strings.Contains(name, "+")
}

// keyHash is the key id of signed-note; key starts with its type.
func keyHash(name string, key []byte) uint32 {
	h := sha256.New()
	h.Write([]byte(name + "\n"))
	h.Write(key)
	return binary.BigEndian.Uint32(h.Sum(nil))
}

// unbase64 decodes the one spelling of some bytes.
func unbase64(s string) ([]byte, bool) {
	raw, err := base64.StdEncoding.DecodeString(s)
	return raw, err == nil && base64.StdEncoding.EncodeToString(raw) == s
}

// Name returns the witness's name, as in its signature lines.
func (c *Cosigner) Name() string { return c.name }

// KeyHash returns the key id. With Name and Verify it makes a note.Verifier.
func (c *Cosigner) KeyHash() uint32 { return c.hash }

// Verify reports whether sig, a timestamp and a signature, is the witness's
// over the text of a note.
func (c *Cosigner) Verify(msg, sig []byte) bool {
	_, ok := c.signedAt(msg, sig)
	return ok
}

func (c *Cosigner) signedAt(msg, sig []byte) (time.Time, bool) {
	if len(c.key) != ed25519.PublicKeySize || len(sig) != 8+ed25519.SignatureSize {
		return time.Time{}, false
	}
	stamp := binary.BigEndian.Uint64(sig)
	if stamp > math.MaxInt64 || !ed25519.Verify(c.key, cosignedMessage(stamp, msg), sig[8:]) {
		return time.Time{}, false
	}
	return time.Unix(int64(stamp), 0).UTC(), true
}

// cosignedMessage is what a witness signs.
func cosignedMessage(stamp uint64, text []byte) []byte {
	return append(fmt.Appendf(nil, "cosignature/v1\ntime %d\n", stamp), text...)
}

// SignedAt returns when the witness signed a note: a statement of another
// machine's clock that the ledger had these records by then. It returns an
// error if the note has no valid cosignature of this witness. Whether the
// ledger signed the note too, [ledger.ParseCheckpoint] tells.
func (c *Cosigner) SignedAt(signed []byte) (time.Time, error) {
	n, err := note.Open(signed, note.VerifierList(c))
	if err != nil {
		return time.Time{}, errors.New("anchor: cosigner: the note has no valid cosignature of this witness")
	}
	raw, ok := unbase64(n.Sigs[0].Base64)
	if !ok || len(raw) < 4 {
		return time.Time{}, errors.New("anchor: cosigner: the cosignature is not in its one spelling")
	}
	at, _ := c.signedAt([]byte(n.Text), raw[4:])
	return at, nil
}

// Newest returns the latest time at which the witness signed one of the notes,
// as [Runner.Kept] returns them: a time that the ledger's machine cannot set,
// for instance for keep.Options.Witnessed. It returns an error if it signed
// none of them.
func (c *Cosigner) Newest(kept []ledger.Kept) (time.Time, error) {
	var newest time.Time
	for _, k := range kept {
		if at, err := c.SignedAt(k.Note); err == nil && at.After(newest) {
			newest = at
		}
	}
	if newest.IsZero() {
		return newest, errors.New("anchor: cosigner: no note has a valid cosignature of this witness")
	}
	return newest, nil
}
