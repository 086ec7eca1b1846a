package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well and shows the diagnosis to the clinician alone.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out))
	require.Equal(t, 1, strings.Count(out.String(), "asthma"))
	require.Equal(t, 1, strings.Count(out.String(), "1 Elm Street"))
	for _, want := range []string{"is no purpose-of-use code", "no rule", "access.purpose", "access.no-principal", "access.raw-write",
		"maritalStatus", "NOT ENFORCED", "Would have denied: 1", "data: {", "The stream was cut: true", "access.inactive"} {
		require.Contains(t, out.String(), want)
	}
}
