package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: each application sees what it was given, and no more
// than the clinician.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out))
	for name, want := range map[string]int{"glucose": 3, "pulse": 2, "of-another": 1, "access.allowed": 3, "access.scope": 4, "not usable": 3, "p-1": 0, "total": 0} {
		require.Equal(t, want, strings.Count(out.String(), name), "%s in:\n%s", name, out.String())
	}
}
