package main

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
)

const table = `# A note.
# go: go1.26.0
bare	1000	1100	-	-	-
mine	1200	2000	bare	300	golang.org/x/... example.test/keys
`

func parse(t *testing.T, src string) *Table {
	t.Helper()
	parsed, err := ParseTable([]byte(src))
	require.NoError(t, err)
	return parsed
}

func TestCompare(t *testing.T) {
	bare := Measure{Bytes: 1000}
	for name, tc := range map[string]struct {
		measured map[string]Measure
		want     string
	}{
		"as recorded":     {map[string]Measure{"bare": bare, "mine": {Bytes: 1200}}, ""},
		"lighter":         {map[string]Measure{"bare": bare, "mine": {Bytes: 100}}, ""},
		"three per cent":  {map[string]Measure{"bare": bare, "mine": {Bytes: 1236}}, ""},
		"over recorded":   {map[string]Measure{"bare": bare, "mine": {Bytes: 1237}}, "more than 3 % over the recorded 1200"},
		"over the limit":  {map[string]Measure{"bare": {Bytes: 1101}, "mine": {Bytes: 1200}}, "bare: 1101 bytes, limit 1100"},
		"over the other":  {map[string]Measure{"bare": {Bytes: 800}, "mine": {Bytes: 1101}}, "301 bytes more than bare, limit 300"},
		"allowed modules": {map[string]Measure{"bare": bare, "mine": {Bytes: 1, Modules: []string{"golang.org/x/time", "example.test/keys"}}}, ""},
		"a module":        {map[string]Measure{"bare": bare, "mine": {Bytes: 1, Modules: []string{"example.test/keys/v2"}}}, "mine: links example.test/keys/v2"},
		"probe missing":   {map[string]Measure{"bare": bare}, "mine: no such probe"},
		"row missing":     {map[string]Measure{"bare": bare, "mine": {Bytes: 1}, "new": {}}, "new: not in the table"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Compare(parse(t, table), tc.measured)
			if tc.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, tc.want)
		})
	}
}

// A probe that was never recorded is over its recorded size.
func TestCompareUnrecorded(t *testing.T) {
	err := Compare(parse(t, "new\t-\t100\t-\t-\t-\n"), map[string]Measure{"new": {Bytes: 1}})
	require.ErrorContains(t, err, "over the recorded 0")
}

func TestRecordChangesSizesOnly(t *testing.T) {
	parsed := parse(t, table)
	parsed.Record("go1.27.0", map[string]Measure{"bare": {Bytes: 5}, "mine": {Bytes: 6, Modules: []string{"example.test/other"}}})
	require.Equal(t, `# A note.
# go: go1.27.0
bare	5	1100	-	-	-
mine	6	2000	bare	300	golang.org/x/... example.test/keys
`, string(parsed.Format()))
}

func TestParseTableRefuses(t *testing.T) {
	for name, src := range map[string]string{
		"nothing":              "",
		"notes only":           "# go: go1.26.0\n",
		"too few fields":       "a\t1\t2\n",
		"no probe":             "\t1\t2\t-\t-\t-\n",
		"no limit":             "a\t1\t-\t-\t-\t-\n",
		"a word for a size":    "a\tone\t2\t-\t-\t-\n",
		"a negative size":      "a\t-1\t2\t-\t-\t-\n",
		"a probe twice":        "a\t1\t2\t-\t-\t-\na\t1\t2\t-\t-\t-\n",
		"over an unknown":      "a\t1\t2\tb\t5\t-\n",
		"over without a limit": "a\t1\t2\t-\t-\t-\nb\t1\t2\ta\t-\t-\n",
		"a limit over nothing": "a\t1\t2\t-\t5\t-\n",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseTable([]byte(src))
			require.Error(t, err)
		})
	}
}

// The committed table is in the form that -update writes.
func TestCommittedTableIsFormatted(t *testing.T) {
	src, err := os.ReadFile("weight.tsv")
	require.NoError(t, err)
	require.Equal(t, string(src), string(parse(t, string(src)).Format()))
}

func FuzzParseTable(f *testing.F) {
	f.Add([]byte(table))
	f.Add([]byte("a\t1\t2\t-\t-\t-"))
	f.Add([]byte("\t\t\t\t\t\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		first, err := ParseTable(src)
		if err != nil {
			return
		}
		again, err := ParseTable(first.Format())
		require.NoError(t, err)
		require.Equal(t, first, again)
	})
}
