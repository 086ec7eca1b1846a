package access

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
)

// A requirement is what must be true, besides role and purpose, for an allow
// rule to hold. Requirements are ordered: whatever meets the stricter one
// meets the weaker one.
type requirement struct {
	relations  names // any of these, empty for none
	level      uint8 // confidentiality up to which it holds
	codes      names // sensitivity that it takes in
	conditions names // all of these
}

// names is a set of names of a vocabulary. Two policies have room in it.
type names [2]uint64

func (s names) within(t names) bool { return s[0]&^t[0]|s[1]&^t[1] == 0 }

func compareNames(a, b names) int { return cmp.Or(cmp.Compare(a[0], b[0]), cmp.Compare(a[1], b[1])) }

// each calls f with every name of the set alone.
func (s names) each(f func(names)) {
	for i, word := range s {
		for ; word != 0; word &= word - 1 {
			var one names
			one[i] = word & -word
			f(one)
		}
	}
}

// weaker reports whether a holds wherever b does.
func (a requirement) weaker(b requirement) bool {
	return (a.relations == names{} || b.relations != names{} && b.relations.within(a.relations)) &&
		b.level <= a.level && b.codes.within(a.codes) && a.conditions.within(b.conditions)
}

func compareRequirements(a, b requirement) int {
	return cmp.Or(compareNames(a.relations, b.relations), cmp.Compare(a.level, b.level), compareNames(a.codes, b.codes), compareNames(a.conditions, b.conditions))
}

// needs is the set of situations in which one of several requirements is met.
// It is kept as the weakest requirements, one relationship each, in order, so
// that two of the same situations are equal.
type needs []requirement

// either returns the situations of several requirements.
func either(list []requirement) needs {
	var single []requirement
	for _, r := range list {
		if r.relations == (names{}) {
			single = append(single, r)
			continue
		}
		r.relations.each(func(one names) { single = append(single, requirement{one, r.level, r.codes, r.conditions}) })
	}
	var weakest needs
	for i, r := range single {
		covered := false
		for j, other := range single {
			if j != i && other.weaker(r) && (!r.weaker(other) || j < i) {
				covered = true
				break
			}
		}
		if !covered {
			weakest = append(weakest, r)
		}
	}
	slices.SortFunc(weakest, compareRequirements)
	return weakest
}

// within reports whether b holds in every situation of a.
func (a needs) within(b needs) bool {
	return !slices.ContainsFunc(a, func(r requirement) bool {
		return !slices.ContainsFunc(b, func(other requirement) bool { return other.weaker(r) })
	})
}

// vocabulary holds the names that requirements are written in, and their bits.
type vocabulary struct{ relations, codes, conditions map[string]int }

func newVocabulary() vocabulary {
	return vocabulary{map[string]int{}, map[string]int{}, map[string]int{}}
}

// translation turns the bits of one policy into names of a vocabulary.
type translation struct{ relations, codes, conditions []int }

// add adds the names of a policy.
func (v vocabulary) add(p *Policy) translation {
	turn := func(own, common map[string]int) []int {
		to := make([]int, len(own))
		for name, bit := range own {
			known, there := common[name]
			if !there {
				known = len(common)
				common[name] = known
			}
			to[bit] = known
		}
		return to
	}
	return translation{turn(p.relations, v.relations), turn(p.labels, v.codes), turn(p.conditions, v.conditions)}
}

// requires returns what a rule asks for.
func (t translation) requires(r *rule) requirement {
	return requirement{turned(r.relations, t.relations), r.ceiling.level, turned(r.ceiling.codes, t.codes), turned(r.conditions, t.conditions)}
}

func turned(set uint64, to []int) (out names) {
	for ; set != 0; set &= set - 1 {
		bit := to[bits.TrailingZeros64(set)]
		out[bit/64] |= 1 << (bit % 64)
	}
	return out
}

// text writes a requirement in words, "always" if nothing is asked for.
func (v vocabulary) text(r requirement) string {
	var parts []string
	if r.relations != (names{}) {
		parts = append(parts, "relationship "+strings.Join(r.relations.of(v.relations), " or "))
	}
	if r.level != levelN {
		parts = append(parts, "labels up to "+levels[r.level:r.level+1])
	}
	if r.codes != (names{}) {
		parts = append(parts, "also "+strings.Join(r.codes.of(v.codes), ", "))
	}
	if r.conditions != (names{}) {
		parts = append(parts, "condition "+strings.Join(r.conditions.of(v.conditions), " and "))
	}
	if len(parts) == 0 {
		return "always"
	}
	return strings.Join(parts, "; ")
}

// texts writes situations.
func (v vocabulary) texts(n needs) []string {
	var list []string
	for _, r := range n {
		list = append(list, v.text(r))
	}
	slices.Sort(list)
	return list
}

// of returns the names of a set, sorted.
func (s names) of(known map[string]int) []string {
	var list []string
	for name, bit := range known {
		if s[bit/64]>>(bit%64)&1 != 0 {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}
