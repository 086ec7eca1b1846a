package deid

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// Each of these once came out: identifiers in places that take a closed form,
// where the form was wider than the codes that have it.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestClosedFormsAreNarrow(t *testing.T) {
	coding := func(system, code string) string {
		return fmt.Sprintf(`{"resourceType":"Condition","code":{"coding":[{"system":"%s","code":"%s"}]}}`, system, code)
	}
	patient := func(member string) string { return `{"resourceType":"Patient","active":true,` + member + `}` }
	unit := func(unit string) string {
		return `{"resourceType":"Observation","valueQuantity":{"value":1,"unit":"` + unit + `","code":"` + unit + `"}}`
	}
	for secret, src := range map[string]string{
		"123456789":            coding("http://hl7.org/fhir/sid/icd-10-cm", "123456789"),
		"JohnDoe":              coding("http://hl7.org/fhir/sid/icd-10", "JohnDoe"),
		"123-45-6789":          coding("http://hl7.org/fhir/sid/ndc", "123-45-6789"),
		"617-555-0123":         coding("http://hl7.org/fhir/sid/ndc", "617-555-0123"),
		"19300412":             coding("http://www.nlm.nih.gov/research/umls/rxnorm", "19300412"),
		"1234567-0":            coding("http://loinc.org", "1234567-0"),
		"555-12-3456":          coding("http://terminology.hl7.org/CodeSystem/555-12-3456", "AMB"),
		"John.Doe.1930-Apr-12": coding("http://terminology.hl7.org/CodeSystem/v3-ActCode", "John.Doe.1930-Apr-12"),
		"MG1234567890":         coding("http://unitsofmeasure.org", "MG1234567890"),
		"H00123456":            unit("H00123456"),
		"a123 a45 a6789":       unit("a123 a45 a6789"),
		"DOE":                  patient(`"address":[{"country":"DOE"}]`),
		"NYC":                  patient(`"address":[{"country":"NYC"}]`),
		"lee":                  patient(`"language":"lee"`),
		"LEE":                  `{"resourceType":"Claim","status":"active","total":{"value":1,"currency":"LEE"}}`,
		"12345678":             `{"resourceType":"Coverage","status":"active","order":12345678}`,
		"19301204":             patient(`"multipleBirthInteger":19301204`),
		"47.541912":            `{"resourceType":"Observation","status":"final","valueQuantity":{"value":47.541912,"unit":"deg"}}`,
		"121.8e1":              `{"resourceType":"Observation","status":"final","component":[{"valueQuantity":{"value":121.8e1,"code":"deg"}}]}`,
	} {
		out, report, err := engine(t, nil).FHIR(t.Context(), nil, []byte(src))
		if err == nil {
			require.NotContains(t, string(out)+reportText(t, report), secret, src)
		}
	}
	out, _ := transform(t, engine(t, nil), `{"resourceType":"Observation","status":"final","valueQuantity":{"value":87.5,"unit":"deg"}}`)
	require.Contains(t, out, "87.5", "a joint")
	out, _ = transform(t, engine(t, nil), `{"resourceType":"Coverage","status":"active","order":2}`)
	require.Contains(t, out, `"order":2`)
}

// A code or unit of a good form is still the patient's if the same document
// says so.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestClosedFormsAreNotTheRecordsNumbers(t *testing.T) {
	for value, src := range map[string]string{
		"mg123":   `{"resourceType":"Observation","status":"final","valueQuantity":{"value":1,"unit":"mg12 3"}}`,
		"0210093": `{"resourceType":"Procedure","status":"completed","code":{"coding":[{"system":"http://hl7.org/fhir/sid/icd-10-pcs","code":"0210093"}]}}`,
		"8302-2":  `{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8302-2"}]}}`,
	} {
		bundle := `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient","identifier":[{"value":"` + value + `"}]}},{"resource":` + src + `}]}`
		out, _ := transform(t, engine(t, nil), bundle)
		require.NotContains(t, out, "8302")
		require.NotContains(t, out, "0210093")
		require.NotContains(t, out, "mg12")
	}
}
