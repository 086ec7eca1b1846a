package access_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// frontDesk lets a desk see and change names and birth dates.
const frontDesk = `{"version":1,"resources":{"Patient":["search","update"]},"roles":{"desk":{"allow":[
  {"id":"D","resource":"Patient","actions":["search","update"],"purposes":["HOPERAT"],"fields":["Patient.id","Patient.name","Patient.birthDate"],"because":"b"}]}}}`

func desk(t *testing.T, pattern string, rule access.Rule, h http.HandlerFunc) *service {
	t.Helper()
	g := guard(t, frontDesk, access.Assignments{"dora": {"desk"}})
	mux := g.Mux()
	rule.Resource, rule.Purpose = "Patient", access.FixedPurpose(safeguard.Operations)
	mux.HandleFunc(pattern, rule, h)
	require.NoError(t, g.VerifyRoutes(mux))
	return serve(t, g, mux)
}

func (s *service) send(t *testing.T, method, path, kind, body string) answer {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("User", "dora")
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	res, err := s.Client().Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return answer{res.StatusCode, res.Header, string(got), fmt.Sprint(res.Status, res.Header, string(got))}
}

// denied returns the codes in the record of the last request, while the server
// goes on.
func (s *service) denied(t *testing.T) []string {
	all := s.accesses(t)
	return all[len(all)-1].Denied
}

// A route that checks queries runs no handler for a search that looks at what
// is hidden, wherever the search is written.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestRuleQuery(t *testing.T) {
	ran := 0
	var form url.Values
	h := func(w http.ResponseWriter, r *http.Request) {
		ran++
		form = r.Form
		_ = access.WriteJSON(w, r, http.StatusOK, []byte(`[]`))
	}
	const urlencoded = "application/x-www-form-urlencoded"
	s := desk(t, "/patients", access.Rule{Action: "search", Query: &access.Query{FHIR: true, Parameters: access.SearchParameters{"Patient.page": {NoData: true}}}}, h)
	for _, c := range []struct {
		method, path, kind, body string
		status                   int
	}{
		{"GET", "/patients", "", "", 200},
		{"GET", "/patients?birthdate=1970&page=2", "", "", 200},
		{"GET", "/patients?gender=f", "", "", 403},
		{"GET", "/patients?birthdate=1970&gender=f", "", "", 403},
		{"GET", "/patients?birthdate=1970;gender=f", "", "", 403},
		{"GET", "/patients?%zz=1", "", "", 403},
		{"GET", "/patients?_sort=gender", "", "", 403},
		{"GET", "/patients?_has:Observation:patient:code=HIV", "", "", 403},
		{"POST", "/patients", urlencoded, "birthdate=1970", 200},
		{"POST", "/patients", urlencoded, "gender=f", 403},
		{"POST", "/patients?birthdate=1970", urlencoded + "; charset=utf-8", "gender=f", 403},
		{"POST", "/patients", urlencoded, "birthdate=" + strings.Repeat("1", 64<<10), 403},
		{"POST", "/patients", "multipart/form-data; boundary=b", "--b\r\nContent-Disposition: form-data; name=\"gender\"\r\n\r\nf\r\n--b--\r\n", 403},
		{"POST", "/patients", ";;", "gender=f", 403},
		{"POST", "/patients?birthdate=1970", "application/json", `{"gender":"f"}`, 200},
	} {
		before := ran
		a := s.send(t, c.method, c.path, c.kind, c.body)
		require.Equal(t, c.status, a.status, "%+v %s", c, a.body)
		require.Equal(t, c.status == 200, ran > before, "%+v", c)
		if c.status != 200 {
			require.Contains(t, a.body, access.CodeQuery)
			require.Contains(t, s.denied(t), access.CodeQuery)
		} else if strings.Contains(c.path+c.body, "birthdate") {
			require.Equal(t, "1970", form.Get("birthdate"), "the handler finds it")
		}
	}
	s = desk(t, "/patients", access.Rule{Action: "search", Query: &access.Query{FHIR: true}, Observe: observing(time.Now().Add(time.Hour)).Observe}, h)
	require.Equal(t, 200, s.send(t, "GET", "/patients?gender=f", "", "").status, "observed")
	s = desk(t, "/patients", access.Rule{Action: "search", UncheckedQuery: "the handler calls CheckQuery"}, h)
	require.Equal(t, 200, s.send(t, "GET", "/patients?gender=f", "", "").status, "not asked for")
}

// What a caller sends back keeps what was hidden from it, and an error has been
// answered and recorded.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestMergeJSON(t *testing.T) {
	const before = `{"resourceType":"Patient","id":"1","name":[{"family":"Old"}],"gender":"female"}`
	const fhir = "application/fhir+json"
	var stored string
	h := func(w http.ResponseWriter, r *http.Request) {
		merged, err := access.MergeJSON(w, r, []byte(before))
		if err != nil {
			require.NotContains(t, err.Error(), planted)
			return
		}
		stored = string(merged)
		w.WriteHeader(http.StatusNoContent)
	}
	s := desk(t, "PUT /patients/{id}", access.Rule{Action: "update"}, h)
	for name, c := range map[string]struct {
		kind, body string
		status     int
		code       string
	}{
		"changed":        {fhir, `{"resourceType":"Patient","id":"1","name":[{"family":"New"}]}`, 204, ""},
		"with charset":   {"application/json; charset=utf-8", `{"resourceType":"Patient","id":"1","name":[{"family":"New"}]}`, 204, ""},
		"redacted copy":  {fhir, `{"resourceType":"Patient","id":"1","name":[{"family":"New"}],` + redactedMeta + `}`, 204, ""},
		"hidden":         {fhir, `{"resourceType":"Patient","id":"1","gender":"` + planted + `"}`, 403, access.CodeWrite},
		"hidden as is":   {fhir, `{"resourceType":"Patient","id":"1","gender":"female"}`, 403, access.CodeWrite},
		"another type":   {fhir, `{"resourceType":"Observation"}`, 403, access.CodeWrite},
		"malformed":      {fhir, `{"` + planted, 400, ""},
		"a key twice":    {fhir, `{"id":"1","id":"2"}`, 400, ""},
		"no object":      {fhir, `[]`, 400, ""},
		"nothing":        {fhir, ``, 400, ""},
		"no media type":  {"", `{"resourceType":"Patient"}`, 415, ""},
		"a merge patch":  {"application/merge-patch+json", `{"name":[{"family":"New"}]}`, 415, ""},
		"a JSON patch":   {"application/json-patch+json", `[]`, 415, ""},
		"a form":         {"application/x-www-form-urlencoded", `gender=f`, 415, ""},
		"labelled above": {fhir, `{"resourceType":"Patient","meta":{"security":[` + label("V") + `]}}`, 403, access.CodeWrite},
	} {
		t.Run(name, func(t *testing.T) {
			stored = ""
			a := s.send(t, "PUT", "/patients/1", c.kind, c.body)
			require.Equal(t, c.status, a.status, a.body)
			require.NotContains(t, a.all, planted)
			if c.status == 204 {
				require.JSONEq(t, `{"resourceType":"Patient","id":"1","name":[{"family":"New"}],"gender":"female"}`, stored)
				return
			}
			require.Empty(t, stored)
			if c.code != "" {
				require.Contains(t, a.body, c.code)
				require.Contains(t, s.denied(t), c.code)
			}
		})
	}
	req := httptest.NewRequest("PUT", "/patients/1", strings.NewReader(strings.Repeat(" ", 16<<20+1)))
	req.Header.Set("Content-Type", fhir)
	req.Header.Set("User", "dora")
	rec := httptest.NewRecorder()
	s.Config.Handler.ServeHTTP(rec, req)
	require.Equal(t, http.StatusRequestEntityTooLarge, rec.Code)

	s = desk(t, "PUT /patients/{id}", access.Rule{Action: "update", Observe: observing(time.Now().Add(time.Hour)).Observe}, h)
	require.Equal(t, 204, s.send(t, "PUT", "/patients/1", fhir, `{"gender":"other"}`).status)
	require.JSONEq(t, `{"resourceType":"Patient","gender":"other"}`, stored, "an observed caller may have been shown the whole")
	require.Equal(t, 400, s.send(t, "PUT", "/patients/1", fhir, `{"gender":1,"gender":2}`).status)
}

// Whoever may change a resource does not create one where nothing is stored.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestMergeJSONOfNothing(t *testing.T) {
	var before []byte
	stored := ""
	h := func(w http.ResponseWriter, r *http.Request) {
		merged, err := access.MergeJSON(w, r, before)
		if err != nil {
			require.ErrorIs(t, err, access.ErrWrite)
			return
		}
		stored = string(merged)
		w.WriteHeader(http.StatusNoContent)
	}
	g := guard(t, strings.ReplaceAll(frontDesk, `"update"`, `"update","create"`), access.Assignments{"dora": {"desk"}})
	mux := g.Mux()
	for pattern, action := range map[string]string{"PUT /patients/{id}": "update", "POST /patients": "create"} {
		mux.HandleFunc(pattern, access.Rule{Resource: "Patient", Action: action, Purpose: access.FixedPurpose(safeguard.Operations)}, h)
	}
	require.NoError(t, g.VerifyRoutes(mux))
	s := serve(t, g, mux)
	for _, before = range [][]byte{nil, {}} {
		a := s.send(t, "PUT", "/patients/1", "application/json", `{"id":"1"}`)
		require.Equal(t, http.StatusForbidden, a.status)
		require.Contains(t, a.body, access.CodeWrite)
		require.Empty(t, stored)
	}
	require.Equal(t, http.StatusNoContent, s.send(t, "POST", "/patients", "application/json", `{"id":"1"}`).status)
	require.Equal(t, `{"id":"1"}`, stored)
}

// A document that is withheld for its labels is a denial, not a mistake of the
// service; and a route can mark what it hides.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestRouteOfLabelsAndMarks(t *testing.T) {
	document := `{"resourceType":"Patient","id":"` + planted + `",` + meta(label("V")) + `}`
	h := func(w http.ResponseWriter, r *http.Request) {
		if err := access.WriteJSON(w, r, http.StatusOK, []byte(document)); err != nil {
			require.ErrorIs(t, err, access.ErrLabel)
		}
	}
	s := desk(t, "GET /patients/{id}", access.Rule{Action: "search", Query: &access.Query{}, Masked: true}, h)
	a := s.send(t, "GET", "/patients/1", "", "")
	require.Equal(t, http.StatusForbidden, a.status)
	require.Contains(t, a.body, access.CodeLabel)
	require.NotContains(t, a.all, planted)
	require.Contains(t, s.denied(t), access.CodeLabel)

	document = `{"resourceType":"Patient","id":"1","gender":"female"}`
	a = s.send(t, "GET", "/patients/1", "", "")
	require.Equal(t, http.StatusOK, a.status)
	require.Contains(t, a.body, `"_gender":{"extension"`)
	require.NotContains(t, a.body, "female")
	all := s.accesses(t)
	require.Equal(t, []string{"Patient.id"}, all[len(all)-1].Fields, "a mark is no field that left")
}
