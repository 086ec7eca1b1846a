package access_test

import (
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

func failedGate(e access.Explanation) string {
	for _, g := range e.Gates {
		if g.Outcome == "failed" {
			return g.Name
		}
	}
	return ""
}

// A case is explained gate by gate: those before the one that failed have
// passed, those behind it were not reached, and each rule says how far it came.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestExplainCase(t *testing.T) {
	p := parsed(t, cleanPolicy)
	treat := access.Case{
		Roles: []string{"clinician"}, Resource: "Patient", Action: "read", Purpose: safeguard.Treatment,
		Relationships: []string{"care-team"}, Labels: access.Labels{Confidentiality: "R", Sensitivity: []string{"42CFRPart2"}},
	}
	with := func(change func(*access.Case)) access.Case {
		c := treat
		change(&c)
		return c
	}
	for _, c := range []struct {
		gate string
		it   access.Case
		rule string // outcome of M-1
	}{
		{"", with(func(c *access.Case) { c.Consented = true }), "allows"},
		{"consent", treat, access.CodeConsent},
		{"labels", with(func(c *access.Case) { c.Labels.Confidentiality = "V" }), access.CodeLabel},
		{"labels", with(func(c *access.Case) { c.Labels.Sensitivity = []string{"HIV"} }), access.CodeLabel},
		{"relationship", with(func(c *access.Case) { c.Resource, c.Relationships = "Observation", nil }), "of another resource"},
		{"conditions", with(func(c *access.Case) { c.Resource, c.Labels = "Observation", access.Labels{} }), "of another resource"},
		{"purpose of the rule", with(func(c *access.Case) { c.Purpose = safeguard.Marketing }), access.CodePurpose},
		{"purpose of use", with(func(c *access.Case) { c.Purpose = "SNOOPING" }), ""},
		{"declared action", with(func(c *access.Case) { c.Action = "burn" }), ""},
		{"training", with(func(c *access.Case) { c.Untrained = true }), ""},
		{"roles", with(func(c *access.Case) { c.Roles = []string{"wizard"} }), ""},
		{"separation of duties", with(func(c *access.Case) { c.Roles = []string{"biller", "approver"} }), ""},
		{"emergency", with(func(c *access.Case) { c.Purpose = safeguard.BreakGlass; c.Labels = access.Labels{} }), access.CodePurpose},
	} {
		e := p.Explain(c.it)
		require.Equal(t, c.gate, failedGate(e), e.Sentence)
		require.Equal(t, c.gate == "", e.Allowed)
		reached := true
		for _, g := range e.Gates {
			require.Equal(t, reached, g.Outcome != "not reached", g)
			reached = reached && g.Outcome == "passed"
		}
		for _, r := range e.Rules {
			if r.ID == "M-1" {
				require.Equal(t, c.rule, r.Outcome)
			}
		}
		require.Equal(t, c.rule == "", len(e.Rules) == 0, e)
	}
	require.False(t, (&access.Policy{}).Explain(treat).Allowed)
}
