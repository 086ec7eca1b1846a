package access_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

const searchPolicy = `{"version":1,
  "resources":{"Patient":["search"],"Observation":["search"],"Condition":["search"],"Encounter":["search"],"Visit":["search"]},
  "roles":{"r":{"allow":[
    {"id":"P","resource":"Patient","actions":["search"],"purposes":["TREAT"],"because":"b",
     "fields":["Patient.id","Patient.name.family","Patient.birthDate","Patient.telecom","Patient.meta.lastUpdated","Patient.generalPractitioner.reference"]},
    {"id":"O","resource":"Observation","actions":["search"],"purposes":["TREAT"],"because":"b",
     "fields":["Observation.code","Observation.subject.reference","Observation.valueQuantity"]},
    {"id":"E","resource":"Encounter","actions":["search"],"purposes":["TREAT"],"because":"b","fields":["Encounter.status","Encounter.subject","Encounter.subject.identifier"]},
    {"id":"V","resource":"Visit","actions":["search"],"purposes":["TREAT"],"because":"b","fields":["Visit.start","Visit.room.name"]}]}}}`

// fhir is a search of FHIR without parameters of the program.
var fhir = access.Query{FHIR: true}

func searching(t testing.TB, resource string) access.Decision {
	t.Helper()
	d := guard(t, searchPolicy, access.Assignments{"a": {"r"}}).Decide(as("a"),
		access.Request{Resource: resource, Action: "search", Purpose: safeguard.Treatment})
	require.True(t, d.Allowed, d.Explain())
	return d
}

// A search looks at visible fields only, however it is written: by a
// parameter, sorted, chained, reversed, included or counted.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCheckQuery(t *testing.T) {
	kinds := map[string]access.Query{"Patient": fhir, "Observation": fhir, "Encounter": fhir, "Visit": {Parameters: access.SearchParameters{
		"Visit.start": {Paths: []string{"start"}}, "Visit.begin": {Paths: []string{"start"}}, "Visit.room.name": {Paths: []string{"room.name"}},
		"Visit.room": {Paths: []string{"room"}}, "Visit.day": {Paths: []string{"start", "room.name"}}, "Visit.span": {Paths: []string{"start", "end"}},
		"Visit.sort": {NamesPaths: true}, "Visit.page": {NoData: true}, "Visit.none": {},
		"Visit.two": {Paths: []string{"start"}, NoData: true}, "Visit.too": {Paths: []string{"end"}, NamesPaths: true},
	}}}
	for resource, c := range map[string]struct{ yes, no string }{
		"Patient": {
			yes: `_id=1 family=x family:exact=x family:contains=x birthdate=ge1970 birthdate:missing=true phone=5 email=a telecom=5 _lastUpdated=gt2020
			 _sort=birthdate _sort=-family,birthdate _count=5 _format=json _summary=true _summary=false _total=none _elements=id,name _elements=name.family
			 general-practitioner=Practitioner/1 general-practitioner:Practitioner=1
			 _has:Observation:patient:code=1 _has:Observation:subject:code:in=v _include=Patient:general-practitioner _revinclude=Observation:subject
			 _revinclude=Encounter:subject:Patient _revinclude:iterate=Observation:patient _has:Encounter:patient:status=x`,
			no: `name=x given=x gender=f address=x identifier=1 phonetic=x birthDate=1970 name.family=x _tag=x _security=R _profile=x
			 family:text=x family:phonetic=x family:=x _sort=name _sort=birthdate,gender _sort=_score _sort= _sort=--family _elements=gender _elements=name.given _elements=
			 _count=0 _count=00 _count= _count=5,0 _summary=count _summary=text _summary= _total=accurate _total=estimate _filter=family _query=q _text=x _content=x _list=1 _contained=true _type=Patient
			 _has:Observation:patient:status=x _has:Observation:subject:value-quantity=5 _has:Condition:patient:code=x _has:Practitioner:patient:code=x
			 _has:Observation:code:code=1 _has:Observation:patient=1 _has=1 _has:Observation=1 _has:Observation:performer:code=x _has:Observation:patient:_has:Condition:encounter:code=1
			 general-practitioner.name=x general-practitioner:Organization.name=x general-practitioner:Patient.family=x general-practitioner:identifier=1 organization=1
			 _include=Patient:organization _include=Patient:link _include=* _include=Patient _include=Patient:general-practitioner:Organization _include=Patient:family
			 _revinclude=Condition:subject _revinclude=Observation:performer _revinclude=Observation:subject:Group _revinclude=* _include:other=Patient:general-practitioner
			 _count:x=1 unknown=1 family.x=1 _has:Encounter:patient:identifier=1 =1 FAMILY=x _sort:x=birthdate`,
		},
		"Observation": {
			yes: `code=x subject=Patient/1 subject:Patient=1 patient=1 patient.family=x subject:Patient.birthdate=1970 subject:Patient.family:exact=x
			 patient._has:Encounter:patient:status=x _include=Observation:subject _include=Observation:subject:Patient code-value-quantity=x`,
			no: `subject.family=x patient.gender=f subject:Patient.given=x subject:Group.code=x subject:Practitioner.name=x subject:Patient.general-practitioner.name=x
			 combo-code=x value-quantity=5 subject:identifier=1 date=2020 _include=Observation:encounter _include=Observation:subject:Location
			 patient.organization.name=x patient.subject=x patient.=x .family=x patient..family=x encounter.status=x code.text=x`,
		},
		"Encounter": {
			yes: `status=x subject:identifier=1 patient:identifier=9 subject:Patient.family=x`, no: `participant=1 class=x`,
		},
		"Visit": {
			yes: `start=1 room.name=x day=1 page=2 sort=start,-room.name sort=%2Bstart sort=+start begin=1`,
			no: `room=1 end=1 Start=1 _id=1 start:exact=1 start:text=1 start:Patient.name=1 _lastUpdated=1 room.number=1 st%20art=1 _sort=start _count=5 _elements=room
			 sort=diagnosis sort=start,diagnosis sort=-diagnosis sort=room sort= sort=start, sort=day sort:x=start sort=start.. span=1 diagnosis=x id=1 none=1 Visit.start=1 two=1 too=start`,
		},
	} {
		d := searching(t, resource)
		for raw := range strings.FieldsSeq(c.yes) {
			q, err := url.ParseQuery(raw)
			require.NoError(t, err)
			require.NoError(t, d.CheckQuery(q, kinds[resource]), "%s?%s", resource, raw)
		}
		for raw := range strings.FieldsSeq(c.no) {
			q, err := url.ParseQuery(raw)
			require.NoError(t, err)
			err = d.CheckQuery(q, kinds[resource])
			require.ErrorIs(t, err, access.ErrQuery, "%s?%s", resource, raw)
			var refused *access.QueryError
			require.ErrorAs(t, err, &refused)
			require.NotEmpty(t, refused.Reason)
		}
	}
}

// The error names the parameter, and nothing that somebody typed behind it.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestQueryErrorHoldsNoValue(t *testing.T) {
	d := searching(t, "Patient")
	for _, q := range []url.Values{
		{"given": {planted}}, {planted + " Smith": {"x"}}, {"_sort": {planted}}, {"_elements": {planted}}, {"_include": {planted}},
		{"_has:" + planted + ":a:b": {"x"}}, {"general-practitioner:" + planted + ".name": {"x"}}, {"family:" + planted: {"x"}},
		{"_summary": {planted}}, {strings.Repeat("x", 4096): {planted}},
	} {
		err := d.CheckQuery(q, fhir)
		require.ErrorIs(t, err, access.ErrQuery)
		require.NotContains(t, err.Error(), planted)
		require.Less(t, len(err.Error()), 256)
	}
	many := url.Values{}
	for i := range 200 {
		many.Set(strings.Repeat("a", i+1), "1")
	}
	require.ErrorContains(t, d.CheckQuery(many, fhir), "too many")
	require.ErrorContains(t, d.CheckQuery(url.Values{"_sort": {strings.Repeat("birthdate,", 300) + "birthdate"}}, fhir), "too many")
	require.ErrorContains(t, d.CheckQuery(url.Values{"_has:" + strings.Repeat("Observation:patient:_has:", 4) + "Observation:patient:code": {"1"}}, fhir), "too long")
	require.ErrorIs(t, access.Decision{Allowed: true}.CheckQuery(nil, fhir), access.ErrQuery, "the zero Decision")
	require.NoError(t, d.CheckQuery(nil, access.Query{}))
}

// A program's own parameters count before those of FHIR, and are held to the
// same rule.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCheckQueryOwnParameters(t *testing.T) {
	d := searching(t, "Patient")
	own := access.Query{FHIR: true, Parameters: access.SearchParameters{
		"Patient.born": {Paths: []string{"birthDate"}}, "Patient.both": {Paths: []string{"birthDate", "gender"}}, "Patient.family": {Paths: []string{"name"}},
		"Patient.none": {}, "Patient.page": {NoData: true}, "Patient.order": {NamesPaths: true},
		"Patient.name.family": {Paths: []string{"name.family"}}, "Patient.name.given": {Paths: []string{"name.given"}},
	}}
	for _, raw := range []string{"born=1", "_sort=-born", "born:exact=1", "name.family=x", "page=7", "order=birthDate,-name.family", "order=resourceType"} {
		q, err := url.ParseQuery(raw)
		require.NoError(t, err)
		require.NoError(t, d.CheckQuery(q, own), raw)
	}
	for _, raw := range []string{"both=1", "family=1", "name.given=x", "name.use=x", "none=1", "order=gender", "order=birthDate,gender", "order=birthdate", "order:x=birthDate", "order=",
		"_sort=order", "_sort=page", "_sort=none", "page:x=1", "general-practitioner:Patient.order=gender", "_has:Observation:patient:order=gender"} {
		q, err := url.ParseQuery(raw)
		require.NoError(t, err)
		require.ErrorIs(t, d.CheckQuery(q, own), access.ErrQuery, raw)
	}
	require.ErrorIs(t, d.CheckQuery(url.Values{"family": {"x"}}, access.Query{}), access.ErrQuery, "FHIR is not asked for")
}

// A chain and _has look at resources that are not in the answer, so that no
// label and no scope can withhold them: they are refused where there may be
// some that the caller may not see. What is in the answer is withheld there.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCheckQueryLooksAtNothingLabelled(t *testing.T) {
	const policy = `{"version":1%s,"resources":{"Patient":["search"],"Observation":["search"]},"roles":{"r":{"allow":[
	  {"id":"P","resource":"Patient","actions":["search"],"purposes":["TREAT"],"fields":"all","justification":"j","because":"b"},
	  {"id":"O","resource":"Observation","actions":["search"],"purposes":["TREAT"],"fields":"all","justification":"j","because":"b"%s}]},
	  "other":{"allow":[{"id":"X","resource":"Observation","actions":["search"],"purposes":["TREAT"],"fields":["Observation.code"],"because":"b"%s}]}}}`
	const upTo = `,"labels":{"max":"R","sensitivity":["HIV"]}`
	has, own := url.Values{"_has:Observation:patient:code": {"HIV"}}, url.Values{"birthdate": {"1970"}}
	for _, c := range []struct {
		known, ours, theirs string
		scope               access.Scope
		permitted           bool
	}{
		{"", "", "", nil, true},
		{`,"labels":["HIV"]`, "", "", nil, false},
		{"", "", `,"labels":{"max":"R"}`, nil, false},
		{`,"labels":["HIV"]`, upTo, upTo, nil, true},
		{`,"labels":["HIV","PSY"]`, upTo, "", nil, false},
		{"", "", "", onlyWith("lab"), true},
		{"", "", "", labOnly{}, false},
	} {
		g := guard(t, fmt.Sprintf(policy, c.known, c.ours, c.theirs), access.Assignments{"a": {"r"}})
		ctx := as("a")
		if c.scope != nil {
			ctx = access.WithScope(ctx, c.scope)
		}
		d := g.Decide(ctx, access.Request{Resource: "Patient", Action: "search", Purpose: safeguard.Treatment})
		require.NoError(t, d.CheckQuery(own, fhir))
		require.Equal(t, c.permitted, d.CheckQuery(has, fhir) == nil, "%+v: %v", c, d.CheckQuery(has, fhir))
	}
}

// labOnly is a scope of some Observations.
type labOnly struct{ onlyWith }

func (labOnly) Filtered(resource, _ string) bool { return resource == "Observation" }

// Whatever is asked, a query is refused with a typed error or looks at known
// parameters only.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func FuzzCheckQuery(f *testing.F) {
	for _, seed := range []string{"family=x", "_has:Observation:patient:code=1", "_sort=-birthdate,family", "subject:Patient.family:exact=x",
		"_include=Patient:general-practitioner:Organization", "_elements=name.family", "a:b:c.d.e:f=1", ":.:=", "_has:::=,"} {
		f.Add(seed)
	}
	patient, observation, visit := searching(f, "Patient"), searching(f, "Observation"), searching(f, "Visit")
	plain := access.Query{Parameters: access.SearchParameters{"Visit.day": {Paths: []string{"start"}}, "Visit.sort": {NamesPaths: true}}}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		if visit.CheckQuery(q, plain) == nil {
			for name := range q {
				require.Contains(t, []string{"day", "sort"}, name)
			}
			for part := range strings.SplitSeq(strings.Join(q["sort"], ","), ",") {
				part = strings.TrimLeft(part, "+- ")
				shown := slices.ContainsFunc([]string{"start", "room.name", "resourceType"}, func(path string) bool {
					return part == path || strings.HasPrefix(part, path+".")
				})
				require.True(t, shown || len(q["sort"]) == 0, part)
			}
		}
		for _, d := range []access.Decision{patient, observation} {
			if err := d.CheckQuery(q, fhir); err != nil {
				require.ErrorIs(t, err, access.ErrQuery)
				continue
			}
			for name := range q {
				require.NotContains(t, name, "gender")
				require.NotContains(t, name, "given")
			}
		}
	})
}

// Each line of the table of search parameters can be found, and looks at a
// path below its own resource.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestSearchParametersOfR4(t *testing.T) {
	everything := `{"version":1,"resources":{"Patient":["search"],"Observation":["search"],"AllergyIntolerance":["search"],"Encounter":["search"]},
	  "roles":{"r":{"allow":[%s]}}}`
	var rules []string
	for _, r := range []string{"Patient", "Observation", "AllergyIntolerance", "Encounter"} {
		rules = append(rules, `{"id":"`+r+`","resource":"`+r+`","actions":["search"],"purposes":["TREAT"],"fields":"all","justification":"j","because":"b"}`)
	}
	g := guard(t, strings.Replace(everything, "%s", strings.Join(rules, ","), 1), access.Assignments{"a": {"r"}})
	for resource, names := range map[string]string{
		"Patient":            "active address address-city birthdate death-date deceased email family general-practitioner given identifier link name phone telecom _id _tag",
		"Observation":        "code code-value-quantity combo-code component-code date focus has-member patient performer subject status value-concept value-string",
		"AllergyIntolerance": "code onset type verification-status patient",
		"Encounter":          "location location-period participant participant-type part-of subject class",
	} {
		d := g.Decide(as("a"), access.Request{Resource: resource, Action: "search", Purpose: safeguard.Treatment})
		for name := range strings.FieldsSeq(names) {
			require.NoError(t, d.CheckQuery(url.Values{name: {"1"}}, fhir), "%s %s", resource, name)
		}
		for _, name := range []string{"value", "combo", "loc", "address-", "-city", "name>", "given=name", "code value", "onset\ntype"} {
			require.ErrorIs(t, d.CheckQuery(url.Values{name: {"1"}}, fhir), access.ErrQuery, "%s %q", resource, name)
		}
	}
}
