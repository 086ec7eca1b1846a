package deid

import "strings"

// shape is the form that the codes of a code system have.
type shape uint8

const (
	shapeToken   shape = iota + 1 // letters, digits and -_.:/ up to 40 characters, no long number
	shapeSNOMED                   // a SNOMED CT identifier with its check digit
	shapeDigits                   // digits only, up to 8 (RxNorm, CVX)
	shapeHyphen                   // digits, a hyphen, one digit (LOINC)
	shapeAlnum                    // letters, digits and a point, up to 8 (ICD, CPT, HCPCS)
	shapeNDC                      // digits and hyphens, up to 14
	shapeUnit                     // a unit of measure
	shapeLocal                    // of a system that the options name: shapeToken, also long numbers
	shapeInvalid                  // no code of it passes
)

// systemShape returns the form of the codes of a public code system, and
// false for a system that is not known to be one. Identifier systems (SSN,
// NPI, MBI, passports) are deliberately not code systems here.
func systemShape(system string) (shape, bool) {
	switch system {
	case "http://snomed.info/sct":
		return shapeSNOMED, true
	case "http://www.nlm.nih.gov/research/umls/rxnorm", "http://hl7.org/fhir/sid/cvx":
		return shapeDigits, true
	case "http://loinc.org":
		return shapeHyphen, true
	case "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm", "http://hl7.org/fhir/sid/icd-9-cm",
		"http://hl7.org/fhir/sid/icd-9", "http://hl7.org/fhir/sid/icd-10-pcs", "http://www.cms.gov/Medicare/Coding/ICD10",
		"http://www.ama-assn.org/go/cpt", "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets",
		"http://www.whocc.no/atc", "http://www.ada.org/cdt", "https://www.nubc.org/CodeSystem/RevenueCodes":
		return shapeAlnum, true
	case "http://hl7.org/fhir/sid/ndc":
		return shapeNDC, true
	case "http://unitsofmeasure.org":
		return shapeUnit, true
	case "http://nucc.org/provider-taxonomy", "http://www.nubc.org/patient-discharge", "urn:ietf:bcp:47",
		"urn:ietf:bcp:13", "urn:iso:std:iso:3166", "urn:oid:2.16.840.1.113883.6.238",
		"http://dicom.nema.org/resources/ontology/DCM", "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode":
		return shapeToken, true
	}
	for _, prefix := range [...]string{"http://terminology.hl7.org/CodeSystem/", "http://hl7.org/fhir/us/core/CodeSystem/"} {
		if name, ok := strings.CutPrefix(system, prefix); ok && isToken(name, 64) {
			return shapeToken, true
		}
	}
	return shapeInvalid, false
}

// fits reports whether code has the form.
func (s shape) fits(code string) bool {
	switch s {
	case shapeToken:
		return isToken(code, 40) && !suspicious(code)
	case shapeLocal:
		return isToken(code, 40)
	case shapeDigits:
		return len(code) <= 8 && only(code, "0123456789")
	case shapeSNOMED:
		return isSNOMED(code)
	case shapeHyphen:
		return isLOINC(code)
	case shapeAlnum:
		return len(code) <= 9 && isToken(code, 9)
	case shapeNDC:
		return len(code) <= 14 && only(code, "0123456789-")
	case shapeUnit:
		return isUnit(code)
	}
	return false
}

func only(s, chars string) bool { return s != "" && strings.Trim(s, chars) == "" }

func isToken(s string, limit int) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for _, c := range []byte(s) {
		alnum := c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
		if !alnum && !strings.ContainsRune("-_.:/", rune(c)) {
			return false
		}
	}
	return true
}

// isSNOMED reports whether s is a SNOMED CT identifier of a concept: 6 to 18
// digits, partition 00 or 10, and a Verhoeff check digit. Few numbers of other
// sorts pass.
func isSNOMED(s string) bool {
	if len(s) < 6 || len(s) > 18 || s[0] == '0' || !only(s, "0123456789") {
		return false
	}
	if p := s[len(s)-3 : len(s)-1]; p != "00" && p != "10" {
		return false
	}
	check := byte(0)
	for i := range len(s) {
		d := s[len(s)-1-i] - '0'
		for range i % 8 {
			d = "1576283094"[d] - '0'
		}
		check = dihedral(check, d)
	}
	return check == 0
}

// dihedral multiplies in the dihedral group of order ten.
func dihedral(a, b byte) byte {
	switch {
	case a < 5 && b < 5:
		return (a + b) % 5
	case a < 5:
		return (a+b-5)%5 + 5
	case b < 5:
		return (a-5+5-b)%5 + 5
	}
	return (a - b + 5) % 5
}

func isLOINC(s string) bool {
	n := len(s)
	if strings.HasPrefix(s, "LP") || strings.HasPrefix(s, "LA") {
		s, n = s[2:], n-2
	}
	return n >= 3 && n <= 9 && s[n-2] == '-' && only(s[:n-2], "0123456789") && only(s[n-1:], "0123456789")
}

// isLanguage reports whether s has the form of a language tag such as "en" or
// "en-US".
func isLanguage(s string) bool {
	lang, region, more := strings.Cut(s, "-")
	if len(lang) != 2 && len(lang) != 3 || !only(lang, "abcdefghijklmnopqrstuvwxyz") {
		return false
	}
	return !more || len(region) == 2 && only(region, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
}

// isProfile reports whether s is a canonical URL of HL7's own.
func isProfile(s string) bool {
	name, ok := strings.CutPrefix(s, "http://hl7.org/fhir/")
	if !ok {
		return false
	}
	at := strings.LastIndex(name, "StructureDefinition/")
	if at < 0 || at > 0 && name[:at] != "us/core/" {
		return false
	}
	name, _, _ = strings.Cut(name[at+len("StructureDefinition/"):], "|")
	return isToken(name, 64) && strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-") == ""
}

// suspicious reports whether a display text has what no designation of a
// code has but identifiers do: an at sign, a URL, or seven digits and more
// with nothing but hyphens, points, slashes, spaces or brackets between them.
func suspicious(s string) bool {
	if strings.ContainsAny(s, "@<>\n\r\t") || strings.Contains(s, "://") || strings.Contains(s, "www.") || len(s) > 400 {
		return true
	}
	run := 0
	for _, c := range []byte(s) {
		switch {
		case c >= '0' && c <= '9':
			if run++; run >= 7 {
				return true
			}
		case strings.IndexByte("-./ ()", c) < 0:
			run = 0
		}
	}
	return false
}
