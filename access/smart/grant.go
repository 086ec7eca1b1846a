package smart

import (
	"cmp"
	"slices"
	"strings"
)

// A Level says whose data a resource scope is about.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Level uint8

// The levels of SMART. The zero value is none of them.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
const (
	// PatientLevel is data about the patient of the launch.
	PatientLevel Level = iota + 1
	// UserLevel is data that the user can access.
	UserLevel
	// SystemLevel is data that a service can access, with no user in the loop.
	SystemLevel
)

// String returns "patient", "user", "system" or "unknown".
func (l Level) String() string {
	switch l {
	case PatientLevel:
		return "patient"
	case UserLevel:
		return "user"
	case SystemLevel:
		return "system"
	}
	return "unknown"
}

// Permissions are a set of the five things that a scope lets do.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Permissions uint8

// The permissions of SMART, in their order.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
const (
	// Create is the interaction create.
	Create Permissions = 1 << iota
	// Read is read, vread and the history of an instance.
	Read
	// Update is update, also where that creates, and patch.
	Update
	// Delete is the interaction delete.
	Delete
	// Search is a search, and the history of a type or of the system.
	Search
)

const letters = "cruds"

// String returns the letters of p, a part of "cruds".
func (p Permissions) String() string {
	var s []byte
	for i := range len(letters) {
		if p>>i&1 != 0 {
			s = append(s, letters[i])
		}
	}
	return string(s)
}

// A Filter is one search parameter that a resource must meet.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Filter struct {
	// Param is the name of the search parameter.
	Param string
	// Value is what it must have: a code, or system|code, or several of
	// these with commas, of which one suffices.
	Value string
}

// A Grant is one resource scope: what may be done with which resources.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Grant struct {
	Level Level
	// Resource is a FHIR resource type, or "*" for all there are now and will
	// be.
	Resource    string
	Permissions Permissions
	// Filters must all be met.
	Filters []Filter
}

// String returns g in the form of version 2, for instance
// "patient/Observation.rs?category=laboratory".
func (g Grant) String() string {
	var s strings.Builder
	s.WriteString(g.Level.String() + "/" + g.Resource + "." + g.Permissions.String())
	for i, f := range g.Filters {
		s.WriteByte("?&"[min(i, 1)])
		s.WriteString(f.Param + "=" + escape(f.Value))
	}
	return s.String()
}

// escape writes what a scope token cannot hold, or a query means otherwise, in
// percent signs.
func escape(value string) string {
	const hex = "0123456789ABCDEF"
	var s strings.Builder
	for i := range len(value) {
		c := value[i]
		if isTokenByte(c) && c != '%' && c != '&' {
			s.WriteByte(c)
			continue
		}
		s.Write([]byte{'%', hex[c>>4], hex[c&15]})
	}
	return s.String()
}

// isTokenByte reports whether RFC 6749, section 3.3, allows c in a scope.
func isTokenByte(c byte) bool { return c > ' ' && c < 0x7f && c != '"' && c != '\\' }

// compare orders grants by what they are about; grants that differ in their
// permissions alone are the same.
func compare(a, b Grant) int {
	return cmp.Or(
		cmp.Compare(a.Level, b.Level),
		cmp.Compare(a.Resource, b.Resource),
		slices.CompareFunc(a.Filters, b.Filters, compareFilters),
	)
}

func compareFilters(a, b Filter) int {
	return cmp.Or(cmp.Compare(a.Param, b.Param), cmp.Compare(a.Value, b.Value))
}

// merge returns grants in their shortest form: in order, and each about
// something else.
func merge(grants []Grant) []Grant {
	slices.SortFunc(grants, compare)
	merged := grants[:0]
	for _, g := range grants {
		if last := len(merged) - 1; last >= 0 && compare(merged[last], g) == 0 {
			merged[last].Permissions |= g.Permissions
			continue
		}
		merged = append(merged, g)
	}
	return slices.Clip(merged)
}
