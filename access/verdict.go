package access

import "sync/atomic"

// verdict is what the rules say to a question. It is immutable but for next.
// What every decision reads stands first.
type verdict struct {
	question   question
	ask        facts // what must be found out first, 0 if nothing
	code       code
	next       atomic.Pointer[verdict] // what followed when ask was answered
	*effect                            // empty unless rules decided
	shown      []string                // a copy of basis for callers
	basis      []string                // sorted
	consents   uint64                  // to be asked for
	conditions uint64                  // to be asked for
}

// judgement is what a look at every rule has found.
type judgement struct {
	policy              *Policy
	q                   question
	allow, narrow, deny []*rule
	furthest            code // that a rule came
	ask                 facts
	consents            uint64
	conditions          uint64
}

// judge looks at every rule: an allow rule must not hide a deny rule behind
// it. Effects that are known are used again; there may be none.
func (p *Policy) judge(q question, at *cell, known *memory[effect]) *verdict {
	j := &judgement{policy: p, q: q, furthest: codeNoRule}
	j.consents = p.consentsFor(at, &q)
	for _, r := range at.rules {
		j.consider(r)
	}
	v := &verdict{question: q}
	switch {
	case len(j.deny) > 0:
		v.code, v.effect = codeDenyRule, p.effect(known, at.resource, nil, j.deny)
	case j.ask != 0:
		v.ask, v.consents, v.conditions, v.effect = j.ask, j.consents, j.conditions, new(effect)
		return v
	case len(j.allow) > 0:
		v.effect = p.effect(known, at.resource, j.allow, j.narrow)
	default:
		v.code, v.effect = j.furthest, p.effect(known, at.resource, nil, nil)
	}
	v.basis = p.basis(&q)
	v.shown = copied(v.basis)
	return v
}

// consider sorts one rule in.
func (j *judgement) consider(r *rule) {
	if r.deny {
		if r.purposes&j.q.purpose == 0 || !r.holders.meets(&j.q.active) && !r.holders.meets(&j.q.inactive) {
			return
		}
		if r.whole {
			j.deny = append(j.deny, r)
		} else {
			j.narrow = append(j.narrow, r)
		}
		return
	}
	c, ask := j.gate(r)
	switch {
	case ask != 0 && (j.ask == 0 || ask < j.ask):
		j.ask = ask // the earliest gate first
	case ask != 0:
	case c == codeAllowed:
		j.allow = append(j.allow, r)
	default:
		j.furthest = max(j.furthest, c)
	}
}

// gate returns where an allow rule stops, or what must be asked before that is
// known.
func (j *judgement) gate(r *rule) (stopped code, ask facts) {
	p, q := j.policy, &j.q
	unasked := func(f facts) bool { return !q.facts.has(f) }
	switch {
	case !r.holders.meets(&q.active):
		return codeNoRule, 0
	case r.purposes&q.purpose == 0:
		return codePurpose, 0
	case r.relations != 0 && unasked(askedRelations):
		return 0, askedRelations
	case r.relations != 0 && r.relations&q.relations == 0:
		return codeRelationship, 0
	case q.facts.has(otherTenant):
		return codeTenant, 0
	case !q.labels().under(r.ceiling):
		return codeLabel, 0
	case r.emergency && unasked(askedEmergency):
		return 0, askedEmergency
	case r.emergency && (!q.facts.has(glassBroken) || !p.emergency.holders.meets(&q.active)):
		return codeEmergency, 0
	case !p.overrides(r) && j.consents != 0 && unasked(askedConsents):
		return 0, askedConsents
	case !p.overrides(r) && p.consentMissing(q):
		return codeConsent, 0
	case r.conditions != 0 && unasked(askedConditions):
		j.conditions |= r.conditions
		return 0, askedConditions
	case r.conditions&^q.conditions != 0:
		return codeCondition, 0
	}
	return codeAllowed, 0
}

// overrides reports whether a rule stands without the patient's consent. It
// is asked of a rule that has passed the emergency gate.
func (p *Policy) overrides(r *rule) bool { return r.emergency && p.emergency.OverridesConsent }

func (q *question) labels() labelSet { return labelSet{uint8(q.level), q.codes} }

// consentsFor returns the consent requirements that data of a cell may come
// to: those without labels, and those about labels that the caller's rules go
// up to, which may show in the document only.
func (p *Policy) consentsFor(at *cell, q *question) uint64 {
	if len(p.consents) == 0 {
		return 0
	}
	codes := q.codes
	for _, r := range at.rules {
		if !r.deny && r.purposes&q.purpose != 0 && r.holders.meets(&q.active) {
			codes |= r.ceiling.codes
		}
	}
	set := uint64(0)
	for i, c := range p.consents {
		if c.purposes&q.purpose != 0 && (c.labels == 0 || c.labels&codes != 0) {
			set |= 1 << i
		}
	}
	return set
}

// consentMissing reports whether data with the labels of q needs a consent
// that was not given.
func (p *Policy) consentMissing(q *question) bool {
	for i, c := range p.consents {
		if c.purposes&q.purpose != 0 && (c.labels == 0 || c.labels&q.codes != 0) && q.consented>>i&1 == 0 {
			return true
		}
	}
	return false
}
