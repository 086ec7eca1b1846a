package access_test

import (
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// A test in a policy that comes out otherwise says its name, its place, what
// it wanted and what came; each kind of expectation can fail.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestPolicyTests(t *testing.T) {
	for _, c := range []struct{ name, old, new, want, got string }{
		{"effect", `"expect": "deny", "code": "access.no-rule"`, `"expect": "allow"`, "allow", "denied: access.no-rule"},
		{"widened", `"expect": "allow", "rules": ["M-1"], "sees": ["Patient.identifier"], "not_sees": ["Patient.contained"]`,
			`"expect": "deny", "code": "access.label"`, "deny with access.label", "allowed: by M-1"},
		{"code", `"code": "access.no-rule"`, `"code": "access.purpose"`, "the code access.purpose", "denied: access.no-rule"},
		{"rules", `"rules": ["M-1"]`, `"rules": ["M-1", "W-1"]`, "rules M-1, W-1", "M-1"},
		{"sees", `"Patient.address.city"]`, `"Patient.gender"]`, "Patient.gender is seen", "nothing of it"},
		{"sees what is denied", `"Patient.address.city"]`, `"Patient.address.line"]`, "Patient.address.line is seen", "nothing of it"},
		{"not_sees", `"not_sees": ["Patient.address.line", "Patient.identifier"]`, `"not_sees": ["Patient.address"]`, "Patient.address is not seen", "by S-D, S-R"},
		{"leak path", `"not_sees": ["Patient.contained"]`, `"not_sees": ["Patient.contained", "Patient.text.status"]`, "", ""},
		{"training", `"untrained": true, "expect"`, `"expect"`, "deny with access.training", "allowed"},
		{"emergency", `"emergency": true, "consented"`, `"consented"`, "allow", "access.emergency"},
	} {
		src := strings.Replace(cleanPolicy, c.old, c.new, 1)
		require.NotEqual(t, cleanPolicy, src, c.name)
		failures := parsed(t, src).Test()
		if c.want == "" {
			require.Empty(t, failures, c.name)
			continue
		}
		require.NotEmpty(t, failures, c.name)
		f := failures[0]
		require.Contains(t, f.Want, c.want, c.name)
		require.Contains(t, f.Got, c.got, c.name)
		line := strings.Split(src, "\n")[f.Line-1]
		require.NotEmpty(t, strings.TrimSpace(line[f.Column-1:]), c.name)
		require.Contains(t, f.String(), f.Test)
	}
}

// Coverage counts what tests try of what the policy allows, and names the
// rules that no test needs.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestPolicyCoverage(t *testing.T) {
	c := parsed(t, cleanPolicy).Coverage()
	require.Equal(t, access.Coverage{Tried: 4, Allowed: 33, Untried: []string{"B-1", "M-2"}}, c)
	head, _, _ := strings.Cut(cleanPolicy, `  "tests":`)
	none := parsed(t, strings.TrimRight(head, ", \n")+"}")
	require.Empty(t, none.Test())
	require.Zero(t, none.Coverage().Tried)
	require.Empty(t, (&access.Policy{}).Test())
	require.Equal(t, access.Coverage{}, (&access.Policy{}).Coverage())
}
