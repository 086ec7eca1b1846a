package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Records come back byte for byte, and each of the five is refused here only.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out))
	require.Contains(t, out.String(), "the same bytes: true")
	require.Equal(t, 5, strings.Count(out.String(), "the SDK takes it; event: "))
}
