package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// After the termination both replicas refuse, the stream has ended, and the
// report says how that is known.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out))
	text := out.String()
	before, after, found := strings.Cut(text, "tells east that she has left")
	require.True(t, found, text)
	require.Equal(t, 2, strings.Count(before, "200 OK"), text)
	require.Contains(t, before, `data: {"resourceType":"Observation"`)
	require.NotContains(t, text, "not for everybody")
	require.Equal(t, 1, strings.Count(after, "200 OK"), "only the staff office is answered: %s", text)
	for _, want := range []string{
		"west: has acknowledged after", "north: does not answer; its lease is over after", "time to deny:",
		"Nora asks east again: 403 Forbidden", "Nora asks west again: 403 Forbidden", "Her stream has ended. Sessions of hers: 0",
		"hears 403 Forbidden; it is terminated", "terminations 2, not confirmed 0", "164.308(a)(3)(ii)(C)",
	} {
		require.Contains(t, after, want, text)
	}
}
