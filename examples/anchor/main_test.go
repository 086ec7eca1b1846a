package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: the witness and the runner each find the fork.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out))
	require.Contains(t, out.String(), "— neighbour.example/witness ")
	require.Equal(t, 2, strings.Count(out.String(), "forked"))
	require.Contains(t, out.String(), "not intact")
}
