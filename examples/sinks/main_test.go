package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Nothing is lost at either place, whatever went down.
//
// Controls: HIPAA 164.312(b), 164.312(e)(1); NIST CSF 2.0 PR.PS-04, PR.DS-02.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out))
	require.Contains(t, out.String(), "300 records durable")
	require.Contains(t, out.String(), "some came twice: true")
}
