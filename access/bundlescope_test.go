package access_test

import (
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// onlyScope covers one type of resource.
type onlyScope string

func (s onlyScope) Permits(r *access.Request) bool    { return r.Resource == string(s) }
func (s onlyScope) Filtered(string, string) bool      { return false }
func (s onlyScope) Holds(string, string, []byte) bool { return true }

// What a scope does not cover leaves a Bundle of what it covers, and so does
// what an entry of another type would have needed.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestBundleIsNarrowedEntryByEntry(t *testing.T) {
	const policy = `{"version":1,"labels":["PSY"],"resources":{"Patient":["read"],"Condition":["read"],"Note":["read"]},"roles":{"r":{"allow":[
		{"id":"A","resource":"Patient","actions":["read"],"purposes":["TREAT"],"fields":["Patient.id"],"labels":{"max":"R"},"because":"b"},
		{"id":"B","resource":"Condition","actions":["read"],"purposes":["TREAT"],"fields":["Condition.id"],"because":"b"},
		{"id":"C","resource":"Note","actions":["read"],"purposes":["TREAT"],"fields":["Note.id"],"relationship":["care-team"],"because":"b"}]}}}`
	p, err := access.ParsePolicy([]byte(policy))
	require.NoError(t, err)
	g, err := access.New(p, &access.Options{
		Roles: access.Assignments{"u": {"r"}}, Relationships: relationFunc(func(safeguard.Patient) ([]string, error) { return []string{"care-team"}, nil }),
	})
	require.NoError(t, err)
	const bundle = `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"p"}},
		{"resource":{"resourceType":"Condition","id":"c"}},{"resource":{"resourceType":"Note","id":"n"}}]}`
	req := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment, Patient: one}
	project := func(d access.Decision) string {
		out, err := d.Project(nil, []byte(bundle))
		require.NoError(t, err, d.Explain())
		return string(out)
	}
	const patient, condition = `"id":"p"`, `"id":"c"`
	for name, c := range map[string]struct {
		decision access.Decision
		shows    []string
	}{
		"the note's relationship was not asked for": {g.Decide(as("u"), req), []string{patient, condition}},
		"scope":  {g.Decide(access.WithScope(as("u"), onlyScope("Patient")), req), []string{patient}},
		"labels": {g.Decide(as("u"), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment, Labels: access.Labels{Confidentiality: "R"}}), []string{patient}},
	} {
		out := project(c.decision)
		for _, entry := range []string{patient, condition, `"id":"n"`} {
			if common([]string{entry}, c.shows) == 1 {
				require.Contains(t, out, entry, name)
			} else {
				require.NotContains(t, out, entry, name)
			}
		}
	}
}
