package deid

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.514(b)(2)(i).
func TestCodesOfPublicSystems(t *testing.T) {
	for _, c := range []struct {
		system, code string
		ok           bool
	}{
		{"http://snomed.info/sct", "44054006", true},
		{"http://snomed.info/sct", "840539006", true},
		{"http://snomed.info/sct", "10509002", true},
		{"http://snomed.info/sct", "44054007", false},
		{"http://snomed.info/sct", "MRN-88412077", false},
		{"http://snomed.info/sct", "7731904468", false},
		{"http://snomed.info/sct", "44054", false},
		{"http://loinc.org", "8302-2", true},
		{"http://loinc.org", "LA6576-8", true},
		{"http://loinc.org", "987-65-4329", false},
		{"http://loinc.org", "83022", false},
		{"http://www.nlm.nih.gov/research/umls/rxnorm", "849574", true},
		{"http://www.nlm.nih.gov/research/umls/rxnorm", "987654329", false},
		{"http://hl7.org/fhir/sid/icd-10-cm", "E11.9", true},
		{"http://hl7.org/fhir/sid/icd-10-cm", "Quillfeather", false},
		{"http://hl7.org/fhir/sid/ndc", "0093-7214-01", true},
		{"http://hl7.org/fhir/sid/us-ssn", "987654329", false},
		{"http://hl7.org/fhir/sid/us-npi", "1245319599", false},
		{"http://terminology.hl7.org/CodeSystem/v3-ActCode", "AMB", true},
		{"http://terminology.hl7.org/CodeSystem/a b", "AMB", false},
		{"http://terminology.hl7.org/CodeSystem/v3-ActCode", "Xanthippe Q", false},
		{"http://unitsofmeasure.org", "mm[Hg]", true},
		{"http://unitsofmeasure.org", "{Quillfeather}", false},
		{"http://hospital.example/local", "A1", false},
		{"", "A1", false},
	} {
		form, known := systemShape(c.system)
		require.Equal(t, c.ok, known && form.fits(c.code), "%s %s", c.system, c.code)
	}
	require.False(t, shape(99).fits("1"))
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestUnits(t *testing.T) {
	for _, u := range []string{"mg/dL", "mm[Hg]", "10*3/uL", "/min", "beats/minute", "%", "mL/min/{1.73_m2}", "kg/m2", "mEq/L", "U/L",
		"ng/mL", "10*6/uL", "fL", "pg", "{score}", "Cel", "mmol/L", "ug/L", "g/dL", "cells/uL", "IU/mL", "µg/dL"} {
		require.True(t, isUnit(u), u)
	}
	for _, u := range []string{"", "Quillfeather", "mg {Xanthippe}", "4417 mg", "987654329", "mg@home", "mg\n"} {
		require.False(t, isUnit(u), u)
	}
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestSuspicious(t *testing.T) {
	for _, s := range []string{"a@b.example", "see https://a", "call 360-555-0188", "SSN 987 65 4329", "on 2023-11-05", "www.a.example", "<b>", "12/31/1999", "(360) 555-0188"} {
		require.True(t, suspicious(s), s)
	}
	for _, s := range []string{"Acetaminophen 325 MG / HYDROcodone 7.5 MG Oral Tablet", "Influenza, seasonal, 2010", "Hemoglobin A1c/Hemoglobin.total in Blood", "24 HR Metformin 500 MG"} {
		require.False(t, suspicious(s), s)
	}
}
