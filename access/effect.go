package access

import (
	"slices"
	"strings"
)

// effect is what the rules that decided come to. It is immutable. Verdicts
// share it, since a policy has far more questions than answers, and the tree of
// what may be seen is by far the largest part of one.
type effect struct {
	rules       []string // sorted
	fields      []string // sorted
	obligations []string // sorted
	exempt      string
	mask        *node                                         // nil unless allowed
	copies      struct{ rules, fields, obligations []string } // for callers
}

// effect returns what allow rules come to, and others that decided with them
// or against any: the one in known if it has it. Without known it makes one.
func (p *Policy) effect(known *memory[effect], at *resource, allow, others []*rule) *effect {
	ids := ruleIDs(slices.Concat(allow, others))
	if known == nil {
		return p.newEffect(ids, at, allow, others)
	}
	hash := uint64(0)
	for _, r := range slices.Concat(allow, others) {
		hash = mix(hash, uint64(r.at))
	}
	row := known.row(hash)
	for i := range row {
		// The ids say it all: a rule is about one resource.
		if o := row[i].Load(); o != nil && slices.Equal(o.rules, ids) {
			return o
		}
	}
	o := p.newEffect(ids, at, allow, others)
	known.keep(hash, o)
	return o
}

func (p *Policy) newEffect(ids []string, at *resource, allow, others []*rule) *effect {
	o := &effect{rules: ids}
	if len(allow) > 0 {
		o.mask = p.mask(at, allow, others)
		o.fields = p.names(o.mask)
		o.obligations, o.exempt = obligations(allow), exemptionsOf(allow)
	}
	o.copies.rules, o.copies.fields, o.copies.obligations = copied(o.rules), copied(o.fields), copied(o.obligations)
	return o
}

// copied returns a copy for callers, so that one who sorts it harms no record,
// and without room, so that one who appends shares nothing.
func copied(names []string) []string { return slices.Clip(slices.Clone(names)) }

func ruleIDs(rules []*rule) []string {
	var ids []string
	for _, r := range rules {
		ids = append(ids, r.id)
	}
	slices.Sort(ids)
	return ids
}

// obligations returns what the rules ask for besides, sorted.
func obligations(rules []*rule) []string {
	var all []string
	for _, r := range rules {
		all = append(all, r.obligations...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// exemptionsOf returns the exemptions that the rules name.
func exemptionsOf(rules []*rule) string {
	var all []string
	for _, r := range rules {
		if r.exempt != "" {
			all = append(all, r.exempt)
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ", ")
}
