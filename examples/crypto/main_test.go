package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: values open in their place and nowhere else, the
// policy holds, the search finds the one row, the range is the right
// one. Nothing of a patient is printed.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, t.TempDir()))
	story := out.String()
	for _, want := range []string{
		"In a log: {chart-1 [sealed] [sealed]}",
		"In its place: 11 characters, <nil>",
		"in another column: crypto: open: not sealed for this place, or altered",
		"in another row: crypto: open: not sealed for this place, or altered",
		"as another patient's: crypto: open: not sealed for this place, or altered",
		"with no row: crypto: ref: not usable: Row is not set",
		`sam, a scheduler, for HOPERAT: name true, diagnosis false, withheld ["diagnosis"]`,
		`carla, a clinician, for TREAT: name true, diagnosis true, withheld []`,
		`pat, a porter, for HOPERAT: name false, diagnosis false, withheld ["birthDate" "name" "diagnosis"]`,
		`carla, a clinician, for HOPERAT: name false, diagnosis false, withheld ["birthDate" "name" "diagnosis"]`,
		"of which 1 have the number",
		"crypto: index: not safe to build",
		"206, 1000 bytes, the right ones: true",
		"Cut short: crypto: open: not sealed for this place, or altered",
		"A renewed header of 69 bytes, the segments as they were: 10485760 bytes",
		"it opens there: <nil>",
		"no more in the other: crypto: open: not sealed for this place, or altered",
		"cannot be moved: crypto: open: not sealed for this place, or altered",
		"on the data's own host: this does not meet the key separation",
	} {
		require.Contains(t, story, want)
	}
	require.Regexp(t, `true; [12]?\d?\d KiB read for it`, story)
	for _, planted := range []string{"123-45-6789", "penicillin", "Lovelace", "1815", "asthma", "emergency", "Patient/", "900-"} {
		require.NotContains(t, story, planted)
	}
}
