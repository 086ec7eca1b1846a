package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: nothing is lost, doubled or skipped in silence.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, story(t.Context(), t.TempDir(), &out))
	for _, want := range []string{
		"lag.records 100 delivered 0", "lag.records 0 delivered 100", "has 110 records, each once: true",
		"relay: the sink refuses record 115 for good: status 422", "next 115 lag.records 5",
		"collector 119, quarantine 1, ledger 120", "quarantined 1 lag.records 0",
	} {
		require.Contains(t, out.String(), want)
	}
}
