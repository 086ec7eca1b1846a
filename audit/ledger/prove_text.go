package ledger

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
)

// proofMagic is the first line of a C2SP tlog-proof.
const proofMagic = "c2sp.org/tlog-proof@v1"

var errProofText = errors.New("ledger: proof: not a tlog-proof@v1 in its one spelling")

// MarshalText returns the proof as C2SP tlog-proof@v1, for a file that is named
// *.tlog-proof. The record is not in it; it is kept beside.
func (p Proof) MarshalText() ([]byte, error) {
	if len(p.Hashes) > merkle.MaxProof || len(p.Checkpoint) == 0 || len(p.Checkpoint) > maxNote {
		return nil, errProofText
	}
	b := append([]byte(proofMagic), "\nindex "...)
	b = strconv.AppendUint(b, p.Index, 10)
	b = append(b, '\n')
	for _, h := range p.Hashes {
		b = base64.StdEncoding.AppendEncode(b, h[:])
		b = append(b, '\n')
	}
	return append(append(b, '\n'), p.Checkpoint...), nil
}

// UnmarshalText reads what MarshalText wrote. It checks the form only: set
// Record and call Verify. A line of extra data, which the format allows and
// nothing vouches for, is refused.
func (p *Proof) UnmarshalText(text []byte) error {
	const longest = len(proofMagic) + 32 + merkle.MaxProof*(hashSize*2) + maxNote
	if len(text) > longest {
		return errProofText
	}
	head, checkpoint, found := bytes.Cut(text, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	if !found || len(lines) < 2 || len(lines) > 2+merkle.MaxProof || lines[0] != proofMagic {
		return errProofText
	}
	number, ok := strings.CutPrefix(lines[1], "index ")
	index, err := strconv.ParseUint(number, 10, 63)
	if !ok || err != nil {
		return errProofText
	}
	read := Proof{Index: index, Checkpoint: bytes.Clone(checkpoint)}
	for _, line := range lines[2:] {
		h, ok := hashText(line)
		if !ok {
			return errProofText
		}
		read.Hashes = append(read.Hashes, h)
	}
	if again, err := read.MarshalText(); err != nil || !bytes.Equal(again, text) {
		return errProofText
	}
	*p = read
	return nil
}

// hashText reads a hash in base64, in its one spelling.
func hashText(line string) (h hash, ok bool) {
	raw, ok := binaryText(line)
	if !ok || len(raw) != hashSize {
		return h, false
	}
	return hash(raw), true
}
