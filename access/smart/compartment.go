package smart

import (
	"bytes"
	"strings"
)

// isShared reports whether resources of a type are about nobody: what a
// hospital knows of itself and what a terminology defines (FHIR R4, the types
// that CompartmentDefinition/patient leaves out and that refer to no Patient).
func isShared(resource string) bool {
	switch resource {
	case "Organization", "OrganizationAffiliation", "Practitioner", "PractitionerRole", "Location", "HealthcareService", "Endpoint",
		"InsurancePlan", "Slot", "Medication", "MedicationKnowledge", "Substance", "OperationOutcome",
		"ActivityDefinition", "CapabilityStatement", "ChargeItemDefinition", "CodeSystem", "CompartmentDefinition", "ConceptMap",
		"EventDefinition", "ImplementationGuide", "Library", "Measure", "MessageDefinition", "NamingSystem", "ObservationDefinition",
		"OperationDefinition", "PlanDefinition", "Questionnaire", "SearchParameter", "SpecimenDefinition", "StructureDefinition",
		"StructureMap", "TerminologyCapabilities", "ValueSet":
		return true
	}
	return false
}

// isAbout reports whether a resource is about the patient with an id and no
// other, as far as it says. unlinked says that it may be about nobody.
func (d *document) isAbout(resource, id string, unlinked bool) bool {
	if id == "" {
		return false
	}
	s := subjects{document: d, own: "Patient/" + id}
	if resource == "Patient" {
		return d.is(d.member(0, "id"), id) && s.areOwn(d.member(0, "contained"))
	}
	return s.areOwn(0) && (s.named || unlinked)
}

// subjects finds out whom a resource is about.
type subjects struct {
	*document
	own   string // the only reference to a Patient that may be
	named bool   // and is
}

// areOwn reports whether in the value at a place nothing refers to another
// patient, nor may.
func (s *subjects) areOwn(at int) bool {
	if at == none {
		return true
	}
	for last := int(s.values[at].next); at < last; at++ {
		if s.values[at].kind == '{' && !s.isOwn(at) {
			return false
		}
	}
	return true
}

// isOwn reports whether the object at a place is no Patient, and no Reference
// that is or may be to another patient.
func (s *subjects) isOwn(at int) bool {
	identified, referred, kind := false, "", ""
	for m := s.first(at); m != none; m = s.after(m, at) {
		v := &s.values[m]
		name, known := word(s.plain(v.name))
		switch {
		case known && name == "":
			return false // in other letters, which some take for the same
		case name == "resourceType":
			if v.kind != '"' || s.is(m, "Patient") {
				return false
			}
		case name == "reference":
			if referred = s.string(m); referred == "" {
				return false
			}
		case name == "type":
			kind = s.string(m)
		case name == "identifier":
			identified = v.kind == '{'
		}
	}
	referred, _, _ = strings.Cut(referred, "/_history/")
	switch {
	case referred == s.own:
		s.named = true
		return true
	case kind == "Patient" || strings.HasSuffix(kind, "/Patient"):
		return false // by an identifier, or by an address of another form
	case referred == "":
		return !identified || kind != "" || !isSubject(s.plain(s.values[at].name))
	}
	return !strings.Contains(strings.ToLower(referred), "patient") && !strings.HasPrefix(referred, "urn:")
}

// word returns which of the words that say whom a resource is about a key is.
// It is known, but none, if it is one but for the case of its letters.
func word(key []byte) (name string, known bool) {
	for _, w := range [...]string{"type", "reference", "identifier", "resourceType"} {
		if len(key) == len(w) && bytes.EqualFold(key, []byte(w)) {
			if string(key) == w {
				return w, true
			}
			return "", true
		}
	}
	return "", false
}

// isSubject reports whether an element says whom a resource is about.
func isSubject(element []byte) bool {
	switch string(element) {
	case "subject", "patient", "beneficiary", "for", "individual":
		return true
	}
	return false
}
