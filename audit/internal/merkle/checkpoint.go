package merkle

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

// MaxNote bounds a checkpoint, in bytes, with room for signatures of witnesses.
const MaxNote = 64 << 10

// ErrKey reports a checkpoint that the asked key did not sign.
var ErrKey = errors.New("merkle: signed by another key")

// A Checkpoint is a signed statement about a whole log: it had this many
// records, and their tree has this root. The zero value is no checkpoint.
type Checkpoint struct {
	// Origin names the log.
	Origin string
	// Size is how many records it covers.
	Size uint64
	// Root is the tree hash of those records.
	Root Hash
	// Note is the signed text.
	Note []byte
}

// Text is what is signed: three lines.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + base64.StdEncoding.EncodeToString(c.Root[:]) + "\n"
}

// OpenCheckpoint checks the signature of v on a checkpoint and reads it.
// Signatures of others are ignored. The error is [ErrKey] if v did not sign it.
// It keeps the slice as Checkpoint.Note.
func OpenCheckpoint(signed []byte, v note.Verifier) (Checkpoint, error) {
	if len(signed) > MaxNote {
		return Checkpoint{}, fmt.Errorf("longer than %d bytes", MaxNote)
	}
	n, err := note.Open(signed, note.VerifierList(v))
	if _, ok := errors.AsType[*note.UnverifiedNoteError](err); ok {
		return Checkpoint{}, ErrKey
	}
	if err != nil {
		return Checkpoint{}, err
	}
	if err := oneSpelling(n); err != nil {
		return Checkpoint{}, err
	}
	if signatures(signed[len(n.Text):], v) > 1 {
		return Checkpoint{}, errors.New("signed twice by one key")
	}
	c, err := ParseText(n.Text)
	if err == nil && c.Origin != v.Name() {
		err = errors.New("signed for another origin")
	}
	if err != nil {
		return Checkpoint{}, err
	}
	c.Note = signed
	return c, nil
}

// oneSpelling refuses signatures, of whomever, that could be written otherwise.
func oneSpelling(n *note.Note) error {
	for _, s := range append(n.Sigs[:len(n.Sigs):len(n.Sigs)], n.UnverifiedSigs...) {
		if !canonical(s.Base64) {
			return errors.New("signature is not in its one spelling")
		}
	}
	return nil
}

// signatures counts the lines that say they are of v. All but the first are
// passed over by note.Open, whatever they hold.
func signatures(lines []byte, v note.Verifier) (n int) {
	for line := range strings.Lines(string(lines)) {
		sig, of := strings.CutPrefix(line, "— "+v.Name()+" ")
		raw, err := base64.StdEncoding.DecodeString(sig)
		if of && err == nil && len(raw) > 4 && binary.BigEndian.Uint32(raw) == v.KeyHash() {
			n++
		}
	}
	return n
}

// canonical refuses base64 with loose bits or line ends, which would let two
// texts carry one signature.
func canonical(s string) bool {
	raw, err := base64.StdEncoding.DecodeString(s)
	return err == nil && base64.StdEncoding.EncodeToString(raw) == s
}

// ParseText reads the three lines of a checkpoint, which nothing vouches for.
func ParseText(text string) (Checkpoint, error) {
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
	c.Size, c.Root = size, Hash(root)
	if c.Text() != text {
		return Checkpoint{}, errors.New("not in its one spelling")
	}
	return c, nil
}
