package deid

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What stands behind the bar of a canonical URL is anybody's text.
//
// Controls: HIPAA 164.514(b)(2)(i).
func TestProfilesLoseTheirVersion(t *testing.T) {
	const base, core = "http://hl7.org/fhir/StructureDefinition/", "http://hl7.org/fhir/us/core/StructureDefinition/"
	for in, want := range map[string]string{
		base + "Patient":                               base + "Patient",
		base + "Patient|4.0.1":                         base + "Patient",
		base + "Patient|Xanthippe Quillfeather 98-765": base + "Patient",
		base + "Patient|":                              base + "Patient",
		base + "bp|a|b":                                base + "bp",
		core + "us-core-patient|7.0.0":                 core + "us-core-patient",
		core + "us-core-patient":                       core + "us-core-patient",
		core + "us-core-Quillfeather":                  "",
		core + "quillfeather":                          "",
		base + "Quillfeather":                          "",
		base + "us-core-patient":                       "",
		base + "Patient#88412077":                      "",
		base:                                           "",
		"http://hl7.org/fhir/x/StructureDefinition/Patient": "",
		"http://quill.example/StructureDefinition/Patient":  "",
	} {
		out, _ := transform(t, engine(t, nil), `{"resourceType":"Patient","active":true,"meta":{"profile":["`+in+`"]}}`)
		if want == "" {
			require.JSONEq(t, `{"resourceType":"Patient","active":true}`, out, in)
			continue
		}
		require.JSONEq(t, `{"resourceType":"Patient","active":true,"meta":{"profile":["`+want+`"]}}`, out, in)
	}
}
