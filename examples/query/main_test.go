package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well, and prints nothing of a patient.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, t.TempDir()))
	story := out.String()
	t.Log(story)
	for _, want := range []string{
		"true: every sealed segment has an index",
		"4 records with proofs that anyone can check offline: true",
		"10 individuals, 0 tokens unresolved; they print as [patient]",
		"the clerk: query: denied",
		"sees its own records only: clerk-3 of south",
		"the same 11 hits as before: true; indexes not believed: true",
	} {
		require.Contains(t, story, want)
	}
	require.NotContains(t, story, "MRN")
}
