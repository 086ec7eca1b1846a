package access_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// While writing is observed, reading may be enforced: the copy that a caller
// was shown without what is hidden erases nothing, and one that was shown whole
// is stored as it was sent.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(8), 164.312(b); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestObservedWritesEraseNothing(t *testing.T) {
	const policy = `{"version":1,"resources":{"Patient":["read","update"]},"roles":{
	  "desk":{"allow":[{"id":"D","resource":"Patient","actions":["read","update"],"purposes":["HOPERAT"],
	    "fields":["Patient.id","Patient.name","Patient.contact.id","Patient.contact.name","Patient.visit.name"],"because":"b"}]},
	  "reader":{"allow":[{"id":"R","resource":"Patient","actions":["read"],"purposes":["HOPERAT"],"fields":["Patient.id","Patient.name.family"],"because":"b"}]}}}`
	const stored = `{"resourceType":"Patient","id":"1","name":[{"family":"Old","given":["Ada"]}],"diagnosis":"asthma",` +
		`"contact":[{"id":"a","name":"A","note":"first"},{"id":"b","name":"B","note":"second"}],"visit":[{"name":"V","code":1},{"name":"W","code":2}]}`
	const redact, deny = "observe-would-redact", "observe-would-deny"
	var before, got string
	g := guard(t, policy, access.Assignments{"dora": {"desk"}, "rita": {"reader"}})
	mux := g.Mux()
	rule := access.Rule{Resource: "Patient", Action: "update", Purpose: access.FixedPurpose(safeguard.Operations),
		Observe: &access.Observe{Until: time.Now().Add(time.Hour), Because: "the policy is tried"}}
	mux.HandleFunc("PUT /patients/{id}", rule, func(w http.ResponseWriter, r *http.Request) {
		if merged, err := access.MergeJSON(w, r, []byte(before)); err == nil {
			got = string(merged)
			w.WriteHeader(http.StatusNoContent)
		}
	})
	require.NoError(t, g.VerifyRoutes(mux))
	s := serve(t, g, mux)
	for name, c := range map[string]struct {
		sent, want string
		flags      []string
	}{
		"the redacted copy": {`{"resourceType":"Patient","id":"1","name":[{"family":"New","given":["Ada"]}],"contact":[{"id":"a","name":"A"},{"id":"b","name":"B"}],` +
			`"visit":[{"name":"V"},{"name":"W"}],` + redactedMeta + `}`,
			`{"resourceType":"Patient","id":"1","name":[{"family":"New","given":["Ada"]}],"diagnosis":"asthma",` +
				`"contact":[{"id":"a","name":"A","note":"first"},{"id":"b","name":"B","note":"second"}],"visit":[{"name":"V","code":1},{"name":"W","code":2}]}`,
			[]string{redact}},
		"the redacted copy and a hidden field": {`{"resourceType":"Patient","id":"1","gender":"female","contact":[{"id":"b","name":"C"}],"visit":[{"name":"V"},{"name":"X"}],` + redactedMeta + `}`,
			`{"resourceType":"Patient","id":"1","gender":"female","diagnosis":"asthma",` +
				`"contact":[{"note":"first"},{"id":"b","name":"C","note":"second"}],"visit":[{"name":"V","code":1},{"name":"X","code":2}]}`,
			[]string{deny, redact}},
		"the whole as it was": {stored, stored, []string{deny}},
		"the whole, changed": {`{"resourceType":"Patient","id":"1","diagnosis":"none","contact":[],"visit":[]}`,
			`{"resourceType":"Patient","id":"1","diagnosis":"none","contact":[{"note":"first"},{"note":"second"}],"visit":[{"code":1},{"code":2}]}`, []string{deny, redact}},
		"a hidden item is changed": {`{"resourceType":"Patient","id":"1","diagnosis":"none","contact":[{"id":"a","name":"A"},{"id":"b","name":"B","note":"x"}],"visit":[{"name":"W","code":2},{"name":"V","code":1}]}`,
			`{"resourceType":"Patient","id":"1","diagnosis":"none","contact":[{"id":"a","name":"A","note":"first"},{"id":"b","name":"B","note":"x"}],"visit":[{"name":"W","code":2},{"name":"V","code":1}]}`,
			[]string{deny, redact}},
	} {
		t.Run(name, func(t *testing.T) {
			before, got = stored, ""
			a := s.send(t, "PUT", "/patients/1", "application/json", c.sent)
			require.Equal(t, http.StatusNoContent, a.status, a.body)
			if c.want != "" {
				require.JSONEq(t, c.want, got)
			}
			require.NotContains(t, got, "REDACTED")
			all := s.accesses(t)
			require.Equal(t, c.flags, all[len(all)-1].Flags)
		})
	}

	// Whoever has no rule to write was shown a part by the rule to read.
	before = stored
	rita := serve(t, g, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mux.ServeHTTP(w, r.WithContext(safeguard.WithPrincipal(r.Context(), safeguard.Principal{ID: "rita", Kind: safeguard.Person})))
	}))
	a := rita.send(t, "PUT", "/patients/1", "application/json", `{"resourceType":"Patient","id":"1","name":[{"family":"Old"}]}`)
	require.Equal(t, http.StatusNoContent, a.status, a.body)
	require.JSONEq(t, stored, got)
	all := rita.accesses(t)
	require.Equal(t, []string{redact}, all[len(all)-1].Flags)
}
