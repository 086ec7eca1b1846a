package smart

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// ErrScope reports a scope parameter that SMART App Launch does not allow, or
// leaves to choose and is refused here. Its text says which of the scopes, by
// its number, and not what is in it.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
var ErrScope = errors.New("smart: scope: not usable")

const (
	maxScope   = 32 << 10 // bytes of a scope parameter
	maxScopes  = 512
	maxFilters = 16 // of one scope
	maxName    = 64 // bytes of a resource type or a search parameter
	maxValue   = 1024
)

// Parse reads a scope parameter, the scopes in it separated by spaces. It
// returns an error that unwraps to [ErrScope] if one that begins like a resource
// scope or a launch scope is not one, or if there are more than 512 or 32 KiB.
// Scopes that SMART does not know are kept in [Scopes.Others] and grant nothing.
// The empty string is no scopes.
//
// Scopes of version 1 are taken for their equivalents: .read for .rs, .write
// for .cud, .* for .cruds.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func Parse(scope string) (Scopes, error) {
	if len(scope) > maxScope {
		return Scopes{}, fmt.Errorf("%w: longer than %d bytes", ErrScope, maxScope)
	}
	var s Scopes
	number := 0
	for token := range strings.SplitSeq(scope, " ") {
		if token == "" {
			continue
		}
		number++
		if number > maxScopes {
			return Scopes{}, fmt.Errorf("%w: more than %d scopes", ErrScope, maxScopes)
		}
		if fault := s.add(token); fault != "" {
			return Scopes{}, fmt.Errorf("%w: scope %d: %s", ErrScope, number, fault)
		}
	}
	s.settle()
	return s, nil
}

// add adds one scope, or says what is wrong with it.
func (s *Scopes) add(token string) (fault string) {
	for i := range len(token) {
		if !isTokenByte(token[i]) {
			return "has a character that RFC 6749 does not allow"
		}
	}
	kind, rest, _ := strings.Cut(token, "/")
	for _, level := range []Level{PatientLevel, UserLevel, SystemLevel} {
		if kind == level.String() && kind != token {
			g, fault := parseGrant(level, rest)
			s.grants = append(s.grants, g)
			return fault
		}
	}
	if kind == "launch" && kind != token {
		if fault := launchFault(rest); fault != "" {
			return fault
		}
	}
	s.names = append(s.names, token)
	return ""
}

// launchFault says what is wrong with a launch scope behind its slash: a
// resource type in lower case, and perhaps a role.
func launchFault(s string) string {
	name, role, hasRole := strings.Cut(s, "?role=")
	switch {
	case !isName(name, unicode.IsLower) || strings.ToLower(name) != name:
		return "a launch context is not a resource type in lower case"
	case hasRole && role == "":
		return "the role of a launch context is empty"
	}
	return ""
}

// parseGrant reads a resource scope behind its level.
func parseGrant(level Level, s string) (g Grant, fault string) {
	g.Level = level
	s, query, filtered := strings.Cut(s, "?")
	name, suffix, ok := strings.Cut(s, ".")
	switch {
	case !ok:
		return g, "has no permissions"
	case name != "*" && !isType(name):
		return g, "is about no resource type"
	}
	g.Resource = name
	if p := version1(suffix); p != 0 {
		if filtered {
			return g, "version 1 has no search parameters"
		}
		g.Permissions = p
		return g, ""
	}
	if g.Permissions, ok = parsePermissions(suffix); !ok {
		return g, "its permissions are no part of cruds, in this order"
	}
	if filtered {
		g.Filters, fault = parseFilters(query)
	}
	return g, fault
}

// isType reports whether s looks like a resource type.
func isType(s string) bool { return isName(s, unicode.IsUpper) }

// isName reports whether s has letters only, the first of which is as first
// says.
func isName(s string, first func(rune) bool) bool {
	if s == "" || len(s) > maxName || !first(rune(s[0])) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return r >= utf8.RuneSelf || !unicode.IsLetter(r) })
}

// version1 returns what a suffix of version 1 means, 0 if it is none.
func version1(suffix string) Permissions {
	switch suffix {
	case "read":
		return Read | Search
	case "write":
		return Create | Update | Delete
	case "*":
		return Create | Read | Update | Delete | Search
	}
	return 0
}

func parsePermissions(s string) (p Permissions, ok bool) {
	next := 0
	for i := range len(s) {
		at := strings.IndexByte(letters, s[i])
		if at < next {
			return 0, false
		}
		p |= 1 << at
		next = at + 1
	}
	return p, p != 0
}

func parseFilters(query string) ([]Filter, string) {
	var filters []Filter
	for pair := range strings.SplitSeq(query, "&") {
		if len(filters) == maxFilters {
			return nil, "has too many search parameters"
		}
		name, raw, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(raw)
		switch {
		case !ok || err != nil:
			return nil, "a search parameter is not param=value"
		case strings.ContainsAny(name, ":."):
			return nil, "a search parameter with a modifier or a chain is experimental"
		case name == "_filter":
			return nil, "_filter is experimental"
		case !isParam(name):
			return nil, "a search parameter has no proper name"
		case !isValue(value):
			return nil, "the value of a search parameter is empty, too long or not plain text"
		}
		filters = append(filters, Filter{name, value})
	}
	slices.SortFunc(filters, compareFilters)
	return slices.Compact(filters), ""
}

func isParam(s string) bool {
	if s == "" || len(s) > maxName {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r >= utf8.RuneSelf || !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '-' && r != '_'
	})
}

// isValue reports whether s may stand in a filter. A backslash is how FHIR
// escapes; codes need none.
func isValue(s string) bool {
	return s != "" && len(s) <= maxValue && utf8.ValidString(s) &&
		!strings.ContainsFunc(s, func(r rune) bool { return r == '\\' || r == utf8.RuneError || !unicode.IsPrint(r) })
}
