package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: mistakes are found, a policy that fails its tests does
// not come into force, and one that narrows counts at once.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(&out))
	text := out.String()
	for _, want := range []string{
		"Lint finds 0 mistakes, and 0 of 9 tests fail.", "error L30: rule M-1", "warning L90: condition \"on-shfit\"", "warning L37: rule B-1",
		"approver: read for HPAYMT by A-1\n", "clinician: read for TREAT by M-1, on a condition\n", "denied: access.consent",
		"| S-D |", "want Patient.identifier is not seen", "biller may read Patient for [HPAYMT]; widened: false",
	} {
		require.Contains(t, text, want)
	}
	require.Less(t, strings.Index(text, "allowed: by B-1, W-1"), strings.Index(text, "Bea again:\n  allowed: by W-1\n"))
}
