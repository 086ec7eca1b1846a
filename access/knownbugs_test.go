package access_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// Mistakes that engines in use make, each as the attack that it allows. None
// may succeed here.

// A cached enforcer goes on to allow whom it has allowed, after the role was
// taken away, after the account was closed and after the policy was changed.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestKnownBugStaleAllow(t *testing.T) {
	people := directory{"carla": {Active: true, Roles: []string{"clinician"}}}
	p, err := access.ParsePolicy([]byte(clinicPolicy))
	require.NoError(t, err)
	g, err := access.New(p, &access.Options{Roles: people})
	require.NoError(t, err)
	req := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment}
	for range 3 {
		require.True(t, g.Decide(as("carla"), req).Allowed)
	}
	for _, c := range []struct {
		subject *access.Subject
		code    string
	}{
		{&access.Subject{Active: true, Roles: []string{"scheduler", "suspended"}}, access.CodeDenyRule},
		{&access.Subject{Active: true}, access.CodeNoRole},
		{&access.Subject{Roles: []string{"clinician"}}, access.CodeInactive},
		{nil, access.CodeInactive},
		{&access.Subject{Active: true, Roles: []string{"clinician"}}, access.CodeAllowed},
	} {
		people["carla"] = c.subject
		require.Equal(t, c.code, g.Decide(as("carla"), req).Code)
	}
}

// A cache key that is put together of unescaped parts answers one request with
// what was decided on another.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05, PR.AA-01.
func TestKnownBugCacheKeyCollides(t *testing.T) {
	const policy = `{"version":1,"resources":{"chart":["read"],"chart-7":["read"],"7":["read"]},"roles":{"a":{"allow":[
		{"id":"A","resource":"chart-7","actions":["read"],"purposes":["TREAT"],"fields":[],"because":"b"}]},"a-chart":{}}}`
	g := guard(t, policy, access.Assignments{"alice": {"a"}, "alice$$chart": {"a-chart"}, "alice-chart": {"a-chart"}})
	ask := func(who, resource string) bool {
		return g.Decide(as(who), access.Request{Resource: resource, Action: "read", Purpose: safeguard.Treatment}).Allowed
	}
	require.True(t, ask("alice", "chart-7"))
	for _, who := range []string{"alice$$chart", "alice-chart"} {
		for _, resource := range []string{"7", "chart-7", "chart"} {
			require.False(t, ask(who, resource))
		}
	}
	require.False(t, ask("alice", "chart$$7"))
}

// A rule that fails to evaluate is skipped, so a forbid that errors allows.
// Here whatever cannot be found out denies, for a deny rule asks nothing and
// every other question is about an allow.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestKnownBugForbidThatErrors(t *testing.T) {
	for _, source := range []string{"relations", "consent C-1", "condition"} {
		w := openClinic()
		w.down = source
		require.False(t, w.decide(t).Allowed, source)
	}
	// A role that should deny, and that cannot be known.
	w := openClinic()
	w.subject.Roles = []string{"nurse", "terminated"}
	require.Equal(t, access.CodeUnknownRole, w.decide(t).Code)
	// Another rule that would allow without the source does not help.
	p, err := access.ParsePolicy([]byte(relationPolicy))
	require.NoError(t, err)
	g, err := access.New(p, &access.Options{
		Roles:         access.Assignments{"d": {"doctor"}},
		Relationships: relationFunc(func(safeguard.Patient) ([]string, error) { return nil, errors.New("down") }),
	})
	require.NoError(t, err)
	d := g.Decide(as("d"), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment, Patient: one})
	require.Equal(t, access.CodeRelationSource, d.Code)
}

// A misspelt role, resource, action or key is taken as it is, and the rule
// never holds, or a deny rule never does.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestKnownBugUnknownNamesAreTaken(t *testing.T) {
	for old, wrong := range map[string]string{
		`"scheduler": {"inherits": ["staff"]`: `"scheduler": {"inherits": ["stuff"]`,
		`"id": "C-1", "resource": "Patient"`:  `"id": "C-1", "resource": "Pateint"`,
		`"actions": ["search"]`:               `"actions": ["raed"]`,
		`"deny": [
      {"id": "D-1"`: `"denies": [
      {"id": "D-1"`,
		`"fields": ["Patient.address.line"]`: `"fields": ["Pateint.address.line"]`,
		`"purposes": ["HOPERAT"]`:            `"purposes": ["OPERATIONS"]`,
		`"id": "X-1", `:                      `"id": "X-1", "id": "X-2", `,
	} {
		require.Contains(t, clinicPolicy, old)
		_, err := access.ParsePolicy([]byte(strings.Replace(clinicPolicy, old, wrong, 1)))
		require.ErrorIs(t, err, access.ErrPolicy, wrong)
	}
}

// Separation of duties that looks at the roles as granted lets one through who
// inherits the other role.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.308(a)(3)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestKnownBugSeparationIgnoresInheritance(t *testing.T) {
	w := openClinic()
	w.subject.Roles = []string{"nurse", "biller", "chief"} // chief inherits approver
	require.Equal(t, access.CodeSeparation, w.decide(t).Code)
}

// A role that denies can be put away by choosing which roles are active, if
// what is not active does not count.
//
// Controls: HIPAA 164.308(a)(4)(ii)(B), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestKnownBugDenyIsDeactivated(t *testing.T) {
	g := clinic(t)
	req := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment}
	for _, active := range [][]string{{"clinician"}, {"staff"}, {"clinician", "staff"}} {
		d := g.Decide(access.WithActiveRoles(as("gone"), active...), req)
		require.Equal(t, access.CodeDenyRule, d.Code, "%v", active)
	}
	// A field that is denied stays so.
	d := g.Decide(access.WithActiveRoles(as("both"), "clinician"), req)
	require.True(t, d.Allowed)
	out, err := d.Project(nil, []byte(`{"address":{"line":"12 Elm","city":"Salem"}}`))
	require.NoError(t, err)
	require.JSONEq(t, `{"address":{"city":"Salem"}}`, string(out))
}

// The first rule that matches wins, so the order of rules decides.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestKnownBugOrderMatters(t *testing.T) {
	rules := []string{
		`{"id":"A","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.id"],"because":"b"}`,
		`{"id":"B","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.name"],"because":"b"}`,
	}
	var seen []access.Decision
	for _, list := range [][]string{{rules[0], rules[1]}, {rules[1], rules[0]}} {
		seen = append(seen, read(t, guard(t, policyOf(strings.Join(list, ",")), access.Assignments{"u": {"r"}}), "u", safeguard.Treatment))
	}
	require.Equal(t, []string{"Patient.id", "Patient.name"}, seen[0].Fields)
	require.Equal(t, seen[0].Fields, seen[1].Fields)
}

// A nil scope or one that is put around another widens what the inner one
// left.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestKnownBugScopeIsReplaced(t *testing.T) {
	g := clinic(t)
	req := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment}
	inner := access.WithScope(as("carla"), noScope{})
	for name, ctx := range map[string]context.Context{
		"replaced": access.WithScope(inner, &oracle{}), "before": access.WithScope(access.WithScope(as("carla"), &oracle{}), noScope{}),
		"nil": access.WithScope(inner, nil), "only nil": access.WithScope(as("carla"), nil), "roles": access.WithActiveRoles(inner, "clinician"),
	} {
		require.Equal(t, access.CodeScope, g.Decide(ctx, req).Code, name)
	}
	require.True(t, g.Decide(access.WithScope(as("carla"), &oracle{}), req).Allowed)
}

// A cache of decisions that grows with whoever asks is a way to exhaust the
// memory; one that is full must still answer right.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func TestKnownBugCacheWithoutABound(t *testing.T) {
	var roles strings.Builder
	for i := range 64 {
		fmt.Fprintf(&roles, `%s"r%d":{"allow":[{"id":"A-%d","resource":"P","actions":["read"],"purposes":["TREAT"],"fields":["P.f%d"],"because":"b"}]}`,
			comma(i), i, i, i)
	}
	var held []string
	g := guard(t, `{"version":1,"resources":{"P":["read"]},"roles":{`+roles.String()+`}}`,
		roleFunc(func(context.Context, safeguard.Principal) ([]string, error) { return held, nil }))
	// More combinations of roles than there are places to remember them.
	for i := range 20_000 {
		held = held[:0]
		for bit := range 16 {
			if i>>bit&1 != 0 {
				held = append(held, fmt.Sprintf("r%d", bit*4))
			}
		}
		d := g.Decide(as("u"), access.Request{Resource: "P", Action: "read", Purpose: safeguard.Treatment})
		require.Equal(t, len(held) > 0, d.Allowed)
		require.Len(t, d.Fields, len(held))
	}
}
