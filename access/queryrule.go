package access

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Query says which parameters a request may have and what each looks at. The
// zero Query knows none, so it refuses every parameter.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Query struct {
	// FHIR takes the request for a search of FHIR R4: its parameters are known
	// with what they look at, and its modifiers, chains, _sort and the like are
	// understood; see [Decision.CheckQuery]. Set it only where the handler
	// searches as FHIR says, by fields that are called as in FHIR: a "family"
	// that filters by another field would be checked as Patient.name.family. The
	// default takes a parameter for nothing but what Parameters says.
	FHIR bool
	// Parameters are the program's own, which count before those of FHIR.
	Parameters SearchParameters
}

// SearchParameters say what parameters look at. A key is the type and the name
// of the parameter:
//
//	access.SearchParameters{
//		"Visit.day":  {Paths: []string{"start", "end"}},
//		"Visit.sort": {NamesPaths: true},
//		"Visit.page": {NoData: true},
//	}
//
// Another type than the one that is searched is for chains of FHIR.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type SearchParameters map[string]Parameter

// A Parameter is what one parameter of a query looks at. Exactly one field is
// given; a Parameter without any is refused.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Parameter struct {
	// Paths are what it looks at, in JSON below the type. All must be seen
	// whole.
	Paths []string
	// NamesPaths says that its value names what it looks at, as that of a
	// "sort" or "fields" does: paths below the type, with commas between, and a
	// "+" or "-" before one as it likes. All must be seen whole. The handler must
	// take these names as they are: what differs from a path that a rule speaks of
	// in case only is refused, other spellings are not known here.
	NamesPaths bool
	// NoData says that it looks at no data: the number of a page, a purpose.
	NoData bool
}

// valid reports whether exactly one field is given.
func (p Parameter) valid() bool {
	given := 0
	for _, is := range [...]bool{len(p.Paths) > 0, p.NamesPaths, p.NoData} {
		if is {
			given++
		}
	}
	return given == 1
}

// searches reports whether an action finds resources by what the caller says;
// the audit log takes these for searches too.
func searches(action string) bool {
	return action == "query" || action == "list" || action == "search" || strings.HasPrefix(action, "search-")
}

// check returns what is wrong with the query of a route about a resource.
func (q *Query) check(p *Policy, resource string) error {
	if q == nil {
		return nil
	}
	var faults []error
	ours := false
	for _, key := range slices.Sorted(maps.Keys(q.Parameters)) {
		of, name, _ := strings.Cut(key, ".")
		ours = ours || of == resource
		if reason := q.fault(p, resource, of, name); reason != "" {
			faults = append(faults, fmt.Errorf("query: parameter %s: %s", quote(key), reason))
		}
	}
	if q.FHIR && !ours && !fhirSearch(resource) {
		faults = append(faults, fmt.Errorf("query: no search parameter of FHIR is known for %s", quote(resource)))
	}
	return errors.Join(faults...)
}

// fault returns what is wrong with one parameter, "" if nothing is.
func (q *Query) fault(p *Policy, resource, of, name string) string {
	parameter := q.Parameters[of+"."+name]
	switch {
	case name == "":
		return "no type before it, as in " + quote(resource+"."+of)
	case p.resources[of] == nil:
		return "the policy knows no resource " + quote(of)
	case of != resource && !q.FHIR:
		return "only a chain of FHIR looks at another type"
	case !isSegmented(name):
		return "no name of letters, digits, '.', '_' and '-'"
	case q.FHIR && slices.Contains(controlsOfSearch, name):
		return "FHIR says what it is"
	case !parameter.valid():
		return "one of Paths, NamesPaths and NoData"
	}
	for _, path := range parameter.Paths {
		if path != "resourceType" && !p.mentions(p.resources[of], path, q.FHIR) {
			return "the policy mentions no " + quote(of+"."+path)
		}
	}
	return ""
}

// mentions reports whether a path can be a field of a resource, as far as that
// is known: it is one of FHIR, a rule speaks of it, of something in it or of
// what it is in, or a rule gives the whole record and there is no telling.
func (p *Policy) mentions(r *resource, path string, fhir bool) bool {
	if !isSegmented(path) || strings.HasPrefix(path, r.name+".") {
		return false
	}
	first, _, _ := strings.Cut(path, ".")
	elements := fhirElements(r.name)
	if fhir = fhir && len(elements) > 0; fhir && inFHIR(elements, first) {
		return true
	}
	full := r.name + "." + path
	within := func(a, b string) bool { return a == b || strings.HasPrefix(a, b+".") }
	for _, rule := range p.rules {
		if rule.resource != r {
			continue
		}
		if rule.whole && !rule.deny && !fhir {
			return true
		}
		for _, id := range rule.paths {
			if within(full, p.paths[id]) || within(p.paths[id], full) {
				return true
			}
		}
	}
	return false
}

// clone returns a copy that shares nothing.
func (q *Query) clone() *Query {
	if q == nil {
		return nil
	}
	c := &Query{FHIR: q.FHIR, Parameters: maps.Clone(q.Parameters)}
	for key, p := range c.Parameters {
		p.Paths = slices.Clone(p.Paths)
		c.Parameters[key] = p
	}
	return c
}

// described says what a query may look at, a line a parameter, sorted; nothing
// if no parameter is permitted.
func (q *Query) described() []string {
	if q == nil {
		return nil
	}
	var lines []string
	if q.FHIR {
		lines = append(lines, "search of FHIR R4")
	}
	for _, key := range slices.Sorted(maps.Keys(q.Parameters)) {
		line := key + ": " + strings.Join(q.Parameters[key].Paths, ", ")
		switch p := q.Parameters[key]; {
		case p.NamesPaths:
			line = key + ": names paths"
		case p.NoData:
			line = key + ": no data"
		}
		lines = append(lines, line)
	}
	return lines
}

// word returns a parameter that was refused as the log may know it: what
// somebody typed may be PHI, a word of the query, of FHIR or of the policy is
// not.
func (q *Query) word(p *Policy, resource, parameter string) string {
	_, ours := q.Parameters[resource+"."+parameter]
	_, ofFHIR := r4Parameter(resource, parameter)
	if ours || ofFHIR || slices.Contains(controlsOfSearch, parameter) || p.words()[parameter] {
		return parameter
	}
	return "?"
}

// controlsOfSearch are parameters of FHIR that are no fields.
var controlsOfSearch = []string{"_contained", "_content", "_count", "_elements", "_filter", "_format", "_has", "_include", "_list", "_pretty",
	"_query", "_revinclude", "_sort", "_summary", "_text", "_total"}
