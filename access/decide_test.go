package access_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestDecide(t *testing.T) {
	g := clinic(t)
	for name, c := range map[string]struct {
		who, resource, action string
		purpose               safeguard.Purpose
		code                  string
		rules, fields         []string
	}{
		"scheduler": {"sam", "Patient", "read", "HOPERAT", access.CodeAllowed, []string{"D-1", "R-1", "S-1"},
			[]string{"Patient.address", "Patient.birthDate", "Patient.id", "Patient.name", "Patient.telecom"}},
		"inherited only":        {"sam", "Patient", "read", "TREAT", access.CodeAllowed, []string{"D-1", "S-1"}, []string{"Patient.id"}},
		"clinician":             {"carla", "Patient", "read", "TREAT", access.CodeAllowed, []string{"C-1", "S-1"}, []string{"Patient.*", "Patient.id"}},
		"union less the denied": {"both", "Patient", "read", "TREAT", access.CodeAllowed, []string{"C-1", "D-1", "S-1"}, []string{"Patient.*", "Patient.id"}},
		"nobody":                {"", "Patient", "read", "TREAT", access.CodeNoPrincipal, nil, nil},
		"a shared account":      {"anonymous", "Patient", "read", "TREAT", access.CodeNoPrincipal, nil, nil},
		"no purpose":            {"carla", "Patient", "read", "", access.CodeNoPurpose, nil, nil},
		"unknown purpose":       {"carla", "Patient", "read", "CURIOSITY", access.CodeNoPurpose, nil, nil},
		"purpose of no rule":    {"carla", "Patient", "read", "HMARKT", access.CodePurpose, nil, nil},
		"emergency is not BTG":  {"carla", "Patient", "read", "ETREAT", access.CodePurpose, nil, nil},
		"undeclared resource":   {"carla", "Binary", "read", "TREAT", access.CodeUndeclared, nil, nil},
		"undeclared action":     {"carla", "Patient", "delete", "TREAT", access.CodeUndeclared, nil, nil},
		"no resource":           {"carla", "", "", "TREAT", access.CodeUndeclared, nil, nil},
		"no rule":               {"sam", "Patient", "update", "HOPERAT", access.CodeNoRule, nil, nil},
		"denied whole":          {"gone", "Patient", "read", "TREAT", access.CodeDenyRule, []string{"X-1"}, nil},
		"no role":               {"new", "Patient", "read", "TREAT", access.CodeNoRole, nil, nil},
		"unknown to the roles":  {"stranger", "Patient", "read", "TREAT", access.CodeNoRole, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := g.Decide(as(c.who), access.Request{Resource: c.resource, Action: c.action, Purpose: c.purpose})
			require.Equal(t, c.code, d.Code)
			require.Equal(t, c.code == access.CodeAllowed, d.Allowed)
			require.Equal(t, c.rules, d.Rules)
			require.Equal(t, c.fields, d.Fields)
			require.NotEmpty(t, d.Controls)
			require.NotEmpty(t, d.Policy)
			require.NotEmpty(t, d.Explain())
			require.Equal(t, d.Allowed, d.Record().Allowed)
			require.Equal(t, d.Rules, d.Record().Rules)
			if !d.Allowed {
				_, err := d.Project(nil, []byte(`{"id":"1"}`))
				require.ErrorIs(t, err, access.ErrProjection)
			}
		})
	}
}

// A principal of a tenant is not the one without a tenant of the same ID, and
// Explain says so where that may be the mistake.
//
// Controls: HIPAA 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
func TestAssignmentsKnowNoTenant(t *testing.T) {
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "carla", Kind: safeguard.Person, Tenant: "other"})
	req := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment}
	d := clinic(t).Decide(ctx, req)
	require.Equal(t, access.CodeNoRole, d.Code)
	require.Equal(t, "denied: access.no-role: the caller has no role (Assignments know principals without a tenant only)", d.Explain())

	own := roleFunc(func(context.Context, safeguard.Principal) ([]string, error) { return nil, nil })
	require.Equal(t, "denied: access.no-role: the caller has no role", guard(t, clinicPolicy, own).Decide(ctx, req).Explain())
}

type roleFunc func(context.Context, safeguard.Principal) ([]string, error)

func (f roleFunc) Roles(ctx context.Context, p safeguard.Principal) ([]string, error) {
	return f(ctx, p)
}

// An error or an unknown state is a denial, even beside roles that would do.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestDecideFailsClosed(t *testing.T) {
	req := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment}
	cancelled, cancel := context.WithCancel(as("carla"))
	cancel()
	for name, c := range map[string]struct {
		ctx   context.Context
		roles []string
		err   error
		code  string
	}{
		"it works":        {as("carla"), []string{"clinician"}, nil, access.CodeAllowed},
		"error and roles": {as("carla"), []string{"clinician"}, errors.New("down"), access.CodeRoleSource},
		"cancelled":       {cancelled, []string{"clinician"}, nil, access.CodeRoleSource},
		"unknown role":    {as("carla"), []string{"clinician", "suspendet"}, nil, access.CodeUnknownRole},
		"no role":         {as("carla"), nil, nil, access.CodeNoRole},
	} {
		t.Run(name, func(t *testing.T) {
			g := guard(t, clinicPolicy, roleFunc(func(context.Context, safeguard.Principal) ([]string, error) { return c.roles, c.err }))
			require.Equal(t, c.code, g.Decide(c.ctx, req).Code)
		})
	}
}

// A role that was taken away is gone at the next decision: what is cached
// does not depend on who asks.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRevokedRoleIsGoneAtOnce(t *testing.T) {
	roles := people()
	g := guard(t, clinicPolicy, roles)
	req := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment}
	for range 3 {
		require.True(t, g.Decide(as("carla"), req).Allowed)
	}
	delete(roles, "carla")
	require.Equal(t, access.CodeNoRole, g.Decide(as("carla"), req).Code)
}

type relationFunc func(safeguard.Patient) ([]string, error)

func (f relationFunc) Relations(_ context.Context, _ safeguard.Principal, p safeguard.Patient) ([]string, error) {
	return f(p)
}

const relationPolicy = `{"version":1,"resources":{"Patient":["read","search"]},"roles":{"doctor":{"allow":[
  {"id":"A","resource":"Patient","actions":["read","search"],"purposes":["TREAT"],"fields":["Patient.id"],"because":"finds"},
  {"id":"B","resource":"Patient","actions":["read","search"],"purposes":["TREAT"],"fields":["Patient.name"],"relationship":["care-team","treating"],"because":"treats"}]},
  "kin":{"allow":[{"id":"C","resource":"Patient","actions":["read"],"purposes":["PATRQT"],"fields":["Patient.id"],"relationship":["proxy"],"because":"proxy"}]}}}`

// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestRelationship(t *testing.T) {
	p, err := access.ParsePolicy([]byte(relationPolicy))
	require.NoError(t, err)
	mine := safeguard.NewPatient("mine")
	g, err := access.New(p, &access.Options{
		Roles: access.Assignments{"d": {"doctor"}, "k": {"kin"}},
		Relationships: relationFunc(func(p safeguard.Patient) ([]string, error) {
			switch p {
			case mine:
				return []string{"treating", "neighbour"}, nil
			case safeguard.NewPatient("down"):
				return []string{"treating", "proxy"}, errors.New("down")
			}
			return nil, nil
		}),
	})
	require.NoError(t, err)
	for name, c := range map[string]struct {
		who     string
		patient safeguard.Patient
		purpose safeguard.Purpose
		code    string
		rules   []string
	}{
		"treating":   {"d", mine, safeguard.Treatment, access.CodeAllowed, []string{"A", "B"}},
		"a stranger": {"d", safeguard.NewPatient("x"), safeguard.Treatment, access.CodeAllowed, []string{"A"}},
		"no patient": {"d", safeguard.Patient{}, safeguard.Treatment, access.CodeAllowed, []string{"A"}},
		"error":      {"d", safeguard.NewPatient("down"), safeguard.Treatment, access.CodeRelationSource, nil},
		"needed":     {"k", mine, safeguard.PatientRequest, access.CodeRelationship, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := g.Decide(as(c.who), access.Request{Resource: "Patient", Action: "read", Patient: c.patient, Purpose: c.purpose})
			require.Equal(t, c.code, d.Code)
			require.Equal(t, c.rules, d.Rules)
		})
	}
	d := g.Decide(as("k"), access.Request{Resource: "Patient", Action: "read", Patient: mine, Purpose: safeguard.PatientRequest})
	require.Contains(t, d.Explain(), "the relationship proxy")
}

// Explain says what would have been needed, and nothing of the request.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestExplain(t *testing.T) {
	g := clinic(t)
	explain := func(who, action string, purpose safeguard.Purpose) string {
		d := g.Decide(as(who), access.Request{
			Resource: "Patient", Action: action, Purpose: purpose, Patient: safeguard.NewPatient("MRN-99887766"),
		})
		require.NotContains(t, d.Explain(), "MRN-99887766")
		return d.Explain()
	}
	require.Equal(t, "allowed: by D-1, R-1, S-1", explain("sam", "read", "HOPERAT"))
	require.Equal(t, "denied: access.no-rule: needed is the role clinician", explain("sam", "update", "HOPERAT"))
	require.Equal(t, "denied: access.purpose: needed is the purpose TREAT; the purpose TREAT or HOPERAT", explain("carla", "read", "HMARKT"))
	require.Equal(t, "denied: access.deny-rule: by X-1", explain("gone", "read", "TREAT"))
	require.Equal(t, "denied: access.no-role: the caller has no role", explain("new", "read", "TREAT"))
	require.Equal(t, "denied: access.no-principal: the context has no valid Principal (Principal.Validate says what is wrong with one)", explain("", "read", "TREAT"))
	require.Contains(t, explain("sam", "read", ""), "no purpose of use")
	require.Contains(t, explain("sam", "raed", "TREAT"), "declares no such action")
	secret := "SECRET-PURPOSE-12345"
	d := g.Decide(as("sam"), access.Request{Resource: secret, Action: secret, Purpose: safeguard.Purpose(secret)})
	require.NotContains(t, d.Explain(), secret)
	require.Equal(t, "denied: no decision was taken", access.Decision{}.Explain())
	require.False(t, access.Decision{Allowed: true}.Record().Allowed)
}

// A Decision that a program makes up, or changes, opens nothing.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestDecisionCannotBeForged(t *testing.T) {
	g := clinic(t)
	src := []byte(`{"id":"1","name":"Secret"}`)
	_, err := access.Decision{Allowed: true, Code: access.CodeAllowed, Fields: []string{"Patient.*"}}.Project(nil, src)
	require.ErrorIs(t, err, access.ErrProjection)

	d := read(t, g, "sam", safeguard.Treatment)
	d.Fields[0] = "Patient.name"
	d.Rules[0] = "forged"
	again := read(t, g, "sam", safeguard.Treatment)
	require.Equal(t, []string{"Patient.id"}, again.Record().Fields)
	require.Equal(t, []string{"D-1", "S-1"}, again.Record().Rules)
	out, err := again.Project(nil, src)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":"1"}`, string(out))
}

// Once a verdict is known, deciding allocates nothing.
//
// Controls: none, it is about cost.
func TestDecideAllocates(t *testing.T) {
	g := clinic(t)
	ctx := as("carla")
	req := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment}
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if !g.Decide(ctx, req).Allowed {
			panic("denied")
		}
	}))
}

// The report names the policy and counts decisions by code.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func TestReport(t *testing.T) {
	g := clinic(t)
	var _ safeguard.Reporter = g
	d := read(t, g, "carla", safeguard.Treatment)
	g.Decide(as("sam"), access.Request{Resource: "Patient", Action: "update", Purpose: safeguard.Operations})
	seen, err := g.Report(context.Background())
	require.NoError(t, err)
	require.Len(t, seen, 2)
	require.Equal(t, d.Policy, seen[0].Settings["policy"])
	require.Equal(t, map[string]uint64{access.CodeAllowed: 1, access.CodeNoRule: 1}, seen[0].Counters)
	require.False(t, seen[0].Since.IsZero())
	require.Equal(t, "clinician scheduler staff suspended", seen[0].Settings["roles"])
	require.False(t, strings.Contains(seen[1].Statement, "carla"))
}
