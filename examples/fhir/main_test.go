package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The story ends well: each access has its profile, a refusal has none, and no
// record number leaves.
//
// Controls: HIPAA 164.312(b), 164.528(b)(2); NIST CSF 2.0 PR.PS-04.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), &out))
	require.Equal(t, `IHE.BasicAudit.PatientQuery, outcome 0, about Patient/123
IHE.BasicAudit.PatientQuery, outcome 0, about a token
IHE.BasicAudit.PatientDelete, outcome 0, about a token
IHE.BasicAudit.PrivacyDisclosure.Source, outcome 0, about Patient/123
no profile, outcome 4 denied: access.no-rule, about Patient/123
A transaction Bundle of 5 AuditEvents is JSON: true; it has a record number: false.
`, out.String())
}
