package kekexec

import (
	"bytes"
	"encoding/hex"
	"unicode"
)

// MaxSaid is how much of what a program says on standard error is passed on in
// one call, in bytes. The rest is read and thrown away.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const MaxSaid = 16 << 10

// said keeps the first bytes of what is written, and throws away the others.
type said struct{ b []byte }

// Write implements io.Writer. It never fails, which would end the program.
func (s *said) Write(b []byte) (int, error) {
	if s.b == nil {
		s.b = make([]byte, 0, MaxSaid) // so that there is one copy to clear
	}
	s.b = append(s.b, b[:min(len(b), MaxSaid-len(s.b))]...)
	return len(b), nil
}

// Notes in place of what is not passed on.
const (
	noteSecret = "[a line that repeats a part of the request or of the answer]\n"
	noteCut    = "[more than is passed on]\n"
)

// shown returns the lines that may be passed on, in characters that print.
// Those that repeat a part of a secret may not.
func (s *said) shown(secrets ...[]byte) []byte {
	var out []byte
	parts := partsOf(s.b, secrets)
	defer clear(parts)
	for line := range bytes.Lines(s.b) {
		if repeats(line, parts) {
			out = append(out, noteSecret...)
			continue
		}
		out = append(append(out, bytes.Map(printable, bytes.TrimRight(line, "\r\n"))...), '\n')
	}
	if len(s.b) == MaxSaid {
		out = append(out, noteCut...)
	}
	return out
}

func printable(r rune) rune {
	if unicode.IsPrint(r) && r != unicode.ReplacementChar {
		return r
	}
	return '?'
}

// A part is how much of a secret is not to be repeated.
type part [16]byte

// partsOf returns the parts of text, and whether each is in one of the secrets
// or in its hexadecimal digits.
func partsOf(text []byte, secrets [][]byte) map[part]bool {
	parts := map[part]bool{}
	each(text, func(p part) { parts[p] = false })
	mark := func(p part) {
		if _, is := parts[p]; is {
			parts[p] = true
		}
	}
	for _, secret := range secrets {
		digits := hex.AppendEncode(nil, secret)
		each(secret, mark)
		each(digits, mark)
		clear(digits)
	}
	return parts
}

func repeats(line []byte, parts map[part]bool) (found bool) {
	each(line, func(p part) { found = found || parts[p] })
	return found
}

// each calls f with all parts of b.
func each(b []byte, f func(part)) {
	for ; len(b) >= len(part{}); b = b[1:] {
		f(part(b[:len(part{})]))
	}
}
