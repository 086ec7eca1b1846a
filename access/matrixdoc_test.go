package access_test

import (
	"encoding/csv"
	"flag"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares what is written with a file.
func golden(t *testing.T, path string, write func(io.Writer) error) string {
	t.Helper()
	var b strings.Builder
	require.NoError(t, write(&b))
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(b.String()), 0o600))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), b.String())
	return b.String()
}

// The role × field document names every rule of every role with its reasons
// and the hash of the policy, in three forms.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2), 164.514(d)(5); NIST CSF 2.0 PR.AA-05.
func TestMatrixDocument(t *testing.T) {
	p := parsed(t, cleanPolicy)
	m := p.Matrix(nil)
	for path, write := range map[string]func(io.Writer) error{
		"testdata/policy/matrix.md": m.WriteMarkdown, "testdata/policy/matrix.csv": m.WriteCSV, "testdata/policy/matrix.html": m.WriteHTML,
	} {
		text := golden(t, path, write)
		require.Contains(t, text, p.Hash())
		require.Contains(t, text, "any part of the history can change a diagnosis")
	}
	only := p.Matrix(&access.MatrixOptions{Roles: []string{"biller"}, Resources: []string{"Observation"}})
	require.Empty(t, only.Rows())
}

// Texts of a policy stay texts: no formula in a spreadsheet, no markup in a
// page or a table.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestMatrixDocumentInjection(t *testing.T) {
	p := parsed(t, `{"version":1,"description":"<script>alert(1)</script>","resources":{"T":["read"]},"roles":{"r":{"description":"a | b","allow":[
	  {"id":"R-1","resource":"T","actions":["read"],"purposes":["TREAT"],"fields":["T.a"],"because":"=HYPERLINK(\"x\")"},
	  {"id":"R-2","resource":"T","actions":["read"],"purposes":["TREAT"],"fields":["T.b"],"because":"x | y\n| z <img src=x onerror=y> [a](b) & c"}]}}}`)
	var page, table, sheet strings.Builder
	m := p.Matrix(nil)
	require.NoError(t, m.WriteHTML(&page))
	require.NoError(t, m.WriteMarkdown(&table))
	require.NoError(t, m.WriteCSV(&sheet))
	for _, text := range []string{page.String(), table.String()} {
		require.NotContains(t, text, "<script>")
		require.NotContains(t, text, "<img")
	}
	rows := 0
	for line := range strings.SplitSeq(table.String(), "\n") {
		if strings.HasPrefix(line, "|") {
			rows++
			require.Equal(t, 13, strings.Count(strings.ReplaceAll(line, `\|`, ""), "|"), line)
		}
	}
	require.Equal(t, 4, rows)
	records, err := csv.NewReader(strings.NewReader(sheet.String())).ReadAll()
	require.NoError(t, err)
	require.Equal(t, `'=HYPERLINK("x")`, records[1][8])
}
