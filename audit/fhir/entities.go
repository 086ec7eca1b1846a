package fhir

import "strings"

// entities returns what the event was about: the data or the query, the
// transaction, and the patient.
func (v *view) entities(patient *Reference) []Entity {
	out := []Entity{v.object()}
	if v.access.Entry != "" {
		out = append(out, Entity{
			What: &Reference{Identifier: &Identifier{Value: v.access.Entry}},
			Type: &Coding{System: balpEntity, Code: "XrequestId"},
		})
	}
	if patient != nil {
		out = append(out, person(patient))
	}
	return out
}

// person returns a patient as what an event is about.
func person(patient *Reference) Entity {
	return Entity{What: patient, Type: &Coding{entityType, "1", "Person"}, Role: &Coding{objectRole, "1", "Patient"}}
}

// object returns the data or the query. The query is the pattern of the route:
// the request itself would be PHI.
func (v *view) object() Entity {
	a := v.access
	kind := &Coding{entityType, "2", "System Object"}
	route := a.Route
	switch {
	case strings.ContainsAny(route, "?#"):
		route = "(invalid)"
	case route == "":
		route = "(not recorded)"
	}
	if v.shape.query {
		return Entity{Type: kind, Role: &Coding{objectRole, "24", "Query"}, Query: []byte(route)}
	}
	what := a.Resource
	if what == "" {
		what = route
	}
	out := Entity{What: &Reference{Display: what}, Type: kind, Role: &Coding{objectRole, "4", "Domain Resource"}}
	if !v.shape.bare {
		out.Detail = v.details()
	}
	return out
}

// details returns the names of fields, and the codes of a disclosure.
func (v *view) details() []Detail {
	var out []Detail
	for _, name := range v.access.Fields {
		out = add(out, "field", name)
	}
	for _, name := range v.access.Opened {
		out = add(out, "opened", name)
	}
	if d := v.access.Disclosure; d != nil {
		out = add(out, "basis", d.Basis)
		out = add(out, "purpose", d.Purpose)
		out = add(out, "what", d.What)
		out = add(out, "request", d.Request)
	}
	return out
}

func add(to []Detail, kind, value string) []Detail {
	if blank(value) {
		return to
	}
	return append(to, Detail{Type: kind, ValueString: value})
}
