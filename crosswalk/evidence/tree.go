package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// compactTree is the RFC 6962 tree over what was added: the roots of the
// perfect subtrees, largest first.
type compactTree struct {
	size  uint64
	roots [][sha256.Size]byte
}

func (t *compactTree) add(record []byte) {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(record)
	node := [sha256.Size]byte(h.Sum(nil))
	for n := t.size; n&1 == 1; n >>= 1 {
		last := len(t.roots) - 1
		node = parent(t.roots[last], node)
		t.roots = t.roots[:last]
	}
	t.roots = append(t.roots, node)
	t.size++
}

func (t *compactTree) root() [sha256.Size]byte {
	if len(t.roots) == 0 {
		return sha256.Sum256(nil)
	}
	node := t.roots[len(t.roots)-1]
	for i := len(t.roots) - 2; i >= 0; i-- {
		node = parent(t.roots[i], node)
	}
	return node
}

func parent(left, right [sha256.Size]byte) [sha256.Size]byte {
	var b [1 + 2*sha256.Size]byte
	b[0] = 1
	copy(b[1:], left[:])
	copy(b[1+sha256.Size:], right[:])
	return sha256.Sum256(b[:])
}

// checkpoint is a signed statement about a log.
type checkpoint struct {
	origin string
	size   uint64
	root   [sha256.Size]byte
}

// maxNote bounds a checkpoint in bytes.
const maxNote = 64 << 10

// openCheckpoint checks the signature of a checkpoint and reads it: C2SP
// signed-note with an Ed25519 signature, C2SP tlog-checkpoint with exactly
// three lines. Signatures of others are ignored.
func openCheckpoint(note []byte, verifierKey string) (*checkpoint, error) {
	name, id, key, err := parseVerifierKey(verifierKey)
	if err != nil {
		return nil, err
	}
	end := bytes.LastIndex(note, []byte("\n\n"))
	if end < 0 || len(note) > maxNote || !bytes.HasSuffix(note, []byte("\n")) {
		return nil, fmt.Errorf("evidence: checkpoint: not a signed note: %w", ErrLog)
	}
	text := note[:end+1]
	if !signedBy(text, string(note[end+2:]), name, id, key) {
		return nil, fmt.Errorf("evidence: checkpoint: not signed by this key: %w", ErrLog)
	}
	lines := strings.Split(string(text), "\n")
	if len(lines) != 4 || lines[0] == "" {
		return nil, fmt.Errorf("evidence: checkpoint: not three lines: %w", ErrLog)
	}
	size, err := strconv.ParseUint(lines[1], 10, 63)
	root, errRoot := base64.StdEncoding.Strict().DecodeString(lines[2])
	if err != nil || strconv.FormatUint(size, 10) != lines[1] || errRoot != nil || len(root) != sha256.Size {
		return nil, fmt.Errorf("evidence: checkpoint: size or root is malformed: %w", ErrLog)
	}
	return &checkpoint{origin: lines[0], size: size, root: [sha256.Size]byte(root)}, nil
}

// signedBy reports whether one of the signature lines is of the key.
func signedBy(text []byte, lines, name string, id uint32, key ed25519.PublicKey) bool {
	for line := range strings.Lines(lines) {
		signer, sig, ok := strings.Cut(strings.TrimPrefix(strings.TrimSuffix(line, "\n"), "\u2014 "), " ")
		if !ok || signer != name || !strings.HasPrefix(line, "\u2014 ") {
			continue
		}
		b, err := base64.StdEncoding.Strict().DecodeString(sig)
		if err != nil || len(b) != 4+ed25519.SignatureSize || binary.BigEndian.Uint32(b) != id {
			continue
		}
		if ed25519.Verify(key, text, b[4:]) {
			return true
		}
	}
	return false
}

// algEd25519 is the type byte of an Ed25519 key in a verifier key.
const algEd25519 = 1

// parseVerifierKey reads "name+hash+base64(type, key)". A base64 text may hold
// plus signs, a name and the hash may not.
func parseVerifierKey(s string) (name string, id uint32, key ed25519.PublicKey, err error) {
	bad := fmt.Errorf("evidence: verifier key: malformed, or not of Ed25519: %w", ErrInput)
	parts := strings.SplitN(s, "+", 3)
	if len(parts) != 3 || parts[0] == "" || len(parts[1]) != 8 || len(s) > maxNote {
		return "", 0, nil, bad
	}
	hash, err := hex.DecodeString(parts[1])
	if err != nil {
		return "", 0, nil, bad
	}
	b, err := base64.StdEncoding.Strict().DecodeString(parts[2])
	if err != nil || len(b) != 1+ed25519.PublicKeySize || b[0] != algEd25519 {
		return "", 0, nil, bad
	}
	sum := sha256.Sum256(append([]byte(parts[0]+"\n"), b...))
	if !bytes.Equal(sum[:4], hash) {
		return "", 0, nil, bad
	}
	return parts[0], binary.BigEndian.Uint32(hash), ed25519.PublicKey(b[1:]), nil
}
