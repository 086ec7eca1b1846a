package coverage

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

func (e *entry) binding() string {
	switch {
	case e.Level == crosswalk.Standard && e.Alone:
		return "standard without implementation specifications, required"
	case e.Level == crosswalk.Standard:
		return "standard, binds through its specifications and 164.306(c)"
	case e.Level == crosswalk.Specification:
		return e.Designation.String() + " implementation specification"
	}
	return e.Rule.String()
}

// dutyWord is the short form for the overview.
func (e *entry) dutyWord() string {
	switch {
	case !e.Duty.Code:
		return "organisation"
	case e.bySDK():
		return "SDK in part, service, organisation"
	}
	return "service, organisation"
}

func (e *entry) sdkWords() string {
	if e.bySDK() {
		return "What the SDK's tagged code does, where the service uses it."
	}
	return "Nothing: none of its code is tagged here."
}

func (e *entry) organisationWords() string {
	if !e.Duty.Code && e.Tagged() {
		return e.Duty.Organisation + " The tagged code gives input for that and does not discharge it."
	}
	return e.Duty.Organisation
}

func (e *entry) taggedWords() string {
	if !e.Tagged() {
		return "no"
	}
	s := fmt.Sprintf("%d with a line of their own, %d inherited", e.Own, e.Inherited)
	if len(e.Code) > 0 {
		s += ". API: " + grouped(names(e.Code))
		s += called(e.Code)
	}
	if len(e.Inside) > 0 {
		s += ". Internal: " + grouped(names(e.Inside))
	}
	return s
}

func (e *entry) testedWords() string {
	if len(e.Tests) == 0 {
		return "no"
	}
	var passed, other []symbol
	for _, t := range e.Tests {
		if t.Passed {
			passed = append(passed, symbol{t.Package, t.Name})
		} else {
			other = append(other, symbol{t.Package, t.Name})
		}
	}
	switch {
	case !e.run:
		return "exists, run not known: " + grouped(other)
	case len(passed) == 0:
		return "exists, none passed in the given run: " + grouped(other)
	case len(other) == 0:
		return "passed: " + grouped(passed)
	}
	return "passed: " + grouped(passed) + ". Not passed in the given run: " + grouped(other)
}

// called says where the code calls the API, if that is known.
func called(apis []API) string {
	var s strings.Builder
	for _, a := range apis {
		if len(a.Sites) > 0 {
			s.WriteString(orElse(sep(&s, "; "), ". Called: ") + a.label() + " at " + strings.Join(a.Sites, ", "))
		}
	}
	return s.String()
}

type symbol struct{ pkg, name string }

func names(apis []API) []symbol {
	list := make([]symbol, len(apis))
	for i, a := range apis {
		list[i] = symbol{a.Package, a.Symbol}
	}
	return list
}

// grouped writes "pkg: A, B; other/pkg", packages once and in order.
func grouped(list []symbol) string {
	var s strings.Builder
	last := ""
	for _, sym := range list {
		switch {
		case sym.pkg != last && sym.name == "":
			s.WriteString(sep(&s, "; ") + shortPackage(sym.pkg) + " (package)")
		case sym.pkg != last:
			s.WriteString(sep(&s, "; ") + shortPackage(sym.pkg) + ": " + sym.name)
		default:
			s.WriteString(", " + sym.name)
		}
		last = sym.pkg
	}
	return s.String()
}

// label is the short name of an API with its package.
func (a API) label() string {
	return shortPackage(a.Package) + "." + a.Symbol
}

func sep(s *strings.Builder, sep string) string {
	if s.Len() == 0 {
		return ""
	}
	return sep
}

func shortPackage(p string) string {
	if p == library {
		return path.Base(p)
	}
	return strings.TrimPrefix(p, library+"/")
}

func refs(pairs []crosswalk.Pair) string {
	list := make([]string, len(pairs))
	for i, p := range pairs {
		list[i] = p.Ref
		if via := p.Via(); len(via) > 0 {
			list[i] += " (via " + strings.Join(via, ", ") + ")"
		}
	}
	return strings.Join(list, ", ")
}

func observe(o safeguard.Observation) observation {
	out := observation{Component: o.Component, Statement: o.Statement}
	if len(o.Unenforced) > 0 {
		out.Values = append(out.Values, fact{"unenforced", strings.Join(o.Unenforced, ", ")})
	}
	for _, k := range slices.Sorted(maps.Keys(o.Settings)) {
		out.Values = append(out.Values, fact{k, o.Settings[k]})
	}
	for _, k := range slices.Sorted(maps.Keys(o.Counters)) {
		out.Values = append(out.Values, fact{k, fmt.Sprint(o.Counters[k])})
	}
	if !o.Since.IsZero() {
		out.Values = append(out.Values, fact{"counted since", o.Since.UTC().Format(time.RFC3339)})
	}
	return out
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// anchor makes an HTML id that keeps the case which tells ids apart.
func anchor(s string) string {
	mapped := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.':
			return r
		case r == '(', r == ' ':
			return '-'
		}
		return -1
	}, s)
	return "c-" + mapped
}
