package oscal

import (
	"regexp"
	"slices"
)

var (
	uuidForm  = regexp.MustCompile(`^[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[45][0-9A-Fa-f]{3}-[89ABab][0-9A-Fa-f]{3}-[0-9A-Fa-f]{12}$`)
	tokenForm = regexp.MustCompile(`^(\p{L}|_)(\p{L}|\p{N}|[.\-_])*$`)
	timeForm  = regexp.MustCompile(`^(19|2[0-9])[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+\-][0-9]{2}:[0-9]{2})$`)
)

// word checks one string by the field that it stands in.
func (c *checker) word(n *node) {
	if known, ok := words(n.field); ok && !slices.Contains(known, n.text) {
		c.report(n, "not one of OSCAL's words: "+show(n.text))
	}
	switch n.field {
	case "uuid":
		c.form(n, uuidForm, "not a UUID of version 4 or 5")
	case "id", "class", "role-id", "control-id", "target-id":
		if !n.within("system-id") && !n.within("external-ids") && !n.within("threat-ids") {
			c.form(n, tokenForm, "not a token")
		}
	case "name":
		if !n.within("parties") {
			c.form(n, tokenForm, "not a token")
		}
	case "last-modified", "published", "start", "end", "collected", "expires", "deadline", "date":
		c.form(n, timeForm, "not a time with a zone")
	}
	c.reference(n)
}

func (c *checker) form(n *node, form *regexp.Regexp, text string) {
	if !form.MatchString(n.text) {
		c.report(n, text)
	}
}

// words returns OSCAL's list for a field, where this package's documents use
// one that a JSON schema leaves open or closed.
func words(field string) ([]string, bool) {
	switch field {
	case "relationship":
		return []string{"equivalent-to", "equal-to", "subset-of", "superset-of", "intersects-with", "no-relationship"}, true
	case "method":
		return []string{"human", "automation", "hybrid"}, true
	case "matching-rationale":
		return []string{"syntactic", "semantic", "functional"}, true
	case "methods":
		return []string{"EXAMINE", "INTERVIEW", "TEST", "UNKNOWN"}, true
	case "lifecycle":
		return []string{"recommendation", "planned", "completed"}, true
	case "status":
		return []string{
			"complete", "not-complete", "draft", "deprecated", "superseded",
			"open", "investigating", "remediating", "deviation-requested", "deviation-approved", "closed",
		}, true
	case "state":
		return []string{
			"satisfied", "not-satisfied", "implemented", "partial", "planned", "alternative", "not-applicable",
			"under-development", "operational", "disposition", "other",
		}, true
	}
	return nil, false
}

// propertyNames are the names of OSCAL's own namespace that documents here may
// use.
func propertyNames() []string {
	return []string{
		"label", "sort-id", "version", "alt-identifier", "keywords", "marking", "status",
		"implementation-level", "contributes-to-assurance", "resolution-tool", "source-profile-uuid", "type",
	}
}
