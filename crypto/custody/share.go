package custody

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"strings"
)

// A Share is one custodian's part of the key of a backup. Fewer shares than
// the threshold tell nothing of the key. It never prints; [Share.Text] gives
// what a custodian keeps on paper. The zero Share is not usable.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-11, PR.DS-01.
type Share struct {
	bundle    [idSize]byte
	number    byte
	threshold byte
	total     byte
	value     [keySize]byte
}

// Sizes, in bytes.
const (
	idSize    = 10
	keySize   = 32
	sumSize   = 4
	shareSize = 1 + idSize + 3 + keySize + sumSize // 50, which is 80 symbols

	shareVersion = 1
)

// The text of a share: lines of groups of symbols, each line with a check.
const (
	symbols   = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's, without I, L, O and U
	checks    = symbols + "*~$=U"                  // for values modulo 37
	lines     = shareSize * 8 / 5 / lineSize
	lineSize  = 16
	groupSize = 4
	textTitle = "Safeguard backup share"
)

var encoding = base32.NewEncoding(symbols).WithPadding(base32.NoPadding)

// Bundle returns the id of the bundle that the share is of.
func (s Share) Bundle() string { return encoding.EncodeToString(s.bundle[:]) }

// Number returns the share's number, from 1.
func (s Share) Number() int { return int(s.number) }

// Threshold returns how many shares open the bundle.
func (s Share) Threshold() int { return int(s.threshold) }

// Total returns how many shares there are.
func (s Share) Total() int { return int(s.total) }

// Format writes a redaction under every verb.
func (s Share) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[share]") }

// fingerprint names the share without telling its value, which is random.
func (s *Share) fingerprint() string {
	sum := sha256.Sum256(append([]byte("safeguard/backup/1/share"), s.encode()...))
	return hex.EncodeToString(sum[:8])
}

// encode is version, bundle, number, threshold, total, value and the first
// bytes of the SHA-256 of all that.
func (s *Share) encode() []byte {
	out := append([]byte{shareVersion}, s.bundle[:]...)
	out = append(out, s.number, s.threshold, s.total)
	out = append(out, s.value[:]...)
	sum := sha256.Sum256(out)
	return append(out, sum[:sumSize]...)
}

func decodeShare(b []byte) (Share, error) {
	var s Share
	if len(b) != shareSize || b[0] != shareVersion {
		return Share{}, &ShareError{Why: "of an unknown version"}
	}
	copy(s.bundle[:], b[1:])
	s.number, s.threshold, s.total = b[1+idSize], b[2+idSize], b[3+idSize]
	copy(s.value[:], b[4+idSize:])
	if subtle.ConstantTimeCompare(s.encode(), b) != 1 {
		return Share{}, &ShareError{Why: "its checksum does not match"}
	}
	if s.threshold < 2 || s.threshold > s.total || s.number < 1 || s.number > s.total {
		return Share{}, &ShareError{Why: "its numbers are impossible"}
	}
	return s, nil
}

// Text returns the share as text for paper, which [ParseShare] reads: a head
// for people, and five lines of four groups of four symbols, each with a check
// symbol. It is the secret: print it, hand it over, and clear it.
func (s Share) Text(custodian string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d of %d, any %d restore\n", textTitle, s.number, s.total, s.threshold)
	fmt.Fprintf(&b, "bundle %s\n", s.Bundle())
	if custodian != "" {
		fmt.Fprintf(&b, "custodian %s\n", oneLine(custodian))
	}
	text := encoding.EncodeToString(s.encode())
	for i := range lines {
		fmt.Fprintf(&b, "%d:", i+1)
		line := text[i*lineSize : (i+1)*lineSize]
		for at := 0; at < lineSize; at += groupSize {
			b.WriteByte(' ')
			b.WriteString(line[at : at+groupSize])
		}
		fmt.Fprintf(&b, " %c\n", check(i+1, line))
	}
	return b.String()
}

// check is the check symbol of a line: its value modulo 37, begun with its
// number. It finds every single wrong symbol, two neighbours swapped, and a
// line in another's place.
func check(number int, line string) byte {
	sum := number
	for i := range len(line) {
		sum = (sum*32 + strings.IndexByte(symbols, line[i])) % len(checks)
	}
	return checks[sum]
}

// ParseShare reads the text of a share, typed from paper: the five numbered
// lines, in upper or lower case, with any spaces and hyphens; O and I and L
// count as 0 and 1. Lines without a number are the head and are not needed.
// The error is a [*ShareError], which names the first line that is wrong.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.312(c)(1); NIST CSF 2.0 PR.DS-11.
func ParseShare(text string) (Share, error) {
	if len(text) > maxShareText {
		return Share{}, &ShareError{Why: "too long"}
	}
	var all strings.Builder
	next := 1
	for row := range strings.Lines(text) {
		number, line, found := strings.Cut(strings.TrimSpace(row), ":")
		if !found || len(number) != 1 || number[0] < '0' || number[0] > '9' {
			continue
		}
		if next > lines || number != fmt.Sprint(next) {
			return Share{}, &ShareError{Why: fmt.Sprintf("line %d is missing, or not in its place", min(next, lines))}
		}
		line, err := parseLine(next, line)
		if err != nil {
			return Share{}, err
		}
		all.WriteString(line)
		next++
	}
	if next <= lines {
		return Share{}, &ShareError{Why: fmt.Sprintf("line %d is missing", next)}
	}
	b, err := encoding.DecodeString(all.String())
	if err != nil {
		return Share{}, &ShareError{Why: "a symbol is wrong"}
	}
	return decodeShare(b)
}

// maxShareText bounds the text of a share, in bytes.
const maxShareText = 4 << 10

var typed = strings.NewReplacer(" ", "", "\t", "", "-", "", "O", "0", "I", "1", "L", "1")

func parseLine(number int, line string) (string, error) {
	line = typed.Replace(strings.ToUpper(line))
	if len(line) != lineSize+1 {
		return "", &ShareError{Why: fmt.Sprintf("line %d must have %d symbols and a check", number, lineSize)}
	}
	for i := range lineSize {
		if strings.IndexByte(symbols, line[i]) < 0 {
			return "", &ShareError{Why: fmt.Sprintf("line %d has a symbol that is none", number)}
		}
	}
	if check(number, line[:lineSize]) != line[lineSize] {
		return "", &ShareError{Why: fmt.Sprintf("line %d: its check symbol does not match", number)}
	}
	return line[:lineSize], nil
}

// oneLine keeps a name from passing for a line of the share.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
