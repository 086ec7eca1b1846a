package access_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// A refusal that a mistake of the developer brings about says what to do; one
// that tells of the caller or the policy says no more than its code.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestProblemsTellTheDeveloper(t *testing.T) {
	unverified := clinic(t)
	mux := unverified.Mux()
	mux.HandleFunc("GET /patients/{id}", readPatient, answerChart)
	late := serve(t, unverified, mux)
	other := readPatient
	other.Patient = func(*http.Request) safeguard.Patient { return safeguard.Patient{} }

	good := route(t, readPatient, answerChart)
	for name, c := range map[string]struct {
		s            *service
		who, purpose string
		code, detail string
	}{
		"unverified": {late, "carla", "TREAT", access.CodeUnverified,
			"call Guard.VerifyRoutes after the last route, and serve only if it passes"},
		"no purpose": {good, "carla", planted, access.CodeNoPurpose,
			"name one purpose that the route serves, by a Purpose-Of-Use header with a code such as TREAT"},
		"no patient": {route(t, other, answerChart), "carla", "TREAT", access.CodeNoPatient,
			"the Patient of the route's Rule found none in the request"},
		"raw write": {route(t, readPatient, func(w http.ResponseWriter, _ *http.Request) { http.Error(w, planted, 400) }), "carla", "TREAT",
			access.CodeRawWrite, "answer with access.WriteJSON or access.Error, not with http.Error or w.Write"},
		"no answer": {route(t, readPatient, func(http.ResponseWriter, *http.Request) {}), "carla", "TREAT",
			access.CodeNoAnswer, "answer with access.WriteJSON or access.Error, or with w.WriteHeader alone"},
		"projection": {route(t, readPatient, func(w http.ResponseWriter, r *http.Request) {
			_ = access.WriteJSON(w, r, http.StatusOK, []byte(planted))
		}), "carla", "TREAT", access.CodeProjection, "the error that access.WriteJSON returned says why"},
		"nobody":      {good, "", "TREAT", access.CodeNoPrincipal, ""},
		"no role":     {good, "new", "TREAT", access.CodeNoRole, ""},
		"a deny rule": {good, "gone", "TREAT", access.CodeDenyRule, ""},
		"purpose":     {good, "carla", "HMARKT", access.CodePurpose, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := c.s.get(t, "GET", "/patients/1", c.who, c.purpose)
			require.NotContains(t, a.all, planted)
			require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
			var got map[string]any
			require.NoError(t, json.Unmarshal([]byte(a.body), &got))
			want := map[string]any{
				"type": "about:blank", "title": http.StatusText(a.status), "status": float64(a.status), "code": c.code,
			}
			if c.detail != "" {
				want["detail"] = c.detail
			}
			require.Equal(t, want, got)
			all := c.s.accesses(t)
			require.Contains(t, all[len(all)-1].Denied, c.code)
		})
	}
}
