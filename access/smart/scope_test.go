package smart_test

import (
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/smart"
	"github.com/stretchr/testify/require"
)

var ada = safeguard.NewPatient("p-1")

func scopeOf(t testing.TB, scope string, opts *smart.Options) *smart.Scope {
	t.Helper()
	s, err := smart.Parse(scope)
	require.NoError(t, err)
	return s.Scope(ada, opts)
}

// A request is covered by the letters of the scopes that count for it.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestPermits(t *testing.T) {
	about := func(resource, action string) access.Request {
		return access.Request{Resource: resource, Action: action, Patient: ada}
	}
	service := &smart.Options{Kind: safeguard.Service}
	everything := &smart.Options{Actions: map[string]smart.Permissions{"everything": smart.Read | smart.Search, "read": 0}}
	for _, c := range []struct {
		name, scope string
		opts        *smart.Options
		request     access.Request
		want        bool
	}{
		{"no scopes", "", nil, about("Observation", "read"), false},
		{"other scopes only", "openid launch/patient fhirUser", nil, about("Observation", "read"), false},
		{"read", "user/Observation.r", nil, about("Observation", "read"), true},
		{"vread", "user/Observation.r", nil, about("Observation", "vread"), true},
		{"history of an instance", "user/Observation.r", nil, about("Observation", "history"), true},
		{"history of a type by read", "user/Observation.r", nil, about("Observation", "history-type"), false},
		{"history of a type", "user/Observation.s", nil, about("Observation", "history-type"), true},
		{"search by read", "user/Observation.r", nil, about("Observation", "search"), false},
		{"read by search", "user/Observation.s", nil, about("Observation", "read"), false},
		{"read by write", "user/Observation.write", nil, about("Observation", "read"), false},
		{"patch", "user/Observation.u", nil, about("Observation", "patch"), true},
		{"create by update", "user/Observation.u", nil, about("Observation", "create"), false},
		{"delete by v1 read", "user/Observation.read", nil, about("Observation", "delete"), false},
		{"search by v1 read", "user/Observation.read", nil, about("Observation", "search"), true},
		{"another type", "user/Patient.read", nil, about("Observation", "search"), false},
		{"any type", "user/*.read", nil, about("Observation", "search"), true},
		{"the second scope of a type", "user/Observation.c user/Observation.r", nil, about("Observation", "read"), true},
		{"an action without a place in SMART", "user/*.cruds", nil, about("Patient", "everything"), false},
		{"the same, by the options", "user/*.rs", everything, about("Patient", "everything"), true},
		{"the same, by two scopes", "user/Patient.r user/*.s", everything, about("Patient", "everything"), true},
		{"the same, half", "user/Patient.r user/Observation.s", everything, about("Patient", "everything"), false},
		{"an action taken away", "user/*.rs", everything, about("Patient", "read"), false},
		{"no action", "user/*.cruds", nil, about("Patient", ""), false},
		{"the patient of the launch", "patient/Observation.r", nil, about("Observation", "read"), true},
		{"another patient", "patient/Observation.r", nil, access.Request{Resource: "Observation", Action: "read", Patient: safeguard.NewPatient("p-2")}, false},
		{"about nobody", "patient/*.rs", nil, access.Request{Resource: "Organization", Action: "read"}, true},
		{"about nobody, of another type", "patient/Observation.rs", nil, access.Request{Resource: "Organization", Action: "read"}, false},
		{"about nobody, for another patient", "patient/*.rs", nil, access.Request{Resource: "Organization", Action: "read", Patient: safeguard.NewPatient("p-2")}, false},
		{"a change of what all share", "patient/*.cruds", nil, access.Request{Resource: "Organization", Action: "update"}, false},
		{"a read that changes", "patient/*.cruds", &smart.Options{Actions: map[string]smart.Permissions{"read": smart.Read | smart.Update}}, access.Request{Resource: "Organization", Action: "read"}, false},
		{"no patient", "patient/Observation.rs", nil, access.Request{Resource: "Observation", Action: "search"}, false},
		{"a person by system", "system/*.cruds", nil, about("Observation", "read"), false},
		{"a service by system", "system/*.cruds", service, about("Observation", "read"), true},
		{"a service by user", "user/*.cruds patient/*.cruds", service, about("Observation", "read"), false},
		{"nobody by anything", "user/*.cruds patient/*.cruds system/*.cruds", &smart.Options{Kind: 9}, about("Observation", "read"), false},
		{"mixed", "patient/Observation.r user/Patient.r system/Condition.r", nil, about("Condition", "read"), false},
		{"a parameter that is not known", "user/Observation.rs?date=2020", nil, about("Observation", "read"), false},
		{"a known and an unknown one", "user/Observation.rs?category=x&_count=1", nil, about("Observation", "read"), false},
		{"a known one", "user/Observation.rs?category=x", nil, about("Observation", "read"), true},
		{"a parameter of another element", "user/Questionnaire.rs?code=x", nil, about("Questionnaire", "read"), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scopeOf(t, c.scope, c.opts)
			require.Equal(t, c.want, s.Permits(&c.request))
			require.Equal(t, c.want, len(s.Covering(&c.request)) > 0)
		})
	}
	noLaunch, err := smart.Parse("patient/*.cruds")
	require.NoError(t, err)
	require.False(t, noLaunch.Scope(safeguard.Patient{}, nil).Permits(&access.Request{Resource: "Observation", Action: "read"}))
	for _, zero := range []*smart.Scope{nil, {}} {
		r := about("Observation", "read")
		require.False(t, zero.Permits(&r))
		require.False(t, zero.Permits(nil))
		require.True(t, zero.Filtered("Observation", "read"))
		require.False(t, zero.Holds("Observation", "read", []byte(`{"resourceType":"Observation"}`)))
		require.Empty(t, zero.Covering(&r))
	}
}

const laboratory = "http://terminology.hl7.org/CodeSystem/observation-category|laboratory"

// Only resources that meet the parameters are covered. Those of
// certification (HTI-1) are categories of Condition and Observation.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestFilters(t *testing.T) {
	observation := func(members string) string { return `{"resourceType":"Observation","id":"o-1",` + members + `}` }
	category := func(codings string) string {
		return observation(`"category":[{"coding":[` + codings + `]}]`)
	}
	const lab = `{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"laboratory"}`
	const vital = `{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}`
	for _, c := range []struct {
		name, scope, document string
		want                  bool
	}{
		{"a category", "user/Observation.rs?category=" + laboratory, category(lab), true},
		{"another category", "user/Observation.rs?category=" + laboratory, category(vital), false},
		{"one of two", "user/Observation.rs?category=" + laboratory, category(vital + "," + lab), true},
		{"none", "user/Observation.rs?category=" + laboratory, observation(`"status":"final"`), false},
		{"same code of another system", "user/Observation.rs?category=" + laboratory, category(`{"system":"http://other","code":"laboratory"}`), false},
		{"same code of no system", "user/Observation.rs?category=" + laboratory, category(`{"code":"laboratory"}`), false},
		{"the system as a list", "user/Observation.rs?category=" + laboratory, category(`{"system":["http://terminology.hl7.org/CodeSystem/observation-category"],"code":"laboratory"}`), false},
		{"any system", "user/Observation.rs?category=laboratory", category(lab), true},
		{"no system, and there is one", "user/Observation.rs?category=|laboratory", category(lab), false},
		{"no system, and there is none", "user/Observation.rs?category=|laboratory", category(`{"code":"laboratory"}`), true},
		{"any code of a system", "user/Observation.rs?category=http://s|", category(`{"system":"http://s","code":"x"}`), true},
		{"nothing of nothing", "user/Observation.rs?category=|", category(`{}`), false},
		{"three parts", "user/Observation.rs?category=a|b|c", category(`{"system":"a","code":"b|c"}`), false},
		{"one of two values", "user/Observation.rs?category=survey,laboratory", category(lab), true},
		{"an empty one of two values", "user/Observation.rs?category=,survey", category(`{"code":""}`), false},
		{"both parameters", "user/Observation.rs?category=laboratory&status=final", observation(`"status":"final","category":[{"coding":[` + lab + `]}]`), true},
		{"one of both parameters", "user/Observation.rs?category=laboratory&status=final", observation(`"status":"preliminary","category":[{"coding":[` + lab + `]}]`), false},
		{"a parameter twice", "user/Observation.rs?category=laboratory&category=vital-signs", category(lab), false},
		{"a parameter twice, both met", "user/Observation.rs?category=laboratory&category=vital-signs", category(lab + "," + vital), true},
		{"one of two scopes", "user/Observation.rs?category=survey user/Observation.rs?category=laboratory", category(lab), true},
		{"the other permission", "user/Observation.s?category=laboratory user/Observation.r?category=survey", category(lab), false},
		{"a scope without parameters beside", "user/Observation.rs?category=survey user/*.r", category(lab), true},
		{"text of a category", "user/Observation.rs?category=laboratory", observation(`"category":[{"text":"laboratory"}]`), false},
		{"a key in other case", "user/Observation.rs?category=laboratory", observation(`"Category":[{"coding":[` + lab + `]}]`), false},
		{"a code in other case", "user/Observation.rs?category=laboratory", category(`{"Code":"laboratory"}`), false},
		{"a key twice", "user/Observation.rs?status=final", observation(`"status":"registered","status":"final"`), false},
		{"a key twice deep inside", "user/Observation.rs?category=laboratory", category(`{"code":"vital-signs","code":"laboratory"}`), false},
		{"a key twice, once escaped", "user/Observation.rs?status=final", observation(`"status":"registered","\u0073tatus":"final"`), false},
		{"lists of lists", "user/Observation.rs?category=laboratory", observation(`"category":[[{"coding":[` + lab + `]}]]`), false},
		{"an id", "user/Observation.rs?_id=o-1", observation(`"status":"final"`), true},
		{"a label", "user/Observation.rs?_security=PSY", observation(`"meta":{"security":[{"code":"PSY"}]}`), true},
		{"a label where none can be", "user/Observation.rs?_security=PSY", observation(`"meta":["security"]`), false},
		{"another type", "user/*.rs?status=final", `{"resourceType":"Condition","status":"final"}`, false},
		{"no type", "user/*.rs?status=final", `{"status":"final"}`, false},
		{"malformed", "user/*.rs?status=final", observation(`"status":"final"`) + "x", false},
		{"two documents", "user/*.rs?status=final", observation(`"status":"final"`) + observation(`"status":"final"`), false},
		{"cut off", "user/*.rs?status=final", `{"resourceType":"Observation","status":"final"`, false},
		{"no UTF-8", "user/*.rs?status=final", observation(`"status":"final","note":"` + "\xff" + `"`), false},
		{"a list", "user/*.rs?status=final", "[" + observation(`"status":"final"`) + "]", false},
		{"too deep", "user/*.rs?status=final", observation(`"status":"final","x":` + deep(100)), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := scopeOf(t, c.scope, nil)
			require.Equal(t, c.want, s.Holds("Observation", "read", []byte(c.document)))
		})
	}
	require.True(t, scopeOf(t, "user/Observation.rs?category=x", nil).Filtered("Observation", "read"))
	require.False(t, scopeOf(t, "user/Observation.rs?category=x user/*.r", nil).Filtered("Observation", "read"))
	require.True(t, scopeOf(t, "user/Observation.rs?category=x user/*.r", nil).Filtered("Observation", "search"))
	require.True(t, scopeOf(t, "user/MedicationRequest.rs?code=http://rx|1", nil).Holds("MedicationRequest", "read",
		[]byte(`{"resourceType":"MedicationRequest","code":"x","medicationCodeableConcept":{"coding":[{"system":"http://rx","code":"1"}]}}`)))
}

func deep(n int) string {
	s := "0"
	for range n {
		s = "[" + s + "]"
	}
	return s
}

// The categories that certification asks for are each told apart from the
// others.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestCertifiedCategories(t *testing.T) {
	const (
		condition   = "http://terminology.hl7.org/CodeSystem/condition-category"
		core        = "http://hl7.org/fhir/us/core/CodeSystem/condition-category"
		usCategory  = "http://hl7.org/fhir/us/core/CodeSystem/us-core-category"
		observation = "http://terminology.hl7.org/CodeSystem/observation-category"
	)
	all := []struct{ resource, system, code string }{
		{"Condition", condition, "encounter-diagnosis"}, {"Condition", condition, "problem-list-item"}, {"Condition", core, "health-concern"},
		{"Observation", usCategory, "clinical-test"}, {"Observation", observation, "laboratory"}, {"Observation", observation, "social-history"},
		{"Observation", usCategory, "sdoh"}, {"Observation", observation, "survey"}, {"Observation", observation, "vital-signs"},
	}
	for _, granted := range all {
		s := scopeOf(t, "patient/"+granted.resource+".rs?category="+granted.system+"|"+granted.code, nil)
		for _, c := range all {
			document := `{"resourceType":"` + c.resource + `","subject":{"reference":"Patient/p-1"},"category":[{"coding":[{"system":"` + c.system + `","code":"` + c.code + `"}]}]}`
			require.Equal(t, c == granted, s.Holds(c.resource, "read", []byte(document)), "%v by %v", c, granted)
		}
	}
}

// At the level patient a resource about somebody else is not covered, whatever
// way it says so, nor one that does not say it clearly.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestPatientLevel(t *testing.T) {
	for name, c := range map[string]struct {
		resource, members string
		want              bool
	}{
		"the patient":                        {"Patient", `"id":"p-1"`, true},
		"the patient, linked":                {"Patient", `"id":"p-1","link":[{"other":{"reference":"Patient/p-2"}}]`, true},
		"another patient":                    {"Patient", `"id":"p-2"`, false},
		"a patient without an id":            {"Patient", `"active":true`, false},
		"about the patient":                  {"Observation", `"subject":{"reference":"Patient/p-1"}`, true},
		"a version of it":                    {"Observation", `"subject":{"reference":"Patient/p-1/_history/3"}`, true},
		"about another":                      {"Observation", `"subject":{"reference":"Patient/p-2"}`, false},
		"about one that begins the same":     {"Observation", `"subject":{"reference":"Patient/p-12"}`, false},
		"at another server":                  {"Observation", `"subject":{"reference":"https://other.example/Patient/p-1"}`, false},
		"by an identifier":                   {"Observation", `"subject":{"type":"Patient","identifier":{"value":"p-1"}}`, false},
		"by a query":                         {"Observation", `"subject":{"reference":"Patient?identifier=p-1"}`, false},
		"by a URN":                           {"Observation", `"subject":{"reference":"urn:uuid:0"}`, false},
		"by a contained patient":             {"Observation", `"subject":{"reference":"#x"},"contained":[{"resourceType":"Patient","id":"x"}]`, false},
		"escaped":                            {"Observation", `"subject":{"referenc\u0065":"\u0050atient/p-2"}`, false},
		"about two":                          {"Appointment", `"participant":[{"actor":{"reference":"Patient/p-1"}},{"actor":{"reference":"Patient/p-2"}}]`, false},
		"about nobody":                       {"Organization", `"name":"Ward 3"`, true},
		"about somebody who is no patient":   {"Observation", `"subject":{"reference":"Patient/p-1"},"performer":[{"reference":"Practitioner/p-2"}]`, true},
		"without a subject":                  {"Observation", `"performer":[{"reference":"Practitioner/p-2"}]`, false},
		"about a group":                      {"Observation", `"subject":{"reference":"Group/1"}`, false},
		"a picture of whomever":              {"Binary", `"contentType":"image/png","data":"AAAA"`, false},
		"a picture of the patient":           {"Binary", `"contentType":"image/png","securityContext":{"reference":"Patient/p-1"}`, true},
		"of a type that nobody knows":        {"Invention", `"id":"1"`, false},
		"a definition about another":         {"ValueSet", `"subject":{"reference":"Patient/p-2"}`, false},
		"by an identifier alone":             {"Observation", `"subject":{"identifier":{"value":"p-2"}},"performer":[{"reference":"Patient/p-1"}]`, false},
		"by an identifier in a list":         {"Account", `"subject":[{"reference":"Patient/p-1"},{"identifier":{"value":"p-2"}}]`, false},
		"paid by an identifier":              {"Claim", `"patient":{"reference":"Patient/p-1"},"insurer":{"identifier":{"value":"i-1"}}`, true},
		"ordered by an identifier":           {"Observation", `"subject":{"reference":"Patient/p-1","identifier":{"value":"mrn"}},"performer":[{"type":"Practitioner","identifier":{"value":"npi"}}]`, true},
		"a list for a reference":             {"Observation", `"subject":{"reference":"Patient/p-1"},"focus":{"reference":["Patient/p-2"]}`, false},
		"null for a reference":               {"Observation", `"subject":{"reference":"Patient/p-1"},"focus":{"reference":null}`, false},
		"a type by its definition":           {"Observation", `"subject":{"reference":"Patient/p-1"},"focus":{"type":"http://hl7.org/fhir/StructureDefinition/Patient"}`, false},
		"in other letters":                   {"Observation", `"subject":{"reference":"Patient/p-1"},"focus":{"Reference":"Patient/p-2"}`, false},
		"a type in other letters":            {"Observation", `"subject":{"reference":"Patient/p-1"},"resourcetype":"Patient"`, false},
		"a reference in other letters":       {"Observation", `"subject":{"reference":"Patient/p-1"},"focus":{"reference":"patient/p-2"}`, false},
		"a family":                           {"FamilyMemberHistory", `"patient":{"reference":"Patient/p-1"},"relationship":{"text":"mother"}`, true},
		"a relative":                         {"RelatedPerson", `"patient":{"reference":"Patient/p-1"}`, true},
		"a group":                            {"Group", `"member":[{"entity":{"reference":"Patient/p-1"}},{"entity":{"reference":"Patient/p-2"}}]`, false},
		"who wrote what of whomever":         {"Provenance", `"target":[{"reference":"Observation/1"}]`, false},
		"who wrote what of the patient":      {"Provenance", `"target":[{"reference":"Observation/1"},{"reference":"Patient/p-1"}]`, true},
		"the patient with another inside":    {"Patient", `"id":"p-1","contained":[{"resourceType":"Patient","id":"p-2"}]`, false},
		"another somewhere inside":           {"Observation", `"subject":{"reference":"Patient/p-1"},"x":[{"y":{"reference":"Patient/p-2"}}]`, false},
		"two subjects":                       {"Observation", `"subject":{"reference":"Patient/p-2"},"subject":{"reference":"Patient/p-1"}`, false},
		"a reference that is not a string":   {"Observation", `"subject":{"reference":{"reference":"Patient/p-2"}}`, false},
		"a type that contradicts the object": {"Observation", `"subject":{"type":"Patient","reference":"Group/1"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			document := []byte(`{"resourceType":"` + c.resource + `",` + c.members + `}`)
			s := scopeOf(t, "patient/*.rs", nil)
			require.True(t, s.Filtered(c.resource, "read"))
			require.Equal(t, c.want, s.Holds(c.resource, "read", document))
			require.True(t, scopeOf(t, "patient/*.rs user/*.rs", nil).Holds(c.resource, "search", document) || name == "two subjects")
		})
	}
	linked := scopeOf(t, "patient/*.rs", &smart.Options{UnsafeUnlinked: []string{"Provenance"}})
	require.True(t, linked.Holds("Provenance", "read", []byte(`{"resourceType":"Provenance","target":[{"reference":"Observation/1"}]}`)))
	require.False(t, linked.Holds("Provenance", "read", []byte(`{"resourceType":"Provenance","target":[{"reference":"Patient/p-2"}]}`)))
	require.False(t, linked.Holds("Binary", "read", []byte(`{"resourceType":"Binary"}`)))
	mrn := scopeOf(t, "patient/*.rs", &smart.Options{PatientID: "77"})
	require.True(t, mrn.Holds("Observation", "read", []byte(`{"resourceType":"Observation","subject":{"reference":"Patient/77"}}`)))
	require.False(t, mrn.Holds("Observation", "read", []byte(`{"resourceType":"Observation","subject":{"reference":"Patient/p-1"}}`)))
}

// FuzzHolds takes any document without a panic, and covers none by a filter
// that is not met: whatever holds by a category holds by the level too.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func FuzzHolds(f *testing.F) {
	f.Add([]byte(`{"resourceType":"Observation","subject":{"reference":"Patient/p-1"},"category":[{"coding":[{"code":"laboratory"}]}]}`))
	f.Add([]byte(`{"resourceType":"Observation","status":["final"]}`))
	f.Add([]byte(`[[[[`))
	filtered, err := smart.Parse("patient/Observation.rs?category=laboratory")
	require.NoError(f, err)
	whole, err := smart.Parse("patient/Observation.rs")
	require.NoError(f, err)
	narrow, wide := filtered.Scope(ada, nil), whole.Scope(ada, nil)
	f.Fuzz(func(t *testing.T, document []byte) {
		if narrow.Holds("Observation", "read", document) {
			require.True(t, wide.Holds("Observation", "read", document))
			require.Contains(t, string(document), "{")
		}
	})
}
