package smart

import "strings"

// element returns where in a resource the value of a token parameter is, as a
// path with a dot, "" if that is not known.
func element(resource, param string) string {
	switch param {
	case "_id":
		return "id"
	case "_security":
		return "meta.security"
	case "_tag":
		return "meta.tag"
	case "category", "class", "intent", "status", "type":
		return param
	case "clinical-status":
		return "clinicalStatus"
	case "verification-status":
		return "verificationStatus"
	case "code":
		return codeElement(resource)
	}
	return ""
}

// codeElement returns where the parameter code points. It is not everywhere
// the element of this name.
func codeElement(resource string) string {
	switch resource {
	case "MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration":
		return "medicationCodeableConcept"
	case "DeviceRequest":
		return "codeCodeableConcept"
	case "Questionnaire", "ValueSet", "CodeSystem", "ConceptMap":
		return "" // of items and concepts inside
	}
	return "code"
}

// meets reports whether a resource meets all filters.
func (d *document) meets(resource string, filters []Filter) bool {
	for _, f := range filters {
		if !d.meetsOne(element(resource, f.Param), f.Value) {
			return false
		}
	}
	return true
}

func (d *document) meetsOne(path, values string) bool {
	if path == "" {
		return false
	}
	at := 0
	for name := range strings.SplitSeq(path, ".") {
		at = d.member(at, name)
	}
	for value := range strings.SplitSeq(values, ",") {
		if d.anyIs(at, value) {
			return true
		}
	}
	return false
}

// anyIs reports whether an element has what a search value asks for: a code, a
// Coding, a CodeableConcept, or a list of these.
func (d *document) anyIs(at int, wanted string) bool {
	if d.kind(at) != '[' {
		return d.oneIs(at, wanted)
	}
	for item := d.first(at); item != none; item = d.after(item, at) {
		if d.oneIs(item, wanted) {
			return true
		}
	}
	return false
}

// oneIs is anyIs for one item of an element.
func (d *document) oneIs(at int, wanted string) bool {
	switch d.kind(at) {
	case '"':
		return d.codeIs(none, at, wanted)
	case '{':
		list := d.member(at, "coding")
		if d.kind(list) != '[' {
			return d.codingIs(at, wanted)
		}
		for item := d.first(list); item != none; item = d.after(item, list) {
			if d.codingIs(item, wanted) {
				return true
			}
		}
	}
	return false
}

func (d *document) codingIs(at int, wanted string) bool {
	return d.kind(at) == '{' && d.codeIs(d.member(at, "system"), d.member(at, "code"), wanted)
}

// codeIs reports whether a code of a system is what a search value asks for: a
// code of any system, "system|code", "|code" for one without a system, or
// "system|" for any code.
func (d *document) codeIs(system, code int, wanted string) bool {
	wantedSystem, wantedCode, hasSystem := strings.Cut(wanted, "|")
	switch {
	case !hasSystem:
		return wanted != "" && d.is(code, wanted)
	case strings.Contains(wantedCode, "|") || wantedSystem == "" && wantedCode == "":
		return false
	case wantedSystem == "" && system != none || wantedSystem != "" && !d.is(system, wantedSystem):
		return false
	}
	return wantedCode == "" || d.is(code, wantedCode)
}
