package access

import (
	"slices"
	"strings"
)

// Words of a basis. Those with a colon go before a name.
const (
	basisRole      = "role:"
	basisInactive  = "inactive-role:"
	basisRelation  = "relation:"
	basisLabel     = "label:"
	basisUnknown   = "label:?"
	basisConsent   = "consent:"
	basisCondition = "condition:"
	basisEmergency = "emergency"
	basisScope     = "scope"
	basisTenant    = "other-tenant"
	basisQuery     = "query:" // of a denial by the Mux: the parameter that was refused, "?" if it is no word
)

// basis tells a question in words of the policy, sorted.
func (p *Policy) basis(q *question) []string {
	var words []string
	q.active.each(func(i int) { words = append(words, basisRole+p.named[i].name) })
	q.inactive.each(func(i int) { words = append(words, basisInactive+p.named[i].name) })
	add := func(prefix string, names []string) {
		for _, name := range names {
			words = append(words, prefix+name)
		}
	}
	add(basisRelation, named(p.relations, q.relations))
	add(basisCondition, named(p.conditions, q.conditions))
	add(basisLabel, named(p.labels, q.codes))
	switch level := uint8(q.level); {
	case level == levelUnknown:
		words = append(words, basisUnknown)
	case level != levelN:
		words = append(words, basisLabel+levels[level:level+1])
	}
	for i, c := range p.consents {
		if q.consented>>i&1 != 0 {
			words = append(words, basisConsent+c.id)
		}
	}
	for _, f := range [...]struct {
		fact facts
		word string
	}{{glassBroken, basisEmergency}, {scoped, basisScope}, {otherTenant, basisTenant}} {
		if q.facts.has(f.fact) {
			words = append(words, f.word)
		}
	}
	slices.Sort(words)
	return words
}

// question reads a basis back. It reports the first word that the policy does
// not know.
func (p *Policy) question(basis []string) (q question, unknown string) {
	q.holding, q.level, q.facts = new(holding), uint32(levelN), askedAll
	for _, word := range basis {
		if !p.understand(&q, word) {
			return q, word
		}
	}
	return q, ""
}

func (p *Policy) understand(q *question, word string) bool {
	switch word {
	case basisEmergency:
		q.facts |= glassBroken
		return true
	case basisScope:
		q.facts |= scoped
		return true
	case basisTenant:
		q.facts |= otherTenant
		return true
	case basisUnknown:
		q.level = uint32(levelUnknown)
		return true
	}
	prefix, name, _ := strings.Cut(word, ":")
	switch prefix += ":"; prefix {
	case basisRole:
		return addRole(&q.active, p.roles, name)
	case basisInactive:
		return addRole(&q.inactive, p.roles, name)
	case basisRelation:
		return addBit(&q.relations, p.relations, name)
	case basisCondition:
		return addBit(&q.conditions, p.conditions, name)
	case basisConsent:
		i := slices.IndexFunc(p.consents, func(c *consent) bool { return c.id == name })
		if i >= 0 {
			q.consented |= 1 << i
		}
		return i >= 0
	case basisLabel:
		if level := confidentiality(name); name != "" && level != levelUnknown {
			q.level = uint32(level)
			return true
		}
		return addBit(&q.codes, p.labels, name)
	}
	return false
}

func addRole(set *roleSet, roles map[string]int, name string) bool {
	i, known := roles[name]
	if known {
		set.add(i)
	}
	return known
}

func addBit(set *uint64, bits map[string]int, name string) bool {
	i, known := bits[name]
	if known {
		*set |= 1 << i
	}
	return known
}

// named returns the names of the bits in set, sorted.
func named(bits map[string]int, set uint64) []string {
	var names []string
	for name, bit := range bits {
		if set>>bit&1 != 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
