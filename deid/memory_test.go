package deid

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// allocated returns how many bytes one transformation allocates in all.
func allocated(t *testing.T, src string) int {
	t.Helper()
	e := engine(t, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, _, err := e.FHIR(t.Context(), nil, []byte(src))
	runtime.ReadMemStats(&after)
	require.NoError(t, err)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// A key of a resource that grows with what it is in, times the number of
// resources in there, once made 4.5 GB of one megabyte.
//
// Controls: none, the bounds of memory.
func TestMemoryIsBounded(t *testing.T) {
	long, n := strings.Repeat("a", 1<<18), 4000
	unique := func(format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	many := strings.Repeat(`{"resourceType":"X"},`, n) + `{"resourceType":"X"}`
	url := "http://h.example/" + strings.Repeat("p/", 1000)
	for name, src := range map[string]string{
		"long id":        `{"resourceType":"Patient","id":"` + long + `","contained":[` + many + `]}`,
		"long type":      `{"resourceType":"Patient","contained":[{"resourceType":"` + long + `","contained":[` + many + `]}]}`,
		"long fullUrl":   `{"resourceType":"Bundle","entry":[{"fullUrl":"` + url + `Patient/1","resource":{"resourceType":"Patient","contained":[` + unique(`{"resourceType":"Patient","id":"%d"},`) + `{}]}}]}`,
		"long URN":       `{"resourceType":"Bundle","entry":[{"fullUrl":"urn:oid:` + long + `","resource":{"resourceType":"Patient","contained":[` + many + `]}}]}`,
		"relative":       `{"resourceType":"Bundle","entry":[{"fullUrl":"` + url + `Patient/1","resource":{"resourceType":"Observation","performer":[` + unique(`{"reference":"Patient/%d"},`) + `{}]}}]}`,
		"many values":    `{"resourceType":"Patient","contained":[` + strings.Repeat("0,", 200_000) + `0]}`,
		"nested":         `{"resourceType":"Bundle","entry":[{"resource":` + strings.Repeat(`{"resourceType":"Patient","id":"`+strings.Repeat("b", 64)+`","contained":[`, 15) + many + strings.Repeat(`]}`, 15) + `}]}`,
		"many languages": `{"resourceType":"Patient","contained":[` + unique(`{"resourceType":"Patient","id":"%d","birthDate":"1930"},`) + `{}]}`,
	} {
		require.Less(t, allocated(t, src), 40*len(src)+1<<20, name)
	}
}

// Controls: none, the bounds of memory.
func TestOneAllocationForTheTree(t *testing.T) {
	for _, src := range []string{`[` + strings.Repeat("0,", 100_000) + `0]`, `[` + strings.Repeat(`{"a":[]},`, 50_000) + `0]`, `"` + strings.Repeat(",", 100_000) + `"`} {
		tree, err := parse([]byte(src))
		require.NoError(t, err)
		require.LessOrEqual(t, cap(tree.nodes), strings.Count(src, ",")+strings.Count(src, "[")+strings.Count(src, "{")+1000)
	}
}
