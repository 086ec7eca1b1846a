package crypto

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// in applies transforms as an index does, in memory of the same size.
func in(value string, ts ...Transform) (string, error) {
	var h searchHash
	b := h.buf[:2+copy(h.buf[2:], value)]
	out, err := transform(b[2:], ts)
	return string(out), err
}

// Transforms make equal what belongs together, and refuse what they cannot
// read.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTransforms(t *testing.T) {
	for _, c := range []struct {
		name, value, want, err string
		ts                     []Transform
	}{
		{"none", " As It Is ", " As It Is ", "", nil},
		{"trim", "\t Ada\u00a0\n", "Ada", "", []Transform{TrimSpace}},
		{"trim nothing left", " \t ", "", "empty", []Transform{TrimSpace}},
		{"lower", "ADA Lovelace-1", "ada lovelace-1", "", []Transform{Lower}},
		{"lower Unicode", "ÉMILIE Đỗ", "émilie đỗ", "", []Transform{Lower}},
		{"lower grows", "aⱯȺȾb", "aɐⱥⱦb", "", []Transform{Lower}},
		{"lower shrinks", "xİY", "xiy", "", []Transform{Lower}},
		{"not UTF-8", "a\xff", "", "not UTF-8", []Transform{Lower}},
		{"digits", "(555) 010-9999", "5550109999", "", []Transform{Digits}},
		{"digits none", "n/a", "", "no digit", []Transform{Digits}},
		{"digits of another script", "12٣4", "", "a digit that is not 0 to 9", []Transform{Digits}},
		{"last4", "123-45-6789", "6789", "", []Transform{Digits, LastFour}},
		{"last4 of four", "6789", "6789", "", []Transform{LastFour}},
		{"last4 of three", "1-2-3", "", "fewer than four characters", []Transform{Digits, LastFour}},
		{"last4 characters", "Đỗ-éß", "ỗ-éß", "", []Transform{LastFour}},
		{"initial", "Ada", "a", "", []Transform{Initial}},
		{"initial Unicode", "Émilie", "é", "", []Transform{Initial}},
		{"initial no letter", "'t Hart", "", "does not start with a letter", []Transform{Initial}},
		{"year", "1980", "1980", "", []Transform{Year}},
		{"year month", "1980-12", "1980", "", []Transform{Year}},
		{"year date", "1980-02-29", "1980", "", []Transform{Year}},
		{"year HL7", "19800229", "1980", "", []Transform{Year}},
		{"year time", "1980-02-29T23:59:59.5-05:00", "1980", "", []Transform{Year}},
		{"year SQL time", "1980-02-29 00:00:00", "1980", "", []Transform{Year}},
		{"year no leap year", "1981-02-29", "", "not a date", []Transform{Year}},
		{"year month 13", "1980-13-01", "", "not a date", []Transform{Year}},
		{"year month 0", "1980-00", "", "not a date", []Transform{Year}},
		{"year day 0", "1980-01-00", "", "not a date", []Transform{Year}},
		{"year US order", "02/29/1980", "", "not a date", []Transform{Year}},
		{"year short", "80", "", "not a date", []Transform{Year}},
		{"year 0", "0000-01-01", "", "not a date", []Transform{Year}},
		{"year words", "1980-02-29 or so", "", "not a date", []Transform{Year}},
		{"year time without a day", "1980T12:00", "", "not a date", []Transform{Year}},
		{"year time cut", "1980-02-29T", "", "not a date", []Transform{Year}},
		{"year letters", "198o", "", "not a date", []Transform{Year}},
		{"soundex accents", "Núñez", "", "a character that Soundex does not know", []Transform{Soundex}},
		{"soundex digits", "R2D2", "", "a character that Soundex does not know", []Transform{Soundex}},
		{"soundex no letter", " - ", "", "no letter", []Transform{Soundex}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := in(c.value, c.ts...)
			if c.err != "" {
				require.ErrorIs(t, err, ErrIndexValue)
				require.EqualError(t, err, "crypto: index: value cannot be indexed: "+c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got)
		})
	}
}

// The examples of the National Archives' page on the Soundex indexing system,
// and more names for each of its rules.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSoundex(t *testing.T) {
	for name, code := range map[string]string{
		"Washington": "W252", "Lee": "L000", "Gutierrez": "G362", "Pfister": "P236", "Jackson": "J250",
		"Tymczak": "T522", "VanDeusen": "V532", "Ashcraft": "A261",
		// one code on both sides of H or W, of a vowel, and beside itself
		"Ashcroft": "A261", "Burroughs": "B620", "Burrows": "B620", "Robert": "R163", "Rupert": "R163",
		"Honeyman": "H555", "Euler": "E460", "Gauss": "G200", "Knuth": "K530", "Lloyd": "L300", "Lukasiewicz": "L222",
		"O'Hara": "O600", "OHARA": "O600", "Van Deusen": "V532", "Smith-Jones": "S532", "St. John": "S325",
		"Wu": "W000", "a": "A000",
	} {
		got, err := in(name, Soundex)
		require.NoError(t, err, name)
		require.Equal(t, code, got, name)
	}
}

// The names of transforms are part of the keys: they never change.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTransformNames(t *testing.T) {
	names := []string{"trim", "lower", "digits", "last4", "initial", "year", "soundex"}
	require.Len(t, transforms, len(names)+1)
	for i, name := range names {
		tr, err := ParseTransform(name)
		require.NoError(t, err)
		require.Equal(t, Transform(i+1), tr)
		require.Equal(t, name, tr.String())
	}
	for _, bad := range []string{"", "Trim", "invalid", "year "} {
		_, err := ParseTransform(bad)
		require.Error(t, err)
	}
	require.Equal(t, "invalid", Transform(0).String())
	require.Equal(t, "invalid", Transform(200).String())
}

// No transform reaches out of its memory, whatever it is given; what passed is
// UTF-8 and not empty; the same value gives the same result in other memory.
func FuzzTransforms(f *testing.F) {
	for _, seed := range []string{"123-45-6789", "1980-02-29T12:00:00Z", "O'Hara", "Ⱥ", "İ", "\xff", "", "Ünïcode", strings.Repeat("Ⱥ", MaxIndexValue/2)} {
		f.Add(seed, []byte{1, 2, 3, 4, 5, 6, 7})
		f.Add(seed, []byte{2, 2, 1, 7})
		f.Add(seed, []byte{3, 4})
	}
	f.Fuzz(func(t *testing.T, value string, list []byte) {
		value, list = value[:min(len(value), MaxIndexValue)], list[:min(len(list), maxTransforms)]
		var ts []Transform
		for _, b := range list {
			ts = append(ts, Transform(b%7+1))
		}
		var h searchHash
		b := h.buf[:2+copy(h.buf[2:], value)]
		out, err := transform(b[2:], ts)
		if err != nil {
			require.ErrorIs(t, err, ErrIndexValue)
			return
		}
		require.True(t, utf8.Valid(out))
		require.True(t, len(value) == 0 || len(out) > 0)
		again, err := transform([]byte(value), ts)
		require.NoError(t, err)
		require.Equal(t, string(out), string(again))
		h.wipe(len(value))
		require.Equal(t, [len(h.buf)]byte{}, h.buf, "nothing of the value stays")
	})
}
