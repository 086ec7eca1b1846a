package access_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// Of a list, the record names those of whom something leaves, and the throttle is
// charged for them: not those who were found and withheld.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestWriteEach(t *testing.T) {
	item := func(patient, resource string, labels access.Labels) access.Item {
		return access.Item{Resource: []byte(resource), Patient: safeguard.NewPatient(patient), Labels: labels}
	}
	psy := access.Labels{Sensitivity: []string{"PSY"}}
	above := access.Labels{Confidentiality: "V"}
	const one, withheld = `{"a":"A","b":"B","x":1}`, `{"a":"` + planted + `"}`
	for name, c := range map[string]struct {
		items    []access.Item
		want     string // "" for a 500
		patients int
	}{
		"nothing":            {nil, `[]`, 0},
		"one":                {[]access.Item{item("1", one, access.Labels{})}, `[{"a":"A","b":"B"}]`, 1},
		"one of nobody":      {[]access.Item{item("", one, access.Labels{})}, `[{"a":"A","b":"B"}]`, 0},
		"two of one":         {[]access.Item{item("1", one, access.Labels{}), item("1", `{"a":1}`, access.Labels{})}, `[{"a":"A","b":"B"},{"a":1}]`, 1},
		"withheld":           {[]access.Item{item("1", withheld, above)}, `[]`, 0},
		"withheld first":     {[]access.Item{item("1", withheld, above), item("2", one, access.Labels{})}, `[{"a":"A","b":"B"}]`, 1},
		"withheld last":      {[]access.Item{item("1", one, access.Labels{}), item("2", withheld, above)}, `[{"a":"A","b":"B"}]`, 1},
		"by its meta":        {[]access.Item{item("1", `{"a":"`+planted+`",`+meta(label("V"))+`}`, access.Labels{}), item("2", one, access.Labels{})}, `[{"a":"A","b":"B"}]`, 1},
		"each by its own":    {[]access.Item{item("1", `{"id":"1","a":"A"}`, psy), item("2", one, access.Labels{Confidentiality: "R"})}, `[{"id":"1"},{"a":"A"}]`, 2},
		"malformed":          {[]access.Item{item("1", one, access.Labels{}), item("2", `{"a":`, access.Labels{})}, "", 0},
		"a list in the list": {[]access.Item{item("1", `[`+one+`]`, access.Labels{})}, "", 0},
		"two in one":         {[]access.Item{item("1", one+`,`+one, access.Labels{})}, "", 0},
		"a Bundle":           {[]access.Item{item("1", `{"resourceType":"Bundle","type":"searchset"}`, access.Labels{})}, "", 0},
		"another type":       {[]access.Item{item("1", `{"resourceType":"Observation"}`, access.Labels{})}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := &purse{left: 100}
			g, err := access.New(parsed(t, labelPolicy), &access.Options{Roles: access.Assignments{"dora": {"r"}}, Throttle: p})
			require.NoError(t, err)
			mux := g.Mux()
			rule := access.Rule{Resource: "Patient", Action: "read", Purpose: access.FixedPurpose(safeguard.Treatment)}
			mux.HandleFunc("GET /patients", rule, func(w http.ResponseWriter, r *http.Request) {
				err := access.WriteEach(w, r, http.StatusOK, c.items)
				if c.want == "" {
					require.ErrorIs(t, err, access.ErrProjection)
				}
			})
			require.NoError(t, g.VerifyRoutes(mux))
			s := serve(t, g, mux)
			a := s.send(t, "GET", "/patients", "", "")
			require.NotContains(t, a.all, planted)
			if c.want == "" {
				require.Equal(t, http.StatusInternalServerError, a.status)
				require.Zero(t, p.total())
				return
			}
			require.Equal(t, http.StatusOK, a.status)
			require.JSONEq(t, c.want, a.body)
			all := s.accesses(t)
			require.Len(t, all[len(all)-1].Patients, c.patients)
			if c.patients > 0 {
				require.Equal(t, c.patients, p.total())
			}
		})
	}
	public := labelling(t, access.Rule{}, func(w http.ResponseWriter, r *http.Request) {
		require.ErrorIs(t, access.WriteEach(w, r, http.StatusOK, nil), access.ErrAnswer)
	})
	require.Equal(t, http.StatusInternalServerError, public.send(t, "GET", "/public", "", "").status)
	rule := access.Rule{Observe: observing(time.Now().Add(time.Hour)).Observe}
	observed := labelling(t, rule, func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, access.WriteEach(w, r, http.StatusOK, []access.Item{item("1", one, above)}))
	})
	require.JSONEq(t, `[`+one+`]`, observed.send(t, "GET", "/patients/1", "", "").body)
	all := observed.accesses(t)
	require.Len(t, all[len(all)-1].Patients, 1)
	require.Contains(t, all[len(all)-1].Flags, "observe-would-redact")
}
