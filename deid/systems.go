package deid

import "strings"

// form reports whether a text has the form that the codes of one code system
// have. It is as narrow as the system allows, since what else has the form is
// let through.
type form func(code string) bool

// formOf returns the form of the codes of a public code system, and nil for a
// system that is not known to be one. Identifier systems (SSN, NPI, MBI,
// passports) are deliberately not code systems here.
func formOf(system string) form {
	switch system {
	case "http://snomed.info/sct":
		return isSNOMED
	case "http://loinc.org":
		return isLOINC
	case "http://www.nlm.nih.gov/research/umls/rxnorm":
		return func(s string) bool { return len(s) <= 7 && only(s, "0123456789") && s[0] != '0' }
	case "http://hl7.org/fhir/sid/cvx":
		return patterns("9", "99", "999")
	case "http://hl7.org/fhir/sid/ndc":
		return patterns("9999-9999-99", "99999-999-99", "99999-9999-9", "99999-9999-99")
	case "http://hl7.org/fhir/sid/icd-10", "http://hl7.org/fhir/sid/icd-10-cm":
		return isICD10
	case "http://hl7.org/fhir/sid/icd-10-pcs", "http://www.cms.gov/Medicare/Coding/ICD10":
		return isPCS
	case "http://hl7.org/fhir/sid/icd-9", "http://hl7.org/fhir/sid/icd-9-cm":
		return patterns("999", "999.9", "999.99", "9999", "99999", "V99", "V99.9", "V99.99", "E999", "E999.9", "99.9", "99.99")
	case "http://www.ama-assn.org/go/cpt":
		return patterns("99999", "9999A", "XX")
	case "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets":
		return patterns("A9999", "XX")
	case "http://www.ada.org/cdt":
		return patterns("D9999")
	case "http://www.whocc.no/atc":
		return patterns("A", "A99", "A99A", "A99AA", "A99AA99")
	case "https://www.nubc.org/CodeSystem/RevenueCodes":
		return patterns("999", "9999")
	case "http://www.nubc.org/patient-discharge":
		return patterns("9", "99")
	case "http://nucc.org/provider-taxonomy":
		return func(s string) bool { return like(s, "99XXX9999X") && strings.HasSuffix(s, "X") }
	case "urn:oid:2.16.840.1.113883.6.238": // race and ethnicity
		return patterns("9999-9", "UNK", "ASKU")
	case "http://dicom.nema.org/resources/ontology/DCM":
		return patterns("999999", "AA", "AAA", "AAAA", "AAAAA")
	}
	return formOfTerms(system)
}

// formOfTerms returns the form of systems whose codes are words.
func formOfTerms(system string) form {
	switch system {
	case "http://unitsofmeasure.org":
		return isUnit
	case "urn:ietf:bcp:47":
		return isLanguage
	case "urn:ietf:bcp:13":
		return func(s string) bool { return listed(mimeTypes, s) }
	case "urn:iso:std:iso:3166":
		return isRegion
	case "http://ihe.net/fhir/ihe.formatcode.fhir/CodeSystem/formatcode":
		return func(s string) bool {
			rest, ok := strings.CutPrefix(s, "urn:ihe:")
			return ok && isTerm(strings.ReplaceAll(rest, ":", "-"), maxTermDigits)
		}
	}
	for _, prefix := range [...]string{"http://terminology.hl7.org/CodeSystem/", "http://hl7.org/fhir/us/core/CodeSystem/"} {
		if name, ok := strings.CutPrefix(system, prefix); ok && isTerm(name, maxTableDigits) && !isDigit(name[0]) {
			return func(s string) bool { return isTerm(s, maxTermDigits) }
		}
	}
	return nil
}

// patterns returns the form of codes that are like one of them.
func patterns(list ...string) form {
	return func(code string) bool {
		for _, p := range list {
			if like(code, p) {
				return true
			}
		}
		return false
	}
}

// like reports whether s has the pattern: 9 is a digit, A an upper-case
// letter, X either, and every other character is itself. D, E and V, with
// which some codes begin, are themselves too.
func like(s, pattern string) bool {
	if len(s) != len(pattern) {
		return false
	}
	for i := range len(s) {
		digit, upper := isDigit(s[i]), s[i] >= 'A' && s[i] <= 'Z'
		switch pattern[i] {
		case '9':
			if !digit {
				return false
			}
		case 'A':
			if !upper {
				return false
			}
		case 'X':
			if !digit && !upper {
				return false
			}
		default:
			if s[i] != pattern[i] {
				return false
			}
		}
	}
	return true
}

// isICD10 reports whether s has the form of an ICD-10 or ICD-10-CM code:
// letter, digit, digit or letter, and up to four more, of which all but the
// last are digits or one of a few letters. Without its point, a letter and six
// digits are taken for a record number.
func isICD10(s string) bool {
	if len(s) < 3 || !like(s[:3], "A9X") {
		return false
	}
	rest, point := strings.CutPrefix(s[3:], ".")
	if rest == "" {
		return !point
	}
	last := rest[min(3, len(rest)):]
	first := rest[:len(rest)-len(last)]
	if !only(first, "0123456789ABCDEX") || last != "" && !like(last, "X") {
		return false
	}
	return point || len(rest) < 4 || !only(s[1:], "0123456789")
}

// isPCS reports whether s has the form of an ICD-10-PCS code, seven digits and
// letters without I and O; seven plain digits can be one.
func isPCS(s string) bool { return like(s, "XXXXXXX") && !strings.ContainsAny(s, "IO") }

const (
	maxTerm        = 64 // characters of a code that is a word
	maxTermDigits  = 4  // digits in it: no date, and no number of a person
	maxTableDigits = 5  // digits in the name of a system, such as v2-0203
)

// isTerm reports whether s has the form of the codes and systems that HL7
// makes of words: letters, hyphens and underscores with few digits.
func isTerm(s string, maxDigits int) bool {
	if s == "" || len(s) > maxTerm {
		return false
	}
	digits := 0
	for i := range len(s) {
		switch c := s[i]; {
		case isDigit(c):
			digits++
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c == '-', c == '_':
		default:
			return false
		}
	}
	return digits <= maxDigits
}

// isLocal reports whether s can be a code of a system that the options name.
func isLocal(s string) bool {
	return len(s) <= 40 && s != "" && !strings.ContainsFunc(s, func(c rune) bool {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		return !letter && !strings.ContainsRune("-_.:/", c)
	})
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func only(s, chars string) bool { return s != "" && strings.Trim(s, chars) == "" }
