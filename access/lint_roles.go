package access

import "slices"

// maxChain is the longest inheritance that a reader can follow.
const maxChain = 5

// roleShape looks at how roles are built of others.
func (l *linter) roleShape() {
	index := map[string]int{}
	for i, r := range l.doc.roles {
		index[r.text] = i
	}
	n := len(l.doc.roles)
	chain, above, holds := make([]int, n), make([]roleSet, n), make([]bool, n)
	var visit func(i int)
	visit = func(i int) {
		if chain[i] > 0 {
			return
		}
		role := l.doc.roles[i]
		chain[i], holds[i] = 1, len(role.rules) > 0
		for _, name := range role.inherits {
			parent := index[name.text]
			visit(parent)
			chain[i] = max(chain[i], chain[parent]+1)
			holds[i] = holds[i] || holds[parent]
			above[i].add(parent)
			above[i].join(&above[parent])
		}
	}
	for i := range l.doc.roles {
		visit(i)
	}
	for i, role := range l.doc.roles {
		where := "role " + role.text
		switch {
		case !holds[i]:
			l.report("L10", role.at, where, "has no rules, by itself or by inheritance; its holders may do nothing")
		case len(role.rules) == 0 && len(role.inherits) == 1:
			l.report("L14", role.at, where, "is role %s under another name", role.inherits[0].text)
		}
		if chain[i] > maxChain && !slices.ContainsFunc(role.inherits, func(p spot) bool { return chain[index[p.text]] > maxChain }) {
			l.report("L12", role.at, where, "inherits through %d roles; who holds it can hardly be reviewed", chain[i]-1)
		}
		l.twice(role, index, above)
		l.everything(role, above[i], index)
	}
}

// manyRoles is how many roles somebody needs to inherit before it is a collection.
const manyRoles = 4

// everything reports a role that inherits most of the others that have rules.
func (l *linter) everything(role lintRole, above roleSet, index map[string]int) {
	held, all := 0, 0
	for _, other := range l.doc.roles {
		switch {
		case len(other.rules) == 0:
		case above.has(index[other.text]):
			held++
			all++
		default:
			all++
		}
	}
	if held >= manyRoles && 2*held > all {
		l.report("L18", role.at, "role "+role.text, "inherits %d of the %d roles that have rules; who needs them all at once? (164.308(a)(4))", held, all)
	}
}

// twice reports a parent that another parent inherits already.
func (l *linter) twice(role lintRole, index map[string]int, above []roleSet) {
	for _, p := range role.inherits {
		for _, other := range role.inherits {
			if above[index[other.text]].has(index[p.text]) {
				l.report("L13", p.at, "role "+role.text, "inherits %s already through %s", p.text, other.text)
			}
		}
	}
}

// unused looks for what is declared and counts for nothing.
func (l *linter) unused() {
	used := map[string]bool{} // categories, labels, "Resource action"
	touched := map[string]bool{}
	for _, r := range l.doc.rules {
		touched[r.resource.text] = true
		for _, f := range r.fields {
			used[f.text] = true
		}
		for _, code := range r.sensitivity {
			used["label "+code.text] = true
		}
		for _, a := range r.actions {
			used[r.resource.text+" "+a.text] = used[r.resource.text+" "+a.text] || !r.deny
		}
	}
	for _, c := range l.doc.consent {
		for _, code := range c.labels {
			used["label "+code.text] = true
		}
	}
	for _, c := range l.doc.categories {
		if !used[c.text] {
			l.report("L20", c.at, "category "+c.text, "no rule uses it")
		}
	}
	for _, code := range l.doc.labels {
		if !used["label "+code.text] {
			l.report("L22", code.at, "label "+code.text, "no rule takes it in and no consent asks for it: data that bears it is out of reach")
		}
	}
	for _, r := range l.doc.resources {
		if !touched[r.text] {
			l.report("L24", r.at, "resource "+r.text, "no rule is about it")
			continue
		}
		for _, a := range r.items {
			if !used[r.text+" "+a.text] {
				l.report("L23", a.at, "resource "+r.text, "no rule allows the action %s", a.text)
			}
		}
	}
}
