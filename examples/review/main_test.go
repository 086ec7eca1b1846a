package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: two alerts, none twice, and a review that holds.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(b); NIST CSF 2.0 DE.AE-03, PR.PS-04.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out))
	for _, want := range []string{
		"At first: 2 alerts", "After a restart: 0 alerts", "2 flagged, 5 drawn",
		"closed-account (closed) of former-clerk", "flagged (same-household) of nurse-3",
		"own items: review: reviewer: acted in an item", "against the log: <nil>", "changed: review: sign-off: does not hold",
		"## Completed reviews",
	} {
		require.Contains(t, out.String(), want)
	}
	require.NotContains(t, out.String(), "MRN")
}
