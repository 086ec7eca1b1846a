package access

import (
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Bounds of a query. What is beyond them is refused.
const (
	maxParameters = 128
	maxParameter  = 128 // bytes of a name
	maxLinks      = 4   // links of a chain
)

// ErrQuery is what every refused query unwraps to.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
var ErrQuery = errors.New("access: query: not permitted")

// A QueryError says which parameter of a query is refused, and why. It never
// holds a value. It unwraps to [ErrQuery].
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type QueryError struct {
	// Parameter is the name of the parameter without what is chained to it;
	// "" if it is not written like one.
	Parameter string
	// Reason says why, in words of the policy and of FHIR.
	Reason string
}

// Error returns "access: query: parameter: reason".
func (e *QueryError) Error() string {
	return fmt.Sprintf("access: query: parameter %q: %s", e.Parameter, e.Reason)
}

// Unwrap returns ErrQuery.
func (e *QueryError) Unwrap() error { return ErrQuery }

// CheckQuery refuses a search that looks at what the decision does not show:
// whoever may not see a diagnosis, but may search and sort by it, learns it
// from who is found. Call it before the search is run, with the decision about
// the resource that is searched. The error is a [*QueryError].
//
// A parameter is permitted if query declares it, or it is one of FHIR and query
// says that those count, and all that it looks at may be seen whole (see
// [Decision.Permits]); all others are refused, the unknown ones too.
//
// Of FHIR it knows the search parameters of R4 for Patient, Observation,
// Condition, Encounter, MedicationRequest, AllergyIntolerance, Immunization,
// Procedure, DiagnosticReport, DocumentReference and Appointment; modifiers
// (name:exact; not ":text", which looks at display texts), chains
// (subject:Patient.name) and _has, of which each link is checked by what the
// caller may see of the type that it leads to, for the same action and purpose;
// _sort; _include and _revinclude, which need the reference and something of the
// type; and _elements. Refused are what looks at everything or counts what is left
// out: _filter, _query, _text, _content, _list, _contained, _summary=count and
// _summary=text, _count=0, and every _total but none. _count, _format and _pretty
// are permitted.
//
// Security labels are in the data, which it does not see. What is searched is
// in the answer, from which the projection takes what is labelled too high, so
// an empty answer tells nothing. A chain and _has look at other resources, that
// are not: they are refused unless the caller may see what they look at under
// the highest labels that the policy speaks of, and wherever the [Scope] covers
// only some of such resources. A policy that speaks of none takes all data for
// normal here. What is left out still shows in how full a page is: a program
// that pages must fill its pages behind the projection, or exclude by _security
// what the caller may not see.
//
// It reads names only: that a value is well-formed, that a search is not too
// dear, whose patients are searched, and what paging links hold, is the
// program's to check. Values that are permitted still let one guess: who may see
// a birth date may search it.
func (d Decision) CheckQuery(q url.Values, query Query) error {
	if d.verdict == nil || d.verdict.code != codeAllowed {
		return &QueryError{Reason: "the decision does not allow it"}
	}
	if len(q) > maxParameters {
		return &QueryError{Reason: "too many parameters"}
	}
	c := querier{decision: &d, query: &query}
	for _, name := range slices.Sorted(maps.Keys(q)) {
		if reason := c.parameter(name, q[name]); reason != "" {
			return &QueryError{Parameter: parameterName(name), Reason: reason}
		}
	}
	return nil
}

// parameterName returns a name up to its first modifier or link, "" if a
// person wrote something else there.
func parameterName(name string) string {
	name, _, _ = strings.Cut(name, ":")
	if !isSegmented(name) {
		return ""
	}
	return name
}

// isSegmented accepts letters, digits, '-', '_' and '.'.
func isSegmented(s string) bool {
	return s != "" && len(s) <= maxParameter && !strings.ContainsFunc(s, func(r rune) bool {
		return r > 0x7f || !isAlphanumeric(byte(r)) && !strings.ContainsRune("._-", r)
	})
}

// querier checks the parameters of one query.
type querier struct {
	decision *Decision
	query    *Query
}

// parameter returns why a parameter is refused, "" if it is not.
func (c *querier) parameter(name string, values []string) string {
	base, modifier, modified := strings.Cut(name, ":")
	if len(name) > maxParameter {
		return "too long"
	}
	switch p, ours := c.query.Parameters[c.own()+"."+name]; {
	case ours && !p.valid():
		return "not known"
	case p.NamesPaths:
		return c.each(values, c.path)
	case p.NoData:
		return ""
	case !c.query.FHIR:
		return c.plain(name)
	}
	switch base {
	case "_count", "_format", "_pretty", "_summary", "_total", "_sort", "_elements":
		if modified {
			return "a modifier that is not known"
		}
	}
	switch base {
	case "_count":
		return c.each(values, func(n string) string {
			if strings.Trim(n, "+-0") == "" {
				return "none is asked for but the count" // as by _summary=count
			}
			return ""
		})
	case "_format", "_pretty":
		return ""
	case "_summary":
		return only(values, "it would count or show what is hidden", "true", "false", "data")
	case "_total":
		return only(values, "it would count what is left out", "none")
	case "_sort":
		return c.each(values, func(key string) string { return c.search(c.own(), strings.TrimPrefix(key, "-"), 0) })
	case "_elements":
		return c.each(values, c.element)
	case "_include", "_revinclude":
		if modified && modifier != "iterate" && modifier != "recurse" {
			return "a modifier that is not known"
		}
		return c.each(values, func(v string) string { return c.include(v, base == "_revinclude") })
	}
	return c.search(c.own(), name, 0)
}

// plain checks a parameter that is no one of FHIR.
func (c *querier) plain(name string) string {
	p, known := c.known(c.own(), name)
	if !known {
		return "not known"
	}
	return c.looksAt(c.own(), p, 0)
}

// path permits the path of something that may be seen whole.
func (c *querier) path(path string) string {
	path = strings.TrimLeft(path, "+- ") // a "+" that is not escaped is a space
	mask := c.mask(c.own())
	if path != "resourceType" && (!isSegmented(path) || !mask.permits(path) || mask.resembles(path)) {
		return "it names what may not be seen whole"
	}
	return ""
}

// resembles reports whether a rule speaks of a path that differs in case only: a
// database may take the one for the other.
func (n *node) resembles(path string) bool {
	for key := range strings.SplitSeq(path, ".") {
		if n == nil {
			return false
		}
		for name := range n.children {
			if name != key && strings.EqualFold(name, key) {
				return true
			}
		}
		n = n.children[key]
	}
	return false
}

func (c *querier) own() string { return c.decision.Resource }

// only refuses every value but some.
func only(values []string, reason string, permitted ...string) string {
	for _, v := range values {
		if !slices.Contains(permitted, v) {
			return reason
		}
	}
	return ""
}

// each checks the parts of values that are lists with commas.
func (c *querier) each(values []string, check func(string) string) string {
	parts := 0
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			if parts++; parts > maxParameters {
				return "too many parts"
			}
			if reason := check(part); reason != "" {
				return reason
			}
		}
	}
	return ""
}

// element permits an element of which something may be seen.
func (c *querier) element(path string) string {
	mask := c.mask(c.own())
	here := place{mask, mask.allow, top}
	for key := range strings.SplitSeq(path, ".") {
		here = here.step(here.node.child([]byte(key)), wordOf([]byte(key)), '{')
		if !here.open && here.node == nil {
			return "it names what may not be seen"
		}
	}
	return ""
}

// include checks an _include or a _revinclude: source:parameter[:target].
func (c *querier) include(v string, reverse bool) string {
	parts := strings.Split(v, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return "not a type and a parameter"
	}
	source, parameter := parts[0], parts[1]
	target := strings.Join(parts[2:], "")
	switch {
	case reverse && target != "" && target != c.own():
		return "it does not lead to the resource that is searched"
	case reverse:
		target = c.own()
	case target != "" && c.mask(target) == nil:
		return "nothing of the type that it leads to may be seen"
	}
	_, reason := c.leads(source, parameter, target, 0)
	return reason
}

// leads checks that a type has a reference by the name of a parameter, which
// may be seen and may lead to target, if that is not "". It returns the types
// that the reference may lead to.
func (c *querier) leads(source, parameter, target string, links int) (targets []string, reason string) {
	p, known := c.known(source, parameter)
	switch {
	case !known || !p.reference:
		return nil, "no reference that is known"
	case target != "" && p.targets != nil && !slices.Contains(p.targets, target):
		return nil, "it does not lead to that type"
	}
	return p.targets, c.looksAt(source, p, links)
}

// has checks what follows _has: type:reference:parameter.
func (c *querier) has(target, rest string, links int) string {
	parts := strings.SplitN(rest, ":", 3)
	if len(parts) != 3 {
		return "not a type, a reference and a parameter"
	}
	source, reference, parameter := parts[0], parts[1], parts[2]
	if _, reason := c.leads(source, reference, target, links+1); reason != "" {
		return reason
	}
	return c.search(source, parameter, links+1)
}

// search checks a parameter of a type with what is chained to it.
func (c *querier) search(resource, name string, links int) string {
	if links > maxLinks {
		return "a chain that is too long"
	}
	base, rest, modified := strings.Cut(name, ":")
	if base == "_has" {
		return c.has(resource, rest, links)
	}
	_, ours := c.query.Parameters[resource+"."+base]
	if link, next, chained := strings.Cut(base, "."); chained && !ours {
		return c.chain(resource, link, "", strings.TrimSuffix(next+":"+rest, ":"), links)
	}
	if target, next, chained := strings.Cut(rest, "."); chained {
		return c.chain(resource, base, target, next, links)
	}
	p, known := c.known(resource, base)
	switch {
	case !known:
		return "not known"
	case modified && rest == "identifier" && p.reference:
		p.paths = []string{strings.TrimSuffix(p.paths[0], "reference") + rest}
	case modified && !isModifier(rest) && !(p.reference && slices.Contains(p.targets, rest)):
		return "a modifier that is not known"
	}
	return c.looksAt(resource, p, links)
}

// isModifier reports whether a modifier looks at nothing but the element.
func isModifier(s string) bool {
	switch s {
	case "exact", "contains", "missing", "not", "above", "below", "in", "not-in", "of-type":
		return true
	}
	return false
}

// chain checks a search by what a reference leads to.
func (c *querier) chain(resource, base, target, next string, links int) string {
	targets, reason := c.leads(resource, base, target, links)
	switch {
	case reason != "":
		return reason
	case target == "" && len(targets) == 1:
		target = targets[0]
	case target == "":
		return "a chain must name the type that it leads to"
	}
	return c.search(target, next, links+1)
}

// looksAt checks that all that a parameter looks at may be seen, also of
// what is labelled if it is some links away: what is searched is in the answer,
// unless it is withheld, but what it leads to tells of itself from there.
func (c *querier) looksAt(resource string, p searchParameter, links int) string {
	mask := c.mask(resource)
	if mask == nil {
		return "nothing of the type that it looks at may be seen"
	}
	if links > 0 {
		if s := c.decision.scope; s != nil && s.scope.Filtered(resource, c.decision.Action) {
			return "only some of the type that it looks at may be seen"
		}
		if mask = c.decision.maskFor([]byte(resource), c.highest()); mask == nil {
			return "what it looks at may be labelled above the ceiling"
		}
	}
	for _, path := range p.paths {
		if path != "resourceType" && !mask.permits(path) {
			return "it looks at " + resource + "." + path + ", which may not be seen whole"
		}
	}
	return ""
}

// highest returns the highest labels that the policy speaks of.
func (c *querier) highest() Labels {
	policy, level := c.decision.engine.policy, levelN
	for _, r := range policy.rules {
		level = max(level, r.ceiling.level)
	}
	return Labels{Confidentiality: levels[level : level+1], Sensitivity: slices.Collect(maps.Keys(policy.labels))}
}

// known returns a search parameter: the program's own, or one of FHIR. One that
// names paths by its value is none that can be chained or sorted by.
func (c *querier) known(resource, name string) (searchParameter, bool) {
	if p, ours := c.query.Parameters[resource+"."+name]; ours {
		return searchParameter{paths: p.Paths}, p.valid() && len(p.Paths) > 0
	}
	if c.query.FHIR {
		return r4Parameter(resource, name)
	}
	return searchParameter{}, false
}

// mask returns what may be seen of a type, nil if nothing.
func (c *querier) mask(resource string) *node {
	if resource == c.own() {
		return c.decision.verdict.mask
	}
	return c.decision.maskFor([]byte(resource), Labels{})
}
