package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: what is held stays, one person cannot prune, and the
// changed backup is refused.
//
// Controls: HIPAA 164.316(b)(2)(i), 164.308(a)(7)(ii)(D), 164.312(c)(1); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out))
	for _, want := range []string{"is held by case lit-2026-031", "Bob alone: keep: prune: not approved", "Verdict: intact", "equal: true", "is not what the manifest says"} {
		require.Contains(t, out.String(), want)
	}
}
