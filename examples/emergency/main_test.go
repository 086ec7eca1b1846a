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
	text := strings.Join(strings.Fields(out.String()), " ")
	require.Equal(t, 1, strings.Count(text, "p-2 for BTG 200"), text)
	require.Equal(t, 2, strings.Count(text, "p-2 for BTG 403 access.emergency"), "before it and after its end: %s", text)
	require.Equal(t, 3, strings.Count(text, "breakglass.invoked"), text)
	for _, want := range []string{
		"p-2 for ETREAT 403", "not fresh", "none of the policy's", "missing, too short", "p-3 for BTG 403 access.emergency",
		"too many break-glass grants", "ada reviews 403", "the officer reviews 204", "breakglass.ended", "breakglass.reviewed", "phi.read allowed",
	} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "not for everybody")
}
