package access_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// labelling serves body from a route of labelPolicy, with h for a handler.
func labelling(t *testing.T, rule access.Rule, h http.HandlerFunc) *service {
	t.Helper()
	g := guard(t, labelPolicy, access.Assignments{"dora": {"r"}})
	mux := g.Mux()
	rule.Resource, rule.Action, rule.Purpose = "Patient", "read", access.FixedPurpose(safeguard.Treatment)
	mux.HandleFunc("GET /patients/{id}", rule, h)
	mux.HandleFunc("GET /public", access.Rule{Public: "a test"}, h)
	require.NoError(t, g.VerifyRoutes(mux))
	return serve(t, g, mux)
}

// Labels that a handler finds out about late count as those that the rule of its
// route has told, besides those in the data, and are in the record.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestWriteLabelled(t *testing.T) {
	const data = `{"id":"1","a":"A","b":"` + planted + `"}`
	const psychiatric = `{"id":"1","a":"A","b":"B","meta":{"security":[{"system":"s","code":"PSY"}]}}`
	var labels access.Labels
	var body string
	late := labelling(t, access.Rule{}, func(w http.ResponseWriter, r *http.Request) {
		if err := access.WriteLabelled(w, r, http.StatusOK, labels, []byte(body)); err != nil && r.URL.Path != "/public" {
			require.ErrorIs(t, err, access.ErrLabel)
		}
	})
	early := labelling(t, access.Rule{Labels: func(*http.Request) access.Labels { return labels }}, func(w http.ResponseWriter, r *http.Request) {
		_ = access.WriteJSON(w, r, http.StatusOK, []byte(body))
	})
	for name, c := range map[string]struct {
		labels     access.Labels
		body, want string
	}{
		"none":                 {access.Labels{}, data, data},
		"normal":               {access.Labels{Confidentiality: "N"}, data, data},
		"restricted":           {access.Labels{Confidentiality: "R"}, data, `{"id":"1","a":"A"}`},
		"sensitive":            {access.Labels{Sensitivity: []string{"PSY"}}, data, `{"id":"1"}`},
		"both":                 {access.Labels{Confidentiality: "R", Sensitivity: []string{"PSY"}}, data, `{"id":"1"}`},
		"above":                {access.Labels{Confidentiality: "V"}, data, ""},
		"of no rule":           {access.Labels{Sensitivity: []string{"HIV"}}, data, ""},
		"of no policy":         {access.Labels{Sensitivity: []string{"VIP"}}, data, ""},
		"written badly":        {access.Labels{Confidentiality: "restricted"}, data, ""},
		"one is in the data":   {access.Labels{Confidentiality: "R"}, psychiatric, `{"id":"1","meta":{"security":[{"system":"s","code":"PSY"}]}}`},
		"the data's are above": {access.Labels{Sensitivity: []string{"42CFRPart2"}}, psychiatric, ""},
		"a list":               {access.Labels{Confidentiality: "R"}, `[` + data + `,` + data + `]`, `[{"id":"1","a":"A"},{"id":"1","a":"A"}]`},
	} {
		t.Run(name, func(t *testing.T) {
			labels, body = c.labels, c.body
			a, b := late.send(t, "GET", "/patients/1", "", ""), early.send(t, "GET", "/patients/1", "", "")
			require.Equal(t, b.status, a.status)
			require.Equal(t, b.body, a.body)
			if c.want == "" {
				require.Equal(t, http.StatusForbidden, a.status)
				require.Contains(t, a.body, access.CodeLabel)
				require.NotContains(t, a.all, planted)
				require.Contains(t, late.denied(t), access.CodeLabel)
				return
			}
			require.JSONEq(t, c.want, a.body)
			told, found := early.accesses(t), late.accesses(t)
			require.Equal(t, told[len(told)-1].Decision, found[len(found)-1].Decision)
			require.Equal(t, told[len(told)-1].Fields, found[len(found)-1].Fields)
		})
	}
	labels, body = access.Labels{Confidentiality: "V"}, data
	require.Equal(t, http.StatusInternalServerError, late.send(t, "GET", "/public", "", "").status)

	s := labelling(t, access.Rule{}, func(w http.ResponseWriter, r *http.Request) {
		require.ErrorIs(t, access.WriteLabelled(w, r, http.StatusNoContent, access.Labels{}, nil), access.ErrAnswer)
	})
	require.Equal(t, http.StatusInternalServerError, s.send(t, "GET", "/patients/1", "", "").status)
}

// While a route is observed, a label that would have withheld the data is noted.
//
// Controls: HIPAA 164.308(a)(8), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestWriteLabelledObserved(t *testing.T) {
	for confidentiality, flagged := range map[string]bool{"": false, "R": true, "V": true} {
		rule := access.Rule{Observe: observing(time.Now().Add(time.Hour)).Observe}
		s := labelling(t, rule, func(w http.ResponseWriter, r *http.Request) {
			require.NoError(t, access.WriteLabelled(w, r, http.StatusOK, access.Labels{Confidentiality: confidentiality}, []byte(`{"a":"A","b":"B"}`)))
		})
		a := s.send(t, "GET", "/patients/1", "", "")
		require.JSONEq(t, `{"a":"A","b":"B"}`, a.body)
		all := s.accesses(t)
		require.Equal(t, flagged, len(all[len(all)-1].Flags) > 0, confidentiality)
	}
}
