package access_test

import (
	"context"
	"os"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// clinicPolicy is what most tests decide by.
const clinicPolicy = `{
  "version": 1,
  "description": "a small clinic",
  "resources": {
    "Patient": ["read", "search", "update"],
    "Encounter": ["read", "search"],
    "Observation": ["read", "search"]
  },
  "categories": {
    "demographics": ["Patient.id", "Patient.name", "Patient.birthDate"],
    "contact": ["Patient.telecom", "Patient.address"],
    "visit": ["Encounter.id", "Encounter.status", "Encounter.period", "Encounter.subject.reference"]
  },
  "roles": {
    "staff": {"allow": [
      {"id": "S-1", "resource": "Patient", "actions": ["read", "search"], "purposes": ["TREAT", "HOPERAT"],
       "fields": ["Patient.id"], "because": "finds the record"}]},
    "scheduler": {"inherits": ["staff"], "allow": [
      {"id": "R-1", "resource": "Patient", "actions": ["read", "search"], "purposes": ["HOPERAT"],
       "fields": ["demographics", "contact"], "because": "books visits"},
      {"id": "R-2", "resource": "Encounter", "actions": ["search"], "purposes": ["HOPERAT"],
       "fields": ["visit"], "because": "books visits"}],
     "deny": [
      {"id": "D-1", "resource": "Patient", "actions": ["read", "search"],
       "fields": ["Patient.address.line"], "because": "needs no street"}]},
    "clinician": {"inherits": ["staff"], "allow": [
      {"id": "C-1", "resource": "Patient", "actions": ["read", "search", "update"], "purposes": ["TREAT"],
       "fields": "all", "justification": "treats the whole person", "because": "treatment"},
      {"id": "C-2", "resource": "Observation", "actions": ["read", "search"], "purposes": ["TREAT"],
       "fields": ["all", "Observation.text"], "justification": "treats the whole person", "because": "treatment"}]},
    "suspended": {"deny": [
      {"id": "X-1", "resource": "Patient", "actions": ["read", "search", "update"], "because": "under investigation"}]}
  }
}`

func people() access.Assignments {
	return access.Assignments{
		"sam":   {"scheduler"},
		"carla": {"clinician"},
		"both":  {"scheduler", "clinician"},
		"gone":  {"clinician", "suspended"},
		"new":   {},
	}
}

func clinic(t testing.TB) *access.Guard {
	t.Helper()
	return guard(t, clinicPolicy, people())
}

func guard(t testing.TB, policy string, roles access.RoleSource) *access.Guard {
	t.Helper()
	p, err := access.ParsePolicy([]byte(policy))
	require.NoError(t, err)
	g, err := access.New(p, &access.Options{Roles: roles})
	require.NoError(t, err)
	return g
}

func as(id string) context.Context {
	return safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: id, Kind: safeguard.Person})
}

func read(t testing.TB, g *access.Guard, who string, purpose safeguard.Purpose) access.Decision {
	t.Helper()
	d := g.Decide(as(who), access.Request{Resource: "Patient", Action: "read", Purpose: purpose})
	require.True(t, d.Allowed, d.Explain())
	return d
}

// cases returns how many random cases to try: few in a normal run, many where
// SAFEGUARD_SOAK is set.
func cases(few, many int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return many
	}
	return few
}
