package access

import (
	"slices"
	"strconv"
)

// A class is a set of roles to which the same rules apply for one action and
// purpose.
type class struct {
	roles roleSet
	rules []*rule // in the order of the policy
}

// everyRole returns the set of all roles of a policy.
func (p *Policy) everyRole() roleSet {
	var all roleSet
	for i := range p.named {
		all.add(i)
	}
	return all
}

// classes parts the roles by the rules of a cell that apply to them for a
// purpose. Every role is in one class. A cell that is nil has no rules.
func (p *Policy) classes(at *cell, purpose uint32) []class {
	list := []class{{roles: p.everyRole()}}
	if at == nil {
		return list
	}
	for _, r := range at.rules {
		if r.purposes&purpose == 0 {
			continue
		}
		for i := range list {
			in, out := list[i].roles.split(&r.holders)
			switch {
			case in == (roleSet{}):
			case out == (roleSet{}):
				list[i].rules = append(list[i].rules, r)
			default:
				list = append(list, class{roles: in, rules: append(slices.Clone(list[i].rules), r)})
				list[i].roles = out
			}
		}
	}
	return list
}

// split returns what of s is in t, and what is not.
func (s *roleSet) split(t *roleSet) (in, out roleSet) {
	for i := range s {
		in[i], out[i] = s[i]&t[i], s[i]&^t[i]
	}
	return in, out
}

// key names a set of rules, by the numbers that number gives them.
func ruleKey(b []byte, rules []*rule, number map[*rule]int) []byte {
	for _, r := range rules {
		b = append(strconv.AppendInt(b, int64(number[r]), 36), ' ')
	}
	return b
}

// cellsInOrder returns every declared action on every resource, sorted.
func (p *Policy) cellsInOrder() []*cell {
	var list []*cell
	for _, r := range p.resources {
		for _, at := range r.cells {
			list = append(list, at)
		}
	}
	slices.SortFunc(list, func(a, b *cell) int { return compareCells(a.key(), b.key()) })
	return list
}

// cellKey is a cell by name.
type cellKey struct{ resource, action string }

func (c *cell) key() cellKey { return cellKey{c.resource.name, c.action} }
