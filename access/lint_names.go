package access

import (
	"slices"
	"strings"
)

// nameLikeness finds names that are so alike that one is likely a slip. A
// resource, a role or a field that was not declared is refused by the parser;
// a condition, a relationship or an obligation is declared by its use, so that
// a slip makes a new one.
func (l *linter) nameLikeness() {
	d := l.doc
	labels := slices.Clone(d.labels)
	for _, t := range l.policy.tests {
		for _, code := range t.labels.Sensitivity {
			labels = append(labels, spot{code, t.at}) // which the parser does not refuse
		}
	}
	named := func(groups []lintGroup) (list []spot) {
		for _, g := range groups {
			list = append(list, g.spot)
		}
		return list
	}
	var roles, actions, relations, conditions, obligations []spot
	for _, r := range d.roles {
		roles = append(roles, r.spot)
	}
	for _, r := range d.resources {
		actions = append(actions, r.items...)
	}
	for _, r := range d.rules {
		relations = append(relations, r.relationship...)
		conditions = append(conditions, r.conditions...)
		obligations = append(obligations, r.obligations...)
	}
	for _, kind := range []struct {
		what  string
		names []spot
	}{
		{"role", roles}, {"resource", named(d.resources)}, {"category", named(d.categories)}, {"action", actions}, {"label", labels},
		{"relationship", relations}, {"condition", conditions}, {"obligation", obligations},
	} {
		l.alike(kind.what, kind.names, "L90")
	}
	l.alikePaths()
	l.organisations()
}

// alikePaths compares the fields of each resource, level by level.
func (l *linter) alikePaths() {
	levels := map[string][]spot{}
	var order []string
	add := func(f spot) {
		for at := strings.IndexByte(f.text, '.'); at >= 0; {
			parent, rest := f.text[:at], f.text[at+1:]
			key, _, _ := strings.Cut(rest, ".")
			if levels[parent] == nil {
				order = append(order, parent)
			}
			levels[parent] = append(levels[parent], spot{key, f.at})
			next := strings.IndexByte(rest, '.')
			if next < 0 {
				return
			}
			at += 1 + next
		}
	}
	for _, c := range l.doc.categories {
		for _, f := range c.items {
			add(f)
		}
	}
	for _, r := range l.doc.rules {
		for _, f := range r.fields {
			add(f)
		}
	}
	for _, parent := range order {
		l.alike("field of "+parent, levels[parent], "L92")
	}
}

// alike reports each name that nearly is one that came before it.
func (l *linter) alike(what string, names []spot, id string) {
	var seen []spot
	known := map[string]bool{}
	for _, name := range names {
		if known[name.text] {
			continue
		}
		known[name.text] = true
		for _, other := range seen {
			if !l.spend(1) {
				return
			}
			switch {
			case strings.EqualFold(name.text, other.text):
				l.report("L91", name.at, what+" "+quote(name.text), "differs from %s in case alone; names are compared exactly", quote(other.text))
			case slip(name.text, other.text):
				l.report(id, name.at, what+" "+quote(name.text), "is nearly %s; is one of them a slip?", quote(other.text))
			}
		}
		seen = append(seen, name)
	}
}

// slip reports whether two names of at least four letters differ by one letter
// changed, added, left out or swapped with its neighbour. A plural and another
// digit are no slips.
func slip(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(a) < 4 || len(b)-len(a) > 1 || b == a+"s" {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) < len(b) {
		return a[i:] == b[i+1:] && !isDigit(b[i])
	}
	if a[i+1:] == b[i+1:] {
		return !isDigit(a[i]) && !isDigit(b[i])
	}
	return i+1 < len(a) && a[i] == b[i+1] && a[i+1] == b[i] && a[i+2:] == b[i+2:]
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// organisations notes rules about where somebody works in a policy that does
// not ask for the tenant.
func (l *linter) organisations() {
	if l.doc.tenant {
		return
	}
	for _, r := range l.doc.rules {
		for _, name := range append(append([]spot(nil), r.relationship...), r.conditions...) {
			lower := strings.ToLower(name.text)
			for _, word := range []string{"tenant", "organisation", "organization", "facility"} {
				if strings.Contains(lower, word) {
					l.report("L93", name.at, r.where(), `%s speaks of organisations; "tenant": "required" would keep them apart for every rule`, quote(name.text))
				}
			}
		}
	}
}
