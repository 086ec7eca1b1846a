package oscal

import "strings"

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
		return []string{"satisfied", "not-satisfied", "implemented", "partial", "planned", "alternative", "not-applicable"}, true
	}
	return nil, false
}

// listed reports whether a place holds one of OSCAL's words and not a value of
// somebody's own.
func (c *checker) listed(path string) bool { return !strings.Contains(path, "props[") }

// propertyNames are the names of OSCAL's own namespace that documents here may
// use.
func propertyNames() []string {
	return []string{"label", "sort-id", "version", "alt-identifier", "keywords", "marking", "status"}
}
