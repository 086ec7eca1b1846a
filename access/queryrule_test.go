package access_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// visits is a plain resource with the name of one of FHIR, of which the desk
// sees a part.
const visits = `{"version":1,"resources":{"Patient":["search","read","list","update"],"Visit":["search"],"Chart":["search"],"Observation":["search"]},"roles":{
  "desk":{"allow":[
    {"id":"D","resource":"Patient","actions":["search","read","list","update"],"purposes":["HOPERAT"],"fields":["Patient.id","Patient.name","Patient.start","Patient.room"],"because":"b"},
    {"id":"V","resource":"Visit","actions":["search"],"purposes":["HOPERAT"],"fields":["Visit.start"],"because":"b"},
    {"id":"O","resource":"Observation","actions":["search"],"purposes":["HOPERAT"],"fields":"all","justification":"j","because":"b"},
    {"id":"C","resource":"Chart","actions":["search"],"purposes":["HOPERAT"],"fields":"all","justification":"j","because":"b"}],
   "deny":[{"id":"N","resource":"Patient","actions":["search"],"fields":["Patient.diagnosis","Patient.family"],"because":"b"},
    {"id":"N-2","resource":"Chart","actions":["search"],"fields":["Chart.diagnosis"],"because":"b"}]}}}`

// whereabouts are the parameters of a handler that filters plain documents.
var whereabouts = access.SearchParameters{
	"Patient.start": {Paths: []string{"start"}}, "Patient.room": {Paths: []string{"room"}}, "Patient.id": {Paths: []string{"id"}},
	"Patient.family": {Paths: []string{"family"}}, "Patient.sort": {NamesPaths: true}, "Patient.page": {NoData: true},
	"Patient.diagnosis": {Paths: []string{"diagnosis"}},
}

func visitRoutes(t *testing.T, rule access.Rule) (*access.Guard, *access.Mux, error) {
	t.Helper()
	g := guard(t, visits, access.Assignments{"dora": {"desk"}})
	mux := g.Mux()
	if rule.Resource == "" {
		rule.Resource = "Patient"
	}
	rule.Purpose = access.FixedPurpose(safeguard.Operations)
	mux.HandleFunc("/visits", rule, func(w http.ResponseWriter, r *http.Request) {
		_ = access.WriteJSON(w, r, http.StatusOK, []byte(`[]`))
	})
	return g, mux, g.VerifyRoutes(mux)
}

// A route takes no parameter that its rule does not know, so that none finds
// patients by what is hidden; a name that FHIR gives a meaning has it only where
// the rule says so; and the record tells which parameter was refused, if that is
// a word of the program's.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestRouteTakesDeclaredParametersOnly(t *testing.T) {
	const form = "application/x-www-form-urlencoded"
	plain := access.Rule{Action: "search", Query: &access.Query{Parameters: whereabouts}}
	ordered := access.Rule{Resource: "Chart", Action: "search", Query: &access.Query{Parameters: access.SearchParameters{"Chart.sort": {NamesPaths: true}}}}
	for _, c := range []struct {
		rule               access.Rule
		method, path, sent string
		refused            string // as it is recorded, "" if it is served
	}{
		{access.Rule{Action: "read"}, "GET", "/visits", "", ""},
		{access.Rule{Action: "read"}, "GET", "/visits?", "", ""},
		{access.Rule{Action: "read"}, "GET", "/visits?diagnosis=asthma", "", "diagnosis"},
		{access.Rule{Action: "read"}, "GET", "/visits?" + planted, "", "?"},
		{access.Rule{Action: "read"}, "GET", "/visits?%zz", "", "?"},
		{access.Rule{Action: "read"}, "HEAD", "/visits?diagnosis=asthma", "", "diagnosis"},
		{access.Rule{Action: "update"}, "POST", "/visits", "diagnosis=asthma", ""},
		{access.Rule{Action: "update"}, "POST", "/visits?diagnosis=asthma", "start=1", "diagnosis"},
		{access.Rule{Action: "search", Query: &access.Query{}}, "GET", "/visits", "", ""},
		{access.Rule{Action: "search", Query: &access.Query{}}, "GET", "/visits?start=1", "", "start"},
		{access.Rule{Action: "search", Query: &access.Query{}}, "POST", "/visits", "start=1", "start"},
		{access.Rule{Action: "search", UncheckedQuery: "the handler reads none"}, "GET", "/visits?diagnosis=asthma", "", ""},
		{plain, "GET", "/visits?start=8&room=2&id=1&page=3", "", ""},
		{plain, "GET", "/visits?sort=-start,room", "", ""},
		{plain, "GET", "/visits?sort=diagnosis", "", "sort"},
		{plain, "GET", "/visits?sort=start,-" + planted, "", "sort"},
		{plain, "GET", "/visits?diagnosis=asthma", "", "diagnosis"},
		{plain, "GET", "/visits?family=" + planted, "", "family"},
		{plain, "GET", "/visits?given=x", "", "given"},
		{plain, "GET", "/visits?" + planted + "=1", "", "?"},
		{plain, "GET", "/visits?_has:Visit:patient:start=1", "", "_has"},
		{plain, "GET", "/visits?_sort=start", "", "_sort"},
		{ordered, "GET", "/visits?sort=-day,+anything.else", "", ""},
		{ordered, "GET", "/visits?sort=diagnosis", "", "sort"},
		{ordered, "GET", "/visits?sort=diagnosis.code", "", "sort"},
		{ordered, "GET", "/visits?sort=%20diagnosis", "", "sort"},
		{ordered, "GET", "/visits?sort=diagnosis%20", "", "sort"},
		{ordered, "GET", "/visits?sort=diagnosis:desc", "", "sort"},
		{ordered, "GET", "/visits?sort=DIAGNOSIS", "", "sort"},
		{ordered, "GET", "/visits?sort=day&sort=diagnosis", "", "sort"},
		{access.Rule{Action: "search", Query: &access.Query{FHIR: true}}, "GET", "/visits?family=x&_sort=family", "", ""},
		{access.Rule{Action: "search", Query: &access.Query{FHIR: true}}, "GET", "/visits?start=8", "", "start"},
	} {
		g, mux, err := visitRoutes(t, c.rule)
		require.NoError(t, err)
		s := serve(t, g, mux)
		kind := ""
		if c.sent != "" {
			kind = form
		}
		a := s.send(t, c.method, c.path, kind, c.sent)
		require.NotContains(t, a.all, planted)
		all := s.accesses(t)
		last := all[len(all)-1]
		if c.refused == "" {
			require.Equal(t, http.StatusOK, a.status, "%s %s %s", c.method, c.path, a.body)
			require.Empty(t, last.Denied)
			continue
		}
		require.Equal(t, http.StatusForbidden, a.status, "%s %s", c.method, c.path)
		require.Contains(t, last.Denied, access.CodeQuery)
		require.Contains(t, last.Decision.Basis, "query:"+c.refused, "%s %s", c.method, c.path)
		for _, record := range s.log.Records() {
			require.NotContains(t, string(record), planted)
		}
	}
}

// A route that searches without saying what it looks at, or that says what
// cannot be, fails the start; so does a reload by which that would be so.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestVerifyRoutesOfQueries(t *testing.T) {
	looks := func(key string, p access.Parameter) access.Rule {
		return access.Rule{Action: "search", Query: &access.Query{Parameters: access.SearchParameters{key: p}}}
	}
	at := func(paths ...string) access.Parameter { return access.Parameter{Paths: paths} }
	of := func(resource string, rule access.Rule) access.Rule { rule.Resource = resource; return rule }
	chained := func(rule access.Rule) access.Rule { rule.Query.FHIR = true; return rule }
	for _, c := range []struct {
		rule    access.Rule
		problem string // "" if it may serve
	}{
		{access.Rule{Action: "search"}, "needs a Query"},
		{access.Rule{Action: "list"}, "needs a Query"},
		{access.Rule{Action: "read"}, ""},
		{access.Rule{Action: "search", Query: &access.Query{}}, ""},
		{access.Rule{Action: "search", UncheckedQuery: "it reads none"}, ""},
		{access.Rule{Action: "search", UncheckedQuery: " "}, "no justification"},
		{access.Rule{Action: "search", UncheckedQuery: "x", Query: &access.Query{}}, "a Query and an UncheckedQuery"},
		{access.Rule{Action: "search", Query: &access.Query{FHIR: true}}, ""},
		{of("Visit", access.Rule{Action: "search", Query: &access.Query{FHIR: true}}), `no search parameter of FHIR is known for "Visit"`},
		{of("Visit", chained(looks("Visit.when", at("start")))), ""},
		{access.Rule{Action: "search", Query: &access.Query{Parameters: whereabouts}}, ""},
		{looks("phone", at("name")), `"phone": no type before it, as in "Patient.phone"`},
		{looks("Patient.", at("name")), "no type before it"},
		{looks("Pateint.x", at("name")), `the policy knows no resource "Pateint"`},
		{looks("Visit.when", at("start")), "only a chain of FHIR"},
		{chained(looks("Visit.when", at("start"))), ""},
		{looks("Patient.x y", at("name")), "no name of letters"},
		{looks("Patient.x:exact", at("name")), "no name of letters"},
		{looks("Patient.x", at("nmae")), `the policy mentions no "Patient.nmae"`},
		{looks("Patient.x", at("name", "nmae")), `the policy mentions no "Patient.nmae"`},
		{looks("Patient.x", at("Patient.name")), `the policy mentions no "Patient.Patient.name"`},
		{looks("Patient.x", at("telecom")), `the policy mentions no "Patient.telecom"`},
		{chained(looks("Patient.x", at("telecom"))), ""},
		{chained(looks("Patient.x", at("telcom"))), `the policy mentions no "Patient.telcom"`},
		{looks("Patient.x", at("name.family")), ""},
		{looks("Patient.x", at("diagnosis")), ""},
		{looks("Patient.x", at("resourceType")), ""},
		{of("Chart", looks("Chart.x", at("anything"))), ""},
		{of("Chart", looks("Chart.x", at("Chart.anything"))), "mentions no"},
		{of("Observation", chained(looks("Observation.x", at("status")))), ""},
		{of("Observation", chained(looks("Observation.x", at("sttaus")))), `the policy mentions no "Observation.sttaus"`},
		{looks("Patient.x", at("")), "mentions no"},
		{looks("Patient.x", access.Parameter{}), "one of Paths, NamesPaths and NoData"},
		{looks("Patient.x", access.Parameter{Paths: []string{"name"}, NoData: true}), "one of Paths, NamesPaths and NoData"},
		{looks("Patient.x", access.Parameter{NamesPaths: true, NoData: true}), "one of Paths, NamesPaths and NoData"},
		{looks("Patient.x", access.Parameter{NamesPaths: true}), ""},
		{looks("Patient._has", access.Parameter{NoData: true}), ""},
		{chained(looks("Patient._has", access.Parameter{NoData: true})), "FHIR says what it is"},
		{access.Rule{Action: "read", Query: &access.Query{Parameters: access.SearchParameters{"phone": {NoData: true}}}}, "no type before it"},
	} {
		_, _, err := visitRoutes(t, c.rule)
		if c.problem == "" {
			require.NoError(t, err, "%+v", c.rule.Query)
			continue
		}
		require.ErrorIs(t, err, access.ErrRoutes, "%+v", c.rule.Query)
		require.ErrorContains(t, err, c.problem)
	}

	g, _, err := visitRoutes(t, looks("Patient.x", at("room")))
	require.NoError(t, err)
	_, err = g.Reload(parsed(t, strings.Replace(visits, `,"Patient.room"`, "", 1)))
	require.ErrorIs(t, err, access.ErrReload)
	require.ErrorContains(t, err, `the policy mentions no "Patient.room"`)
}

// Documents say what every route lets search by, and where that is not checked.
// What the program does with its rule after Handle changes nothing.
//
// Controls: HIPAA 164.514(d)(5), 164.308(a)(8), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestRoutesTellWhatTheyLookAt(t *testing.T) {
	own := access.SearchParameters{"Patient.sort": {NamesPaths: true}, "Patient.page": {NoData: true}, "Patient.day": {Paths: []string{"start", "room"}}}
	query := &access.Query{FHIR: true, Parameters: own}
	g, mux, err := visitRoutes(t, access.Rule{Action: "search", Query: query})
	require.NoError(t, err)
	own["Patient.day"].Paths[0] = "diagnosis"
	own["Patient.diagnosis"], query.FHIR = access.Parameter{NoData: true}, false
	want := []string{"search of FHIR R4", "Patient.day: start, room", "Patient.page: no data", "Patient.sort: names paths"}
	routes := g.Routes()
	require.Equal(t, want, routes[0].Query)
	routes[0].Query[0] = "x"
	require.Equal(t, want, g.Routes()[0].Query)
	s := serve(t, g, mux)
	require.Equal(t, http.StatusOK, s.send(t, "GET", "/visits?day=1&family=x", "", "").status)
	require.Equal(t, http.StatusForbidden, s.send(t, "GET", "/visits?diagnosis=x", "", "").status)
	seen, err := g.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, "search of FHIR R4; Patient.day: start, room; Patient.page: no data; Patient.sort: names paths", seen[1].Settings["query /visits"])

	g, _, err = visitRoutes(t, access.Rule{Action: "search", UncheckedQuery: "it reads none"})
	require.NoError(t, err)
	require.Equal(t, "it reads none", g.Routes()[0].UncheckedQuery)
	seen, err = g.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, "it reads none", seen[1].Settings["unchecked query /visits"])
	require.Equal(t, uint64(1), seen[1].Counters["routes.unchecked-query"])
}

// A refusal that is only observed is recorded with the parameter as well.
//
// Controls: HIPAA 164.308(a)(8), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestObservedQueryIsRecorded(t *testing.T) {
	g, mux, err := visitRoutes(t, access.Rule{Action: "search", Query: &access.Query{}, Observe: observing(time.Now().Add(time.Hour)).Observe})
	require.NoError(t, err)
	s := serve(t, g, mux)
	require.Equal(t, http.StatusOK, s.send(t, "GET", "/visits?diagnosis=asthma", "", "").status)
	got := s.accesses(t)[0]
	require.Equal(t, access.CodeQuery, got.Decision.Code)
	require.Equal(t, []string{"query:diagnosis"}, got.Decision.Basis)
	require.Equal(t, []string{"observe-would-deny"}, got.Flags)
}
