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
		{"http://loinc.org", "100000-9", true},
		{"http://loinc.org", "LA15920-4", true},
		{"http://loinc.org", "LP29684-5", true},
		{"http://loinc.org", "LA6576-9", false},
		{"http://loinc.org", "8302-3", false}, // its check digit
		{"http://loinc.org", "1234567-0", false},
		{"http://loinc.org", "LA-8", false},
		{"http://www.nlm.nih.gov/research/umls/rxnorm", "19300412", false}, // a date
		{"http://www.nlm.nih.gov/research/umls/rxnorm", "0930412", false},
		{"http://www.nlm.nih.gov/research/umls/rxnorm", "", false},
		{"http://hl7.org/fhir/sid/cvx", "140", true},
		{"http://hl7.org/fhir/sid/cvx", "1405", false},
		{"http://hl7.org/fhir/sid/icd-10-cm", "S82.001A", true},
		{"http://hl7.org/fhir/sid/icd-10-cm", "T36.0X1A", true},
		{"http://hl7.org/fhir/sid/icd-10-cm", "C4A.9", true},
		{"http://hl7.org/fhir/sid/icd-10-cm", "E119", true},
		{"http://hl7.org/fhir/sid/icd-10-cm", "S82001A", true},
		{"http://hl7.org/fhir/sid/icd-10-cm", "I10", true},
		{"http://hl7.org/fhir/sid/icd-10-cm", "E11.", false},
		{"http://hl7.org/fhir/sid/icd-10-cm", "123456789", false},
		{"http://hl7.org/fhir/sid/icd-10-cm", "H001234", false},
		{"http://hl7.org/fhir/sid/icd-10-cm", "H00123456", false},
		{"http://hl7.org/fhir/sid/icd-10-cm", "JohnDoe", false},
		{"http://hl7.org/fhir/sid/icd-10-cm", "JOHNDOE", false},
		{"http://hl7.org/fhir/sid/icd-10-pcs", "0210093", true},
		{"http://hl7.org/fhir/sid/icd-10-pcs", "3E0234Z", true},
		{"http://hl7.org/fhir/sid/icd-10-pcs", "JOHNDOE", false},
		{"http://hl7.org/fhir/sid/icd-9-cm", "250.00", true},
		{"http://hl7.org/fhir/sid/icd-9-cm", "E928.9", true},
		{"http://hl7.org/fhir/sid/icd-9-cm", "555-0123", false},
		{"http://www.ama-assn.org/go/cpt", "99213", true},
		{"http://www.ama-assn.org/go/cpt", "0001A", true},
		{"http://www.ama-assn.org/go/cpt", "992130", false},
		{"https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "G0438", true},
		{"https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "DOE", false},
		{"http://www.ada.org/cdt", "D0120", true},
		{"http://www.ada.org/cdt", "A0120", false},
		{"http://www.whocc.no/atc", "A10BA02", true},
		{"http://www.whocc.no/atc", "SMITH", false},
		{"http://hl7.org/fhir/sid/ndc", "123-45-6789", false},
		{"http://hl7.org/fhir/sid/ndc", "617-555-0123", false},
		{"http://hl7.org/fhir/sid/ndc", "16175550123", false},
		{"http://nucc.org/provider-taxonomy", "207Q00000X", true},
		{"http://nucc.org/provider-taxonomy", "101YM0800X", true},
		{"http://nucc.org/provider-taxonomy", "2075550123", false},
		{"urn:oid:2.16.840.1.113883.6.238", "2106-3", true},
		{"urn:oid:2.16.840.1.113883.6.238", "DOE", false},
		{"http://dicom.nema.org/resources/ontology/DCM", "DX", true},
		{"urn:ietf:bcp:47", "en-US", true},
		{"urn:ietf:bcp:47", "lee", false},
		{"urn:ietf:bcp:13", "application/pdf", true},
		{"urn:ietf:bcp:13", "john/doe", false},
		{"urn:iso:std:iso:3166", "US-WA", true},
		{"urn:iso:std:iso:3166", "US-98065", false},
		{"urn:iso:std:iso:3166", "DOE", false},
		{"http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode", "urn:ihe:pcc:xds-ms:2007", true},
		{"http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode", "urn:ihe:555:12:3456", false},
		{"http://terminology.hl7.org/CodeSystem/555-12-3456", "AMB", false},
		{"http://terminology.hl7.org/CodeSystem/v2-0203", "MR", true},
		{"http://terminology.hl7.org/CodeSystem/v3-ActCode", "John.Doe.1930-Apr-12", false},
		{"http://terminology.hl7.org/CodeSystem/v3-ActCode", "John-Doe-19300412", false},
		{"http://terminology.hl7.org/CodeSystem/observation-category", "vital-signs", true},
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
		fits := formOf(c.system)
		require.Equal(t, c.ok, fits != nil && fits(c.code), "%s %s", c.system, c.code)
	}
}

// Controls: HIPAA 164.514(b)(2)(i).
func TestUnits(t *testing.T) {
	for _, u := range []string{"mg/dL", "mm[Hg]", "10*3/uL", "/min", "beats/minute", "%", "mL/min/{1.73_m2}", "kg/m2", "mEq/L", "U/L",
		"ng/mL", "10*6/uL", "fL", "pg", "{score}", "Cel", "mmol/L", "ug/L", "g/dL", "cells/uL", "IU/mL", "µg/dL"} {
		require.True(t, isUnit(u), u)
	}
	for _, u := range []string{"", "Quillfeather", "mg {Xanthippe}", "4417 mg", "987654329", "mg@home", "mg\n",
		"H00123456", "a123 a45 a6789", "MG1234567890", "a12 a34 a56", "10 100 1000", "m123"} {
		require.False(t, isUnit(u), u)
	}
}
