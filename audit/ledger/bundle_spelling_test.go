package ledger

import (
	"bytes"
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// spellings are a bundle written in other ways, and lines of others in its
// checkpoint: whether each is one to accept.
func spellings(t testing.TB) (list map[string][]byte, accept map[string]bool, vkey string) {
	t.Helper()
	b, text, vkey := testBundle(t)
	n := string(b.Checkpoint)
	in := func(old, changed string) []byte {
		require.Contains(t, string(text), old)
		return []byte(strings.Replace(string(text), old, changed, 1))
	}
	note := func(changed string) []byte {
		code := base64.StdEncoding.EncodeToString
		return in(code(b.Checkpoint), code([]byte(changed)))
	}
	own := n[strings.Index(n, "\n\n")+2:]
	other := n[strings.Index(string(b.Known), "\n\n")+2:]
	const witness = "— w.example/x AAAAAAAAAAA=\n"
	list = map[string][]byte{
		"a witness":                  note(n + witness),
		"a witness twice":            note(n + witness + witness),
		"another key of that name":   note(n + "— clinic.example/charts AAAAAAAAAAA=\n"),
		"two spaces":                 in("entry 2", "entry  2"),
		"a space in front":           in("entry 2", " entry 2"),
		"a space behind":             in("entry 2\n", "entry 2 \n"),
		"a space behind line one":    in(bundleMagic+"\n", bundleMagic+" \n"),
		"a word behind line one":     in(bundleMagic+"\n", bundleMagic+" x\n"),
		"a zero byte":                in("entry 2\n", "entry \x002\n"),
		"a carriage return":          in("entry 2\n", "entry 2\r\n"),
		"no last line end":           text[:len(text)-1],
		"a short witness":            note(n + "— w.example/x AAAA\n"),
		"a witness of no base64":     note(n + "— w.example/x !!!!\n"),
		"a witness of loose bits":    note(n + "— w.example/x AAAAAAAAAAB=\n"),
		"a witness without line end": note(n + witness[:len(witness)-1]),
		"a witness with a plus":      note(n + "— w+x AAAAAAAAAAA=\n"),
		"a witness with a control":   note(n + "— w\x01x AAAAAAAAAAA=\n"),
		"a witness with a zero byte": note(n + "— wx\x00 AAAAAAAAAAA=\n"),
		"a witness not of UTF-8":     note(n + "— w\xffx AAAAAAAAAAA=\n"),
		"a signature with spaces":    note(strings.Replace(n, own, strings.ReplaceAll(own, " ", "  "), 1)),
		"a signature with a tab":     note(strings.Replace(n, own, strings.ReplaceAll(own, "s ", "s\t"), 1)),
		"a signature, space behind":  note(strings.TrimSuffix(n, "\n") + " \n"),
		"a signature twice":          note(n + own),
		"a second, wrong signature":  note(n + other[:len(other)-8] + "AAAAAA==\n"),
		"too many witnesses":         note(n + strings.Repeat(witness, 101)),
		"a checkpoint without end":   note(n + strings.Repeat("— "+strings.Repeat("w", 2000)+" AAAAAAAAAAA=\n", 40)),
	}
	return list, map[string]bool{"a witness": true, "a witness twice": true, "another key of that name": true}, vkey
}

// A bundle has one spelling, and the script knows it as this package does.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestScriptAgreesOnSpelling(t *testing.T) {
	needScript(t)
	list, accept, vkey := spellings(t)
	for i, what := range slices.Sorted(maps.Keys(list)) {
		b, err := ReadBundle(bytes.NewReader(list[what]))
		if err == nil {
			err = b.Verify(vkey)
		}
		require.Equal(t, accept[what], err == nil, "%s: %v", what, err)
		if !soak() && i%6 != 0 {
			continue
		}
		out, err := runScript(t, list[what], vkey)
		require.Equal(t, accept[what], err == nil, "%s: %s", what, out)
		require.Equal(t, accept[what], strings.Contains(out, "GOOD"), what)
	}
}
