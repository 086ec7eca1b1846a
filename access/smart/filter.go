package smart

import "strings"

// element returns where in a resource the value of a token parameter is, nil if
// that is not known.
func element(resource, param string) []string {
	switch param {
	case "_id":
		return []string{"id"}
	case "_security":
		return []string{"meta", "security"}
	case "_tag":
		return []string{"meta", "tag"}
	case "category", "class", "intent", "status", "type":
		return []string{param}
	case "clinical-status":
		return []string{"clinicalStatus"}
	case "verification-status":
		return []string{"verificationStatus"}
	case "code":
		return codeElement(resource)
	}
	return nil
}

// codeElement returns where the parameter code points. It is not everywhere
// the element of this name.
func codeElement(resource string) []string {
	switch resource {
	case "MedicationRequest", "MedicationStatement", "MedicationDispense", "MedicationAdministration":
		return []string{"medicationCodeableConcept"}
	case "DeviceRequest":
		return []string{"codeCodeableConcept"}
	case "Questionnaire", "ValueSet", "CodeSystem", "ConceptMap":
		return nil // of items and concepts inside
	}
	return []string{"code"}
}

// meets reports whether a resource meets all filters.
func (o object) meets(resource string, filters []Filter) bool {
	for _, f := range filters {
		if !o.meetsOne(element(resource, f.Param), f.Value) {
			return false
		}
	}
	return true
}

func (o object) meetsOne(path []string, value string) bool {
	if len(path) == 0 {
		return false
	}
	for _, key := range path[:len(path)-1] {
		o, _ = o[key].(object)
	}
	for _, t := range tokens(o[path[len(path)-1]]) {
		for wanted := range strings.SplitSeq(value, ",") {
			if t.is(wanted) {
				return true
			}
		}
	}
	return false
}

// token is a code of a system, or of none.
type token struct{ system, code string }

// is reports whether t is what a search value asks for: a code of any system,
// "system|code", "|code" for one without a system, or "system|" for any code.
func (t token) is(wanted string) bool {
	system, code, hasSystem := strings.Cut(wanted, "|")
	switch {
	case !hasSystem:
		return t.code != "" && t.code == wanted
	case strings.Contains(code, "|") || system == "" && code == "":
		return false
	case code == "":
		return t.system == system
	}
	return t.system == system && t.code == code
}

// tokens returns the codes of an element: a code, a Coding, a CodeableConcept,
// or a list of these.
func tokens(value any) []token {
	list, ok := value.([]any)
	if !ok {
		return codings(value)
	}
	var all []token
	for _, item := range list {
		all = append(all, codings(item)...)
	}
	return all
}

// codings returns the codes of one item of an element.
func codings(value any) []token {
	switch v := value.(type) {
	case string:
		return []token{{code: v}}
	case object:
		list, concept := v["coding"].([]any)
		if !concept {
			return []token{{system: v.text("system"), code: v.text("code")}}
		}
		var all []token
		for _, item := range list {
			if coding, ok := item.(object); ok {
				all = append(all, token{system: coding.text("system"), code: coding.text("code")})
			}
		}
		return all
	}
	return nil
}
