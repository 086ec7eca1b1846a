package smart

import (
	"slices"
	"strings"
)

// Scopes are what a scope parameter holds. Several scopes add up: what one of
// them covers is covered. It is a value and safe for concurrent use; the zero
// value covers nothing.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Scopes struct {
	grants []Grant  // merged
	names  []string // of other scopes, sorted
}

func (s *Scopes) settle() {
	s.grants = merge(s.grants)
	slices.Sort(s.names)
	s.names = slices.Compact(s.names)
}

// Grants returns the resource scopes, in order and in the shortest form:
// scopes that are about the same have become one.
func (s Scopes) Grants() []Grant {
	grants := slices.Clone(s.grants)
	for i := range grants {
		grants[i].Filters = slices.Clone(grants[i].Filters)
	}
	return grants
}

// Has reports whether a scope that is not about resources was granted, for
// instance "openid", "fhirUser", "offline_access", "online_access" or
// "launch/patient". None of these stands for another.
func (s Scopes) Has(name string) bool {
	_, found := slices.BinarySearch(s.names, name)
	return found
}

// Launch returns the launch scopes: "launch", "launch/patient" and so on.
func (s Scopes) Launch() []string { return s.filter(isLaunch) }

// Others returns the scopes that SMART does not know. They grant nothing here.
func (s Scopes) Others() []string {
	return s.filter(func(name string) bool { return !isLaunch(name) && !isKnown(name) })
}

func (s Scopes) filter(keep func(string) bool) []string {
	var names []string
	for _, name := range s.names {
		if keep(name) {
			names = append(names, name)
		}
	}
	return names
}

func isLaunch(name string) bool { return name == "launch" || strings.HasPrefix(name, "launch/") }

func isKnown(name string) bool {
	switch name {
	case "openid", "fhirUser", "profile", "offline_access", "online_access":
		return true
	}
	return false
}

// Union returns the scopes of both.
func (s Scopes) Union(other Scopes) Scopes {
	u := Scopes{grants: slices.Concat(s.grants, other.grants), names: slices.Concat(s.names, other.names)}
	u.settle()
	return u
}

// String returns the scopes as a scope parameter of version 2, in one spelling
// for all parameters that mean the same. Parse reads it back.
func (s Scopes) String() string {
	tokens := make([]string, 0, len(s.grants)+len(s.names))
	for _, g := range s.grants {
		tokens = append(tokens, g.String())
	}
	return strings.Join(append(tokens, s.names...), " ")
}
