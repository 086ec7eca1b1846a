package custody_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/custody"
)

var newGolden = flag.Bool("new-golden", false, "write testdata/backup1, which is never to be written again")

// golden is a backup in format 1: a bundle, three shares of which two open it,
// and a value sealed under its keys. They were never used for anything else.
const golden = "testdata/backup1"

func goldenFile(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(golden, name))
	require.NoError(t, err)
	return content
}

func codeLines(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if len(line) > 1 && line[1] == ':' {
			lines = append(lines, strings.TrimSpace(line))
		}
	}
	return lines
}

// What is printed is what is read, however it is typed.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.312(c)(1); NIST CSF 2.0 PR.DS-11.
func TestShareText(t *testing.T) {
	_, shares := newService(t).backup(t)
	for i, s := range shares {
		text := s.Text("Dr. A. Example")
		require.Contains(t, text, fmt.Sprintf("Safeguard backup share %d of 3, any 2 restore\n", i+1))
		require.Contains(t, text, "custodian Dr. A. Example\n")
		lines := codeLines(text)
		require.Len(t, lines, 5)
		for name, typed := range map[string]string{
			"as printed":  text,
			"lines only":  strings.Join(lines, "\n"),
			"lower case":  strings.ToLower(text),
			"hyphens":     strings.Join(lines, "\r\n\r\n  ") + "\n",
			"look-alikes": strings.NewReplacer("0", "O", "1", "l").Replace(strings.Join(lines, "\n")),
		} {
			if name == "look-alikes" { // the numbers of lines stay
				typed = ""
				for n, line := range lines {
					typed += fmt.Sprintf("%d:%s\n", n+1, strings.NewReplacer("0", "O", "1", "l").Replace(line[2:]))
				}
			}
			got, err := custody.ParseShare(typed)
			require.NoError(t, err, name)
			require.Equal(t, s, got, name)
		}
	}
	forged := shares[0].Text("x\n1: AAAA")
	got, err := custody.ParseShare(forged)
	require.NoError(t, err)
	require.Equal(t, shares[0], got)
}

// Every wrong symbol, every two swapped and every line in another's place is
// found, and the line is named.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
func TestTypingErrorsAreFound(t *testing.T) {
	_, shares := newService(t).backup(t)
	lines := codeLines(shares[0].Text(""))
	const symbols = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	refused := func(lines []string, number int) {
		_, err := custody.ParseShare(strings.Join(lines, "\n"))
		require.ErrorIs(t, err, custody.ErrShare)
		require.ErrorContains(t, err, fmt.Sprintf("line %d", number))
	}
	with := func(n int, line string) []string {
		out := append([]string{}, lines...)
		out[n] = line
		return out
	}
	for n, line := range lines {
		for at := 3; at < len(line); at++ {
			if line[at] == ' ' {
				continue
			}
			for _, other := range symbols {
				if byte(other) != line[at] {
					refused(with(n, line[:at]+string(other)+line[at+1:]), n+1)
				}
			}
			if next := at + 1; next < len(line)-2 && line[next] != ' ' && line[next] != line[at] {
				refused(with(n, line[:at]+string(line[next])+string(line[at])+line[next+1:]), n+1)
			}
		}
		refused(with(n, line[:len(line)-1]), n+1)
		refused(with(n, line+"0"), n+1)
		refused(append(append([]string{}, lines[:n]...), lines[n+1:]...), n+1)
	}
	refused(with(0, "1:"+lines[1][2:]), 1)
	refused(append([]string{lines[1], lines[0]}, lines[2:]...), 1)
	_, err := custody.ParseShare(strings.Repeat(" ", 5000))
	require.ErrorIs(t, err, custody.ErrShare)
}

// A share shows itself nowhere but in Text.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestShareDoesNotPrint(t *testing.T) {
	_, shares := newService(t).backup(t)
	s := shares[0]
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x", "%q", "%d"} {
		require.Equal(t, "[share] [share]", fmt.Sprintf(verb+" "+verb, s, &s))
	}
	text, err := json.Marshal([]any{s})
	require.NoError(t, err)
	require.Equal(t, "[{}]", string(text))
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "share", s)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "share", s)
	require.NotContains(t, log.String(), codeLines(s.Text(""))[3][3:7])
}

// Text of any content is an error, never a panic, and what is read is what is
// written.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzParseShare(f *testing.F) {
	share := string(goldenFile(f, "share-1.txt"))
	f.Add(share)
	f.Add(strings.Join(codeLines(share), "\n"))
	f.Add("1:\n2:\n3:\n4:\n5:\n")
	f.Add(strings.Repeat("1: 0000 0000 0000 0000 0\n", 5))
	f.Fuzz(func(t *testing.T, text string) {
		s, err := custody.ParseShare(text)
		if err != nil {
			require.ErrorIs(t, err, custody.ErrShare)
			return
		}
		again, err := custody.ParseShare(s.Text(text))
		require.NoError(t, err)
		require.Equal(t, s, again)
	})
}
