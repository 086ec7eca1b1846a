package access

import (
	"slices"
	"strings"
)

// reach looks for rules that never count. It compares the rules about one
// resource, two at a time.
func (l *linter) reach() {
	byResource := map[*resource][]*rule{}
	for _, r := range l.policy.rules {
		byResource[r.resource] = append(byResource[r.resource], r)
	}
	for _, res := range l.doc.resources {
		rules := byResource[l.policy.resources[res.text]]
		for i, r := range rules {
			if r.deny {
				l.denial(r, i, rules)
				continue
			}
			if !l.overridden(r, rules) {
				l.superfluous(r, i, rules)
				l.takenAway(r, rules)
			}
		}
	}
}

// overridden reports an allow rule of which deny rules of all its holders take
// everything, or the purposes and actions that they take.
func (l *linter) overridden(r *rule, rules []*rule) bool {
	type pair struct {
		action string
		bit    uint32
	}
	dead := map[pair]string{}
	var by []string
	for _, d := range rules {
		if !l.spend(1) {
			return false
		}
		if !d.deny || !d.whole || d.purposes&r.purposes == 0 || !r.holders.within(&d.holders) {
			continue
		}
		for _, action := range r.actions {
			if !slices.Contains(d.actions, action) {
				continue
			}
			for _, p := range purposes() {
				if bit := purposeBit(p); bit&r.purposes&d.purposes != 0 {
					dead[pair{action, bit}] = d.id
				}
			}
			by = append(by, d.id)
		}
	}
	if len(dead) == 0 {
		return false
	}
	slices.Sort(by)
	deniers := strings.Join(slices.Compact(by), ", ")
	if len(dead) == len(r.actions)*len(purposeNames(r.purposes)) {
		l.report("L01", r.at, "rule "+r.id, "never allows anything: %s denies it", deniers)
		return true
	}
	l.report("L06", r.at, "rule "+r.id, "some of its actions or purposes are always denied by %s", deniers)
	return false
}

// superfluous reports an allow rule that gives no more than another one.
func (l *linter) superfluous(r *rule, i int, rules []*rule) {
	for j, other := range rules {
		if !l.spend(1) {
			return
		}
		if j == i || other.deny || other.purposes&r.purposes != r.purposes || !r.holders.within(&other.holders) || !l.spend(costOfPaths) {
			continue
		}
		there, back := l.gives(other, r), r.holders == other.holders && l.gives(r, other)
		switch {
		case there && back && j < i:
			l.report("L05", r.at, "rule "+r.id, "is rule %s again", other.id)
			return
		case there && !back:
			l.report("L02", r.at, "rule "+r.id, "gives nothing that rule %s does not give", other.id)
			return
		}
	}
}

// gives reports whether a gives all that b does, wherever b holds. Both have
// the resource; a has the holders of b.
func (l *linter) gives(a, b *rule) bool {
	if a.purposes&b.purposes != b.purposes || !subset(b.actions, a.actions) || !subset(b.obligations, a.obligations) || !subset(a.obligations, b.obligations) {
		return false
	}
	if a.exempt != b.exempt || !l.words.requires(a).weaker(l.words.requires(b)) {
		return false
	}
	return (a.whole || !b.whole) && l.policy.includes(a, b)
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// includes reports whether a's paths include those of b.
func (p *Policy) includes(a, b *rule) bool {
	mask := p.mask(a.resource, []*rule{a}, nil)
	return !slices.ContainsFunc(b.paths, func(id int) bool { return !mask.shows(p.paths[id]) })
}

// shows reports whether a mask without denials shows a path for certain.
func (n *node) shows(path string) bool {
	open, inner := n.allow, false
	_, keys, _ := strings.Cut(path, ".")
	for key := range strings.SplitSeq(keys, ".") {
		if n != nil {
			n = n.children[key]
		}
		switch {
		case n != nil && n.allow:
			open = true
		case repeats(key, inner):
			open = false
		}
		inner = true
	}
	return open
}

// denial reports a deny rule that takes nothing away, or nothing that another
// does not take.
func (l *linter) denial(d *rule, i int, rules []*rule) {
	hits := false
	for j, other := range rules {
		if !l.spend(1) {
			return
		}
		if j == i || other.purposes&d.purposes == 0 || (!other.deny || d.holders.within(&other.holders)) && !l.spend(costOfPaths) {
			continue
		}
		if !other.deny {
			hits = hits || d.whole && meets(d.actions, other.actions) || !d.whole && meets(d.actions, other.actions) && l.policy.touches(d, other)
			continue
		}
		if !d.holders.within(&other.holders) || !l.policy.denies(other, d) {
			continue
		}
		same := d.holders == other.holders && l.policy.denies(d, other)
		switch {
		case same && j < i:
			l.report("L05", d.at, "rule "+d.id, "is rule %s again", other.id)
			return
		case !same:
			l.report("L04", d.at, "rule "+d.id, "takes nothing away that rule %s does not take", other.id)
			return
		}
	}
	if !hits {
		l.report("L03", d.at, "rule "+d.id, "no allow rule gives what it takes away")
	}
}

func meets(a, b []string) bool {
	return slices.ContainsFunc(a, func(s string) bool { return slices.Contains(b, s) })
}

// denies reports whether a denies all that b denies, to the same holders.
func (p *Policy) denies(a, b *rule) bool {
	if b.purposes&^a.purposes != 0 || !subset(b.actions, a.actions) || b.whole && !a.whole {
		return false
	}
	return a.whole || !slices.ContainsFunc(b.paths, func(id int) bool {
		return !slices.ContainsFunc(a.paths, func(other int) bool { return under(p.paths[id], p.paths[other]) })
	})
}

// under reports whether a path is the other one or below it.
func under(path, other string) bool {
	return path == other || strings.HasPrefix(path, other) && path[len(other)] == '.'
}

// touches reports whether a deny rule takes anything from what an allow rule
// gives.
func (p *Policy) touches(d, a *rule) bool {
	return slices.ContainsFunc(d.paths, func(id int) bool { return p.reaches(a, p.paths[id]) })
}

// reaches reports whether an allow rule may give anything of a path.
func (p *Policy) reaches(a *rule, path string) bool {
	return a.whole || slices.ContainsFunc(a.paths, func(id int) bool { return under(path, p.paths[id]) || under(p.paths[id], path) })
}

// takenAway reports a path of an allow rule that a deny rule of all its
// holders takes away whole, so that listing it does nothing.
func (l *linter) takenAway(r *rule, rules []*rule) {
	for _, d := range rules {
		if !l.spend(1) {
			return
		}
		if !d.deny || d.whole || r.purposes&^d.purposes != 0 || !r.holders.within(&d.holders) || !subset(r.actions, d.actions) || !l.spend(costOfPaths) {
			continue
		}
		for _, id := range r.paths {
			path := l.policy.paths[id]
			if slices.ContainsFunc(d.paths, func(other int) bool { return under(path, l.policy.paths[other]) }) {
				l.report("L09", r.at, "rule "+r.id, "lists %s, which rule %s takes away from all its roles", path, d.id)
			}
		}
	}
}

// writes compares what roles may change and search with what they may read.
func (l *linter) writes() {
	for _, r := range l.policy.rules {
		if r.deny || r.resource.cells["read"] == nil || slices.Contains(r.actions, "read") {
			continue
		}
		switch {
		case slices.Contains(r.actions, "search"):
			if l.readers(r, r.purposes) == nil {
				l.report("L07", r.at, "rule "+r.id, "allows search of %s, and no rule of its roles allows read for such a purpose", r.resource.name)
			}
		case meets(r.actions, []string{"update", "patch", "write"}):
			l.unread(r)
		}
	}
}

// unread reports a field that a rule lets change and no rule lets read, for one
// of its purposes.
func (l *linter) unread(r *rule) {
	for _, p := range purposes() {
		bit := purposeBit(p)
		if r.purposes&bit == 0 {
			continue
		}
		readers := l.readers(r, bit)
		if !l.spend(costOfPaths * (1 + len(readers))) {
			return
		}
		mask := l.policy.mask(r.resource, readers, nil)
		hidden := slices.IndexFunc(r.paths, func(id int) bool { return !mask.shows(l.policy.paths[id]) })
		switch {
		case r.whole && !mask.allow:
			l.report("L08", r.at, "rule "+r.id, "allows to change the whole record, which its roles may not read for %s", p)
			return
		case hidden >= 0:
			l.report("L08", r.at, "rule "+r.id, "allows to change %s, which its roles may not read for %s", l.policy.paths[r.paths[hidden]], p)
			return
		}
	}
}

// readers returns the rules that let every role of r read for one of purposes.
func (l *linter) readers(r *rule, purposes uint32) []*rule {
	var list []*rule
	for _, other := range r.resource.cells["read"].rules {
		if l.spend(1) && !other.deny && other.purposes&purposes != 0 && r.holders.within(&other.holders) {
			list = append(list, other)
		}
	}
	return list
}
