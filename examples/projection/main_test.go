package main

import (
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// The front desk never sees the diagnosis, and never erases it: it stands in
// the output once, where the story shows what is stored.
//
// Controls: HIPAA 164.502(b)(1), 164.312(c)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05, PR.DS-01.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out))
	require.Equal(t, 1, strings.Count(out.String(), "asthma"))
	require.Equal(t, 3, strings.Count(out.String(), access.CodeQuery))
	require.NotContains(t, out.String(), "7.1")
	for _, want := range []string{"REDACTED", `"_gender":{"extension"`, "204", "555-0199", access.CodeWrite, access.CodeLabel,
		`{"name":"Ada Example"}`, "2 written, 1 withheld"} {
		require.Contains(t, out.String(), want)
	}
}
