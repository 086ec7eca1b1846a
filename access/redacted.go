package access

import "slices"

// The marks of a copy that is not whole.
const (
	redactedCode = `{"system":"` + systemObservationValue + `","code":"REDACTED","display":"redacted"}`
	redactedList = `"security":[` + redactedCode + `]`
	redactedMeta = `"meta":{` + redactedList + `}`
	maskedValue  = `":{"extension":[{"url":"` + urlAbsent + `","valueCode":"masked"}]}`
	urlAbsent    = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"
)

// ProjectMasked is [Decision.Project] and marks, beside the label REDACTED on
// the resource, single elements that the decision hides: in the place of
// birthDate stands
//
//	"_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}
//
// It does so whether the resource has the element or not, so that the mark
// tells nothing. Marked are those elements of the common resources of FHIR R4
// that are primitive, appear at most once and are no choice of types: others
// have no place for the mark that is valid in every document. Plain objects
// are not marked. On a route, Rule.Masked does so.
func (d Decision) ProjectMasked(dst, src []byte) ([]byte, error) {
	d.masked = true
	return d.Project(dst, src)
}

// tag labels the resource that was just projected, up to its closing brace,
// as REDACTED.
func (p *projection) tag(mask *node, members int) {
	f := &p.found
	switch {
	case !mask.partial && !f.omitted, f.tagged && f.whole && f.security > 0:
	case f.security > 0 && p.dst[f.security-1] == '[':
		p.insert(f.security, redactedCode)
	case f.security > 0:
		p.insert(f.security, ","+redactedCode)
	case f.meta > 0 && p.dst[f.meta-1] == '{':
		p.insert(f.meta, redactedList)
	case f.meta > 0:
		p.insert(f.meta, ","+redactedList)
	default:
		p.comma(members)
		p.dst = append(p.dst, redactedMeta...)
	}
}

// insert puts text into dst at a place.
func (p *projection) insert(at int, text string) {
	p.dst = append(p.dst, text...)
	copy(p.dst[at+len(text):], p.dst[at:len(p.dst)-len(text)])
	copy(p.dst[at:], text)
}

// markers adds a mark for each element that the mask hides, and returns how
// many it added.
func (p *projection) markers(here place, members int, name []byte) int {
	if !p.masked {
		return 0
	}
	if name == nil {
		name = []byte(p.decision.Resource)
	}
	added := 0
	for _, element := range singlePrimitives(string(name)) {
		if here.step(here.node.children[element], plainWord, '"').open || here.shows("_"+element) {
			continue
		}
		p.comma(members + added)
		p.dst = append(append(append(p.dst, `"_`...), element...), maskedValue...)
		added++
	}
	return added
}

// shows reports whether something behind a key may be seen.
func (here place) shows(key string) bool {
	n := here.node.children[key]
	return n != nil && !n.deny && (n.allow || n.inside)
}

// singlePrimitives returns the elements of a resource of FHIR R4 that are
// primitive, not repeated and no choice of types.
func singlePrimitives(resource string) []string {
	switch resource {
	case "Patient":
		return []string{"active", "gender", "birthDate"}
	case "Observation":
		return []string{"status", "issued"}
	case "Condition":
		return []string{"recordedDate"}
	case "Encounter":
		return []string{"status"}
	case "MedicationRequest":
		return []string{"status", "intent", "priority", "doNotPerform", "authoredOn"}
	case "AllergyIntolerance":
		return []string{"type", "criticality", "recordedDate", "lastOccurrence"}
	case "Immunization":
		return []string{"status", "recorded", "primarySource", "lotNumber", "expirationDate", "isSubpotent"}
	case "Procedure":
		return []string{"status"}
	case "DiagnosticReport":
		return []string{"status", "issued", "conclusion"}
	case "DocumentReference":
		return []string{"status", "docStatus", "date", "description"}
	case "Appointment":
		return []string{"status", "priority", "description", "start", "end", "minutesDuration", "created", "comment", "patientInstruction"}
	}
	return nil
}

// isMarker reports whether a value is the mark of a hidden element.
func isMarker(v any) bool {
	o, _ := v.(map[string]any)
	list, _ := o["extension"].([]any)
	if len(o) != 1 || len(list) != 1 {
		return false
	}
	e, _ := list[0].(map[string]any)
	return len(e) == 2 && e["url"] == urlAbsent && e["valueCode"] == "masked"
}

// isRedacted reports whether a value is the label REDACTED.
func isRedacted(v any) bool {
	o, _ := v.(map[string]any)
	return o["system"] == systemObservationValue && o["code"] == "REDACTED"
}

// hasRedacted reports whether a meta.security holds the label REDACTED.
func hasRedacted(security any) bool {
	list, _ := security.([]any)
	return slices.ContainsFunc(list, isRedacted)
}
