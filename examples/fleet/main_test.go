package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: every member that is not well is named, and no other.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out))
	for _, want := range []string{"members 5, ok 5", "charts-2: rolled back", "charts-3: missing", "charts-5: unlisted", "members 5, ok 2"} {
		require.Contains(t, out.String(), want)
	}
}
