package audittest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/url"
	"testing"
)

// Canaries returns n made-up identifiers of patients, the same for the same
// seed: names, record numbers, social security numbers, telephone numbers,
// e-mail addresses and dates of birth, in turn. Each is at least 10 bytes long
// and stands in no other. There are dates for n up to 100,000; more is an
// empty list.
//
// Plant them wherever a real one could come in, and see with [Leaks] that they
// come out nowhere.
//
// Controls: none, it is for tests.
func Canaries(seed uint64, n int) []string {
	if n > 100_000 {
		return nil
	}
	r := rand.New(rand.NewPCG(seed, 0x5afe))
	kinds := [...]func(*rand.Rand) string{
		func(r *rand.Rand) string { return syllables(r, true) + " " + syllables(r, true) },
		func(r *rand.Rand) string { return fmt.Sprintf("MRN%08d", r.IntN(1e8)) },
		func(r *rand.Rand) string {
			return fmt.Sprintf("9%02d-%02d-%04d", r.IntN(100), r.IntN(100), r.IntN(1e4))
		},
		func(r *rand.Rand) string { return fmt.Sprintf("(%03d) 555-%04d", 200+r.IntN(800), r.IntN(1e4)) },
		func(r *rand.Rand) string {
			return syllables(r, false) + "." + syllables(r, false) + "@example.org"
		},
		func(r *rand.Rand) string {
			return fmt.Sprintf("19%02d-%02d-%02d", r.IntN(100), 1+r.IntN(12), 1+r.IntN(28))
		},
	}
	known := make(map[string]bool, n)
	out := make([]string, 0, n)
	for i := 0; len(out) < n; i++ {
		c := kinds[i%len(kinds)](r)
		if !known[c] {
			known[c] = true
			out = append(out, c)
		}
	}
	return out
}

// syllables returns a word of eight letters.
func syllables(r *rand.Rand, upper bool) string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	var b [8]byte
	for i := 0; i < len(b); i += 2 {
		b[i], b[i+1] = consonants[r.IntN(len(consonants))], vowels[r.IntN(len(vowels))]
	}
	if upper {
		b[0] -= 'a' - 'A'
	}
	return string(b[:])
}

// window is how many bytes of a canary are looked for before all of it is.
const window = 8

// Leaks fails the test for every canary that stands in data in the clear, in
// any case, or as a part of a URL; where says what data is. It looks for all of
// them in one pass: give it much data at once rather than often a little.
//
// Controls: none, it is for tests.
func Leaks(t testing.TB, where string, data []byte, canaries []string) {
	t.Helper()
	index := make(map[uint64][]string, 3*len(canaries))
	filter := make([]uint64, 1<<12)
	for _, c := range canaries {
		for _, form := range [...]string{c, url.QueryEscape(c), url.PathEscape(c)} {
			lower := string(bytes.ToLower([]byte(form)))
			if len(lower) < window {
				t.Fatalf("audittest: a canary of %d bytes is too short", len(c))
			}
			head := binary.LittleEndian.Uint64([]byte(lower))
			index[head] = append(index[head], lower)
			bit := head * 0x9e3779b97f4a7c15 >> 46
			filter[bit>>6] |= 1 << (bit & 63)
		}
	}
	found := map[string]bool{}
	lower := bytes.ToLower(data)
	for i := 0; i+window <= len(lower); i++ {
		head := binary.LittleEndian.Uint64(lower[i:])
		bit := head * 0x9e3779b97f4a7c15 >> 46
		if filter[bit>>6]&(1<<(bit&63)) == 0 {
			continue
		}
		for _, c := range index[head] {
			if bytes.HasPrefix(lower[i:], []byte(c)) && !found[c] {
				found[c] = true
				t.Errorf("audittest: %s: %q stands in the clear at %d", where, c, i)
			}
		}
	}
}
