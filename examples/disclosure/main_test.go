package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: the accounting has what the rule asks for and not what is
// suspended, and the readings are on record.
//
// Controls: HIPAA 164.528(a), 164.528(b)(2), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out))
	for _, want := range []string{
		"A stranger asks: disclosure: refused", "free of charge: true", "County Health Department, Springfield | Laboratory results", "2 times, the last on",
		"Nurse, Cardiology", "3 records, one of them of a refusal",
	} {
		require.Contains(t, out.String(), want)
	}
	for _, hidden := range []string{"Police", "MRN"} {
		require.NotContains(t, out.String(), hidden)
	}
	accounting, report, _ := strings.Cut(out.String(), "# Who accessed")
	require.NotContains(t, accounting, "Acme", "a payment is excepted")
	require.Contains(t, report, "disclosed to Acme Insurance")
}
