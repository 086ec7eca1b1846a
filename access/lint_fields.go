package access

import (
	"slices"
	"strings"
)

// fieldPaths looks at the lists of fields in categories and rules.
func (l *linter) fieldPaths() {
	for _, c := range l.doc.categories {
		l.covered(c.items, "L21", "category "+c.text)
	}
	for _, r := range l.doc.rules {
		l.covered(l.written(r), "L42", r.where())
		if !r.deny {
			l.leakPaths(r)
			l.showsNothing(r)
		}
	}
}

// showsNothing reports a rule whose answers are empty. What writes and deletes
// needs no field.
func (l *linter) showsNothing(r *lintRule) {
	if !r.all && len(r.fields) == 0 && (hasAction(r, "read") || hasAction(r, "search")) {
		l.report("L43", r.id.at, r.where(), "lists no field, so whoever reads sees nothing and still learns that there is a record")
	}
}

// covered reports each path of a list that another one of it includes. A place
// where FHIR repeats other data is only included by name.
func (l *linter) covered(list []spot, id, where string) {
	written := map[string]int{} // how often
	for _, f := range list {
		written[f.text]++
	}
	done := map[string]bool{}
	for _, f := range list {
		if done[f.text] {
			continue
		}
		done[f.text] = true
		if written[f.text] > 1 {
			l.report(id, f.at, where, "lists %s twice", f.text)
			continue
		}
		if parent := l.includedBy(f.text, written); parent != "" {
			l.report(id, f.at, where, "lists %s, which %s includes", f.text, parent)
		}
	}
}

func (l *linter) includedBy(path string, written map[string]int) string {
	for at := len(path); ; {
		at = strings.LastIndexByte(path[:at], '.')
		if at < 0 || repeats(keyBehind(path, at), strings.Contains(path[:at], ".")) {
			return ""
		}
		if written[path[:at]] > 0 {
			return path[:at]
		}
	}
}

// keyBehind returns the key of a path that begins behind a dot.
func keyBehind(path string, dot int) string {
	key, _, _ := strings.Cut(path[dot+1:], ".")
	return key
}

// leakPaths reports a listed place that repeats data of other fields, or holds
// whole other resources, where the reason does not speak of it.
func (l *linter) leakPaths(r *lintRule) {
	said := plainText(r.because.text + " " + r.justification.text)
	for _, f := range l.written(r) {
		_, keys, _ := strings.Cut(f.text, ".")
		parent := ""
		for i, key := range strings.Split(keys, ".") {
			words, what := leakWords(key, parent, i == 0)
			parent = key
			if words == nil || slices.ContainsFunc(words, func(w string) bool { return strings.Contains(said, w) }) {
				continue
			}
			l.report("L40", f.at, r.where(), "lists %s: %s; say in the reason that this is meant", f.text, what)
			break
		}
	}
}

// leakWords returns how a reason may speak of such a place, nil for any other.
func leakWords(key, parent string, top bool) (words []string, what string) {
	switch {
	case !byNameOnly(key, parent, top):
	case key == "text", key == "div":
		return []string{"text", "narrative", "prose"}, "the narrative tells the whole resource in prose"
	case key == "contained":
		return []string{"contained"}, "contained holds whole other resources"
	case key == "extension", key == "modifierExtension":
		return []string{"extension"}, "an extension may hold anything"
	case key == "display":
		return []string{"display", "label"}, "a display repeats a name of something else"
	case strings.HasPrefix(key, "_"):
		return []string{key, "sibling", "extension", "absent"}, "the sibling of a primitive holds extensions"
	}
	return nil, ""
}
