package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access"
)

// The scheduler sees when and where, nobody sees why, and the account is whole
// once the service has stopped.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.312(d), 164.502(b)(1); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestStory(t *testing.T) {
	var out strings.Builder
	require.NoError(t, run(t.Context(), t.TempDir(), &out))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 8)
	require.Contains(t, lines[0], `200 {"start":"2026-03-02T09:00:00Z","room":"4"}`)
	for i, code := range []string{"access.purpose", "access.no-purpose", `"status":404}`, "access.no-route", "access.no-role", "access.no-principal"} {
		require.Contains(t, lines[i+1], code)
	}
	require.Contains(t, lines[7], "the ledger: intact: ")
	require.NotContains(t, out.String(), "chest pain")
	require.NotContains(t, out.String(), "MRN-")
}

// A start check that every service can have: the policy knows the fields by the
// names that the data has.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestPolicyMatchesTheData(t *testing.T) {
	policy, err := access.ParsePolicy([]byte(policyJSON))
	require.NoError(t, err)
	unmatched, err := policy.Unmatched("Appointment", demo()["7"].document)
	require.NoError(t, err)
	require.Empty(t, unmatched)
}
