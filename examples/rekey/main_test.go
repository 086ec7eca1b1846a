package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: a killed run goes on, nothing is lost or done twice, the
// old key goes only after the proof, and a merge is undone. Nothing of a
// patient is printed.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, t.TempDir()))
	story := out.String()
	for _, want := range []string{
		"Verified: rows 2000, fresh 0, stale 2000, opened 2000, complete false",
		"May the old key go? rekey: ",
		"A run is killed: rows changed 500, complete false",
		"rows changed in all 2000, complete true",
		"Verified: rows 2000, fresh 2000, stale 0, opened 2000, complete true",
		"Merged: rows changed 100, complete true; the chart that stays has 200",
		"It was a mistake: rows changed 100, complete true; the charts have 100 and 100",
	} {
		require.Contains(t, story, want)
	}
	require.Equal(t, 3, strings.Count(story, "fresh 2000, stale 0, opened 2000, complete true"))
	for _, planted := range []string{"Patient/", "shortness"} {
		require.NotContains(t, story, planted)
	}
}
