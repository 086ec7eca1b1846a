package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: an old key is destroyed only when it may be, an outage
// is survived for as long as was said, and the restored keys open what they
// should and no more. Nothing of a patient is printed.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out, t.TempDir()))
	story := out.String()
	for _, want := range []string{
		"opens after a rotation: <nil>",
		"before it is disabled: keyset: destroy: keyset: key is in use",
		"Under the disabled key: crypto: open: not sealed for this place, or altered",
		"Rewrapped before: <nil>",
		"one says so: keyset: destroy: not confirmed",
		"key of the tenant: enabled",
		"key of the tenant: destroyed",
		"Calls to load a keyset: 1",
		"Calls for 10,000 values more: 0",
		"and values are sealed: <nil>",
		"Three seconds later: ",
		"gets no keys: true",
		"It is back: <nil>",
		"custody: share",
		"custody: shares: fewer than the bundle needs",
		"keyset restored, under another key-encryption key; shredded since the backup, and not brought back: 1",
		"passed true; opened 1, refused as shredded 1, failed 0",
	} {
		require.Contains(t, story, want)
	}
	for _, planted := range []string{"Patient/", "shortness"} {
		require.NotContains(t, story, planted)
	}
}
