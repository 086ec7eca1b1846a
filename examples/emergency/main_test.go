package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: one patient, one person, somebody else's review.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out))
	require.Equal(t, 1, strings.Count(out.String(), "BTG     allowed by C-2"))
	require.Equal(t, 2, strings.Count(out.String(), "BTG     denied, access.emergency"))
	require.Equal(t, 1, strings.Count(out.String(), "too many break-glass grants"))
	require.Equal(t, 3, strings.Count(out.String(), "breakglass.invoked"))
	for _, want := range []string{"ETREAT  denied", "not fresh", "none of the policy's", "missing, too short", "their own", "breakglass.reviewed", "phi.read allowed"} {
		require.Contains(t, out.String(), want)
	}
	require.NotContains(t, out.String(), "p-2")
}
