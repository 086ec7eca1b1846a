package access_test

import (
	"fmt"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// A FHIR resource of which something may be hidden says so in its labels: once,
// whether something was there or not, and beside the labels that may be seen.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestRedacted(t *testing.T) {
	const tag = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED","display":"redacted"}`
	const other = `{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N","display":"normal"}`
	const source = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED"}`
	list := func(f ...string) []string { return f }
	for name, c := range map[string]struct {
		fields    []string
		deny      string
		src, want string
	}{
		"something is hidden":  {list("Patient.id"), "", `{"resourceType":"Patient","id":"1","name":"N"}`, `{"resourceType":"Patient","id":"1","meta":{"security":[` + tag + `]}}`},
		"nothing was there":    {list("Patient.id"), "", `{"resourceType":"Patient","id":"1"}`, `{"resourceType":"Patient","id":"1","meta":{"security":[` + tag + `]}}`},
		"nothing at all":       {list("Patient.id"), "", `{"resourceType":"Patient"}`, `{"resourceType":"Patient","meta":{"security":[` + tag + `]}}`},
		"its meta is hidden":   {list("Patient.id"), "", `{"resourceType":"Patient","meta":{"versionId":"S","security":[` + other + `]},"id":"1"}`, `{"resourceType":"Patient","id":"1","meta":{"security":[` + tag + `]}}`},
		"its meta is shown":    {list("Patient.meta"), "", `{"resourceType":"Patient","meta":{"versionId":"1"},"id":"S"}`, `{"resourceType":"Patient","meta":{"versionId":"1","security":[` + tag + `]}}`},
		"its labels are shown": {list("Patient.meta"), "", `{"meta":{"security":[` + other + `],"versionId":"1"},"resourceType":"Patient"}`, `{"resourceType":"Patient","meta":{"security":[` + other + `,` + tag + `],"versionId":"1"}}`},
		"no labels":            {list("Patient.meta"), "", `{"meta":{"security":[],"versionId":"1"},"resourceType":"Patient"}`, `{"resourceType":"Patient","meta":{"security":[` + tag + `],"versionId":"1"}}`},
		"null labels":          {list("Patient.meta"), "", `{"meta":{"security":null},"resourceType":"Patient"}`, `{"resourceType":"Patient","meta":{"security":[` + tag + `]}}`},
		"an empty meta":        {list("Patient.meta"), "", `{"meta":{},"resourceType":"Patient"}`, `{"resourceType":"Patient","meta":{"security":[` + tag + `]}}`},
		"a part of meta":       {list("Patient.meta.versionId"), "", `{"meta":{"versionId":"1","source":"S"},"resourceType":"Patient"}`, `{"resourceType":"Patient","meta":{"versionId":"1","security":[` + tag + `]}}`},
		"it was so already":    {list("Patient.meta"), "", `{"resourceType":"Patient","meta":{"security":[` + source + `]}}`, `{"resourceType":"Patient","meta":{"security":[` + source + `]}}`},
		"so, and half shown":   {list("Patient.meta.security.system"), "", `{"resourceType":"Patient","meta":{"security":[` + source + `]}}`, `{"resourceType":"Patient","meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue"},` + tag + `]}}`},
		"so, and meta hidden":  {list("Patient.id"), "", `{"resourceType":"Patient","meta":{"security":[` + source + `]}}`, `{"resourceType":"Patient","meta":{"security":[` + tag + `]}}`},
		"meta changed":         {list("Patient.meta"), "", `{"resourceType":"Patient","meta":{"security":[` + other + `],"modifierExtension":[]}}`, `{"resourceType":"Patient","meta":{"security":[` + tag + `]}}`},
		"all of all":           {list("all"), "", `{"resourceType":"Patient","id":"1","name":[{"family":"F"}]}`, `{"resourceType":"Patient","id":"1","name":[{"family":"F"}]}`},
		"all but a narrative":  {list("all"), "", `{"resourceType":"Patient","id":"1","text":{"div":"S"}}`, `{"resourceType":"Patient","id":"1","meta":{"security":[` + tag + `]}}`},
		"all but a part":       {list("all"), "Patient.name", `{"resourceType":"Patient","id":"1"}`, `{"resourceType":"Patient","id":"1","meta":{"security":[` + tag + `]}}`},
		"labels denied":        {list("all"), "Patient.meta.security", `{"resourceType":"Patient","meta":{"security":[` + other + `],"versionId":"1"}}`, `{"resourceType":"Patient","meta":{"versionId":"1","security":[` + tag + `]}}`},
		"a plain object":       {list("Patient.id"), "", `{"id":"1","name":"S","meta":{"x":1}}`, `{"id":"1"}`},
		"a null meta":          {list("all"), "", `{"resourceType":"Patient","meta":null,"text":"S"}`, `{"resourceType":"Patient","meta":{"security":[` + tag + `]}}`},
		"in capitals":          {list("all"), "Patient.name", `{"resourceType":"Patient","Meta":{"Security":[]}}`, `{"resourceType":"Patient","Meta":{"Security":[]},"meta":{"security":[` + tag + `]}}`},
		"in an array": {list("Patient.id"), "", `[{"resourceType":"Patient","id":"1"},{"id":"2"}]`,
			`[{"resourceType":"Patient","id":"1","meta":{"security":[` + tag + `]}},{"id":"2"}]`},
		"in a Bundle": {list("Patient.id"), "", `{"resourceType":"Bundle","type":"searchset","meta":{"x":"S"},"entry":[{"resource":{"resourceType":"Patient","id":"1"}}]}`,
			`{"resourceType":"Bundle","type":"searchset","entry":[{"resource":{"resourceType":"Patient","id":"1","meta":{"security":[` + tag + `]}}}],"meta":{"security":[` + tag + `]}}`},
	} {
		t.Run(name, func(t *testing.T) {
			d := seeing(t, c.deny, c.fields...)
			out, err := d.Project(nil, []byte(c.src))
			require.NoError(t, err)
			require.JSONEq(t, c.want, string(out))
			require.NotContains(t, string(out), "SUBSETTED")
			if name == "so, and half shown" {
				return // a label without a code cannot be read any more
			}
			again, err := d.Project(nil, out)
			require.NoError(t, err)
			require.Equal(t, string(out), string(again))
		})
	}
}

// Two resources that differ in what is hidden look the same.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestRedactionTellsNothing(t *testing.T) {
	d := seeing(t, "", "Patient.id", "Patient.contact.name")
	for _, project := range []func(dst, src []byte) ([]byte, error){d.Project, d.ProjectMasked} {
		want, err := project(nil, []byte(`{"resourceType":"Patient","id":"1"}`))
		require.NoError(t, err)
		for _, hidden := range []string{
			`"birthDate":"1970-01-01"`, `"_birthDate":{"id":"S"}`, `"gender":"female"`, `"name":[{"family":"S"}]`, `"text":{"div":"S"}`, `"contact":[{"telecom":"S"}]`,
			`"meta":{"versionId":"7"}`, `"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"N"}]}`, `"extension":[]`, `"x":null`,
		} {
			got, err := project(nil, []byte(`{"resourceType":"Patient","id":"1",`+hidden+`}`))
			require.NoError(t, err)
			require.Equal(t, string(want), string(got), hidden)
		}
	}
}

// Single primitive elements that are hidden are marked, and no other.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func TestProjectMasked(t *testing.T) {
	const mark = `{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}`
	for name, c := range map[string]struct {
		fields    []string
		src, want string
	}{
		"hidden":       {[]string{"Patient.active", "Patient.gender"}, `{"resourceType":"Patient","active":true,"birthDate":"S"}`, `{"resourceType":"Patient","active":true,"_birthDate":` + mark},
		"not there":    {[]string{"Patient.active", "Patient.gender"}, `{"resourceType":"Patient"}`, `{"resourceType":"Patient","_birthDate":` + mark},
		"all of three": {[]string{"Patient.id"}, `{"resourceType":"Patient"}`, `{"resourceType":"Patient","_active":` + mark + `,"_gender":` + mark + `,"_birthDate":` + mark},
		"below only":   {[]string{"Patient.active", "Patient.gender", "Patient.birthDate.x"}, `{"resourceType":"Patient"}`, `{"resourceType":"Patient","_birthDate":` + mark},
		"sibling shown": {[]string{"Patient.active", "Patient.gender", "Patient._birthDate"}, `{"resourceType":"Patient","birthDate":"S","_birthDate":{"id":"1"}}`,
			`{"resourceType":"Patient","_birthDate":{"id":"1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			d := seeing(t, "", c.fields...)
			out, err := d.ProjectMasked(nil, []byte(c.src))
			require.NoError(t, err)
			require.JSONEq(t, c.want+`,`+redactedMeta+`}`, string(out))
			again, err := d.ProjectMasked(nil, out)
			require.NoError(t, err)
			require.JSONEq(t, string(out), string(again))
		})
	}
	d := seeing(t, "", "Patient.id")
	out, err := d.ProjectMasked(nil, []byte(`{"id":"1","birthDate":"S"}`))
	require.NoError(t, err)
	require.Equal(t, `{"id":"1"}`, string(out), "a plain object")
	out, err = d.ProjectMasked(nil, []byte(`{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Observation","status":"final"}}]}`))
	require.NoError(t, err)
	require.Contains(t, string(out), `"status":"final","_issued":`+mark)
	_, err = d.ProjectMasked(nil, []byte(`{"resourceType":"Observation"}`))
	require.ErrorIs(t, err, access.ErrProjection)
	_, err = access.Decision{}.ProjectMasked(nil, []byte(`{}`))
	require.ErrorIs(t, err, access.ErrProjection)
}

// Who may not see a birth date is told that it is hidden, not that there is
// none.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func ExampleDecision_ProjectMasked() {
	policy, err := access.ParsePolicy([]byte(`{
	  "version": 1,
	  "resources": {"Patient": ["read"]},
	  "roles": {"desk": {"allow": [
	    {"id": "R-1", "resource": "Patient", "actions": ["read"], "purposes": ["HOPERAT"],
	     "fields": ["Patient.name", "Patient.active", "Patient.gender"], "because": "greets"}
	  ]}}
	}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"dora": {"desk"}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	decision := guard.Decide(as("dora"), access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Operations})
	chart, err := decision.ProjectMasked(nil, []byte(`{"resourceType": "Patient", "active": true, "birthDate": "1970-03-01"}`))
	fmt.Println(string(chart), err)
	// Output:
	// {"resourceType":"Patient","active":true,"_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]},"meta":{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"REDACTED","display":"redacted"}]}} <nil>
}
