package crypto

import (
	"bytes"
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// ErrIndexValue reports a value that a blind index does not take: empty, too
// long, or not what a [Transform] reads. What is returned unwraps to it and
// says why, never what the value is.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
var ErrIndexValue = errors.New("crypto: index: value cannot be indexed")

func badValue(why string) error { return fmt.Errorf("%w: %s", ErrIndexValue, why) }

// A Transform makes equal what a search shall find together, before a value is
// hashed. Transforms apply in the order of their list. One that cannot read a
// value refuses it ([ErrIndexValue]); none ever guesses. The zero Transform is
// refused.
//
// The names are part of the derivation of the index key: another list of
// transforms is another index. Values must be UTF-8. Nothing normalises
// Unicode (NFC) or folds accents: "é" as one character and as two are
// different values, as are "Núñez" and "Nunez".
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Transform uint8

// The transforms.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
const (
	// TrimSpace drops the white space around a value.
	TrimSpace Transform = iota + 1
	// Lower makes each character lower case, by Unicode, in no language of its
	// own.
	Lower
	// Digits keeps the digits 0 to 9. It refuses a value without any, and one
	// with digits of other scripts.
	Digits
	// LastFour keeps the last four characters. It refuses a shorter value.
	LastFour
	// Initial keeps the first character, a letter, in lower case. It refuses a
	// value that starts with anything else.
	Initial
	// Year keeps the year of a date as FHIR and HL7 v2 write them: 1980,
	// 1980-02, 1980-02-29, 19800229, and a time behind a T or a space. It
	// refuses every other form and dates that are none.
	Year
	// Soundex keeps the American Soundex code of a name (National Archives,
	// Soundex System, 2007): a letter and three digits. Spaces, hyphens,
	// apostrophes and periods are dropped; it refuses a value with other
	// characters than the letters A to Z, and one with no letter.
	Soundex
)

// transforms is indexed by Transform and never written to. A function works in
// place, or behind b, which has room for that.
var transforms = [...]struct {
	name  string
	apply func(b []byte) ([]byte, error)
}{
	TrimSpace: {"trim", trimSpace},
	Lower:     {"lower", lower},
	Digits:    {"digits", digits},
	LastFour:  {"last4", lastFour},
	Initial:   {"initial", initial},
	Year:      {"year", year},
	Soundex:   {"soundex", soundex},
}

// String returns the name that is part of the derivation, and "invalid" for
// what is no Transform.
func (t Transform) String() string {
	if !t.valid() {
		return "invalid"
	}
	return transforms[t].name
}

func (t Transform) valid() bool { return t > 0 && int(t) < len(transforms) }

// ParseTransform returns the Transform of a name: trim, lower, digits, last4,
// initial, year or soundex.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func ParseTransform(name string) (Transform, error) {
	for t := TrimSpace; t.valid(); t++ {
		if transforms[t].name == name {
			return t, nil
		}
	}
	return 0, errors.New("crypto: index: unknown transform")
}

func trimSpace(b []byte) ([]byte, error) { return bytes.TrimSpace(b), nil }

// lower works in place while it reads ASCII; what follows may change its
// length and goes behind the value first.
func lower(b []byte) ([]byte, error) {
	for i, c := range b {
		if c >= utf8.RuneSelf {
			return lowerRunes(b, i)
		}
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return b, nil
}

func lowerRunes(b []byte, from int) ([]byte, error) {
	n := len(b)
	for i := from; i < n; {
		r, size := utf8.DecodeRune(b[i:n])
		b = utf8.AppendRune(b, unicode.ToLower(r))
		i += size
	}
	return append(b[:from], b[n:]...), nil
}

func digits(b []byte) ([]byte, error) {
	kept := b[:0]
	for i, c := range b {
		if '0' <= c && c <= '9' {
			kept = append(kept, c)
		}
		if utf8.RuneStart(c) && c >= utf8.RuneSelf {
			if r, _ := utf8.DecodeRune(b[i:]); unicode.IsDigit(r) {
				return nil, badValue("a digit that is not 0 to 9")
			}
		}
	}
	if len(kept) == 0 {
		return nil, badValue("no digit")
	}
	return kept, nil
}

func lastFour(b []byte) ([]byte, error) {
	from := len(b)
	for range 4 {
		if from == 0 {
			return nil, badValue("fewer than four characters")
		}
		_, size := utf8.DecodeLastRune(b[:from])
		from -= size
	}
	return b[from:], nil
}

func initial(b []byte) ([]byte, error) {
	r, size := utf8.DecodeRune(b)
	if !unicode.IsLetter(r) {
		return nil, badValue("does not start with a letter")
	}
	return lower(b[:size:cap(b)])
}

// transform applies ts to b, in place.
func transform(b []byte, ts []Transform) ([]byte, error) {
	if !utf8.Valid(b) {
		return nil, badValue("not UTF-8")
	}
	var err error
	for _, t := range ts {
		if b, err = transforms[t].apply(b); err != nil {
			return nil, err
		}
		if len(b) == 0 {
			return nil, badValue("empty")
		}
	}
	return b, nil
}
