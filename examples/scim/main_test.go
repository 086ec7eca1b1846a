package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: who left is out, nobody came in.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out))
	for want, times := range map[string]int{
		"200 OK": 4, "403 Forbidden": 3, "401 Unauthorized": 1, "  not active\n": 3,
		"ada@clinic.example   terminated": 1, "bo@clinic.example    terminated": 1, "cy@clinic.example    active": 1,
	} {
		require.Equal(t, times, strings.Count(out.String(), want), want)
	}
}
