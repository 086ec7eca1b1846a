package access

import (
	"slices"
	"strconv"
	"strings"
)

func join(words []string, by string) string { return strings.Join(words, by) }

// why says why a decision denies.
func (d *Decision) why() string {
	switch d.code {
	case codeNoPrincipal:
		return "the context has no valid Principal (Principal.Validate says what is wrong with one)"
	case codeNoPurpose:
		return "the request has no purpose of use, or one that is not a code of the value set"
	case codeUndeclared:
		return "the policy declares no such action on such a resource"
	case codeRoleSource:
		return "the account or the roles of the caller could not be found out"
	case codeInactive:
		return "the caller has no account that may be used; needed is one that is active"
	case codeTraining:
		return "needed is the training " + d.engine.policy.training.needed()
	case codeUnknownRole:
		return "the caller has a role that the policy does not have"
	case codeNoRole:
		if d.foreign {
			return "the caller has no role (Assignments know principals without a tenant only)"
		}
		return "the caller has no role"
	case codeRoleInactive:
		return "needed is at least one active role, and each of them granted"
	case codeSeparation:
		return d.broken
	case codeScope:
		return "needed is a scope of the token that covers it"
	case codeRelationSource:
		return "what the caller is to the patient could not be found out"
	case codeTenant:
		return "needed is a caller of the tenant that the data belongs to"
	case codeEmergencySource:
		return "whether the caller has broken the glass could not be found out"
	case codeConsentSource:
		return "whether the patient has consented could not be found out"
	case codeConditionSource:
		return "whether a condition holds could not be found out"
	case codeThrottle:
		return "the caller has taken out the data of too many patients; needed is to wait"
	case codeDenyRule:
		return "by " + join(d.verdict.rules, ", ")
	case codeNoPatient:
		return "the request names no patient; needed is one, where its route says"
	case codeChanged:
		return "what it was decided on changed before the output; needed is to ask again"
	case codeTerminated:
		return "the account or its session was ended meanwhile; needed is an account that may be used, and a new session"
	}
	return "needed is " + d.needed()
}

func (t *training) needed() string {
	s := join(t.required, " and ") + ", completed in the last " + strconv.Itoa(t.maxAge) + " days"
	if t.grace > 0 {
		s += " (and " + strconv.Itoa(t.grace) + " of grace)"
	}
	return s
}

// needed lists what would have allowed it, for every rule that came as far as
// the decision did.
func (d *Decision) needed() string {
	if d.verdict == nil {
		return "a rule"
	}
	p, q := d.engine.policy, &d.verdict.question
	j := judgement{policy: p, q: *q}
	_, at := p.cell(d.Resource, d.Action)
	var options []string
	for _, r := range at.rules {
		if r.deny {
			continue
		}
		if c, _ := j.gate(r); c == d.code {
			options = append(options, p.lacking(r, q, c))
		}
	}
	if len(options) == 0 {
		return "a rule that allows it"
	}
	slices.Sort(options)
	return join(slices.Compact(options), "; ")
}

// lacking says what a rule that stopped at c was short of.
func (p *Policy) lacking(r *rule, q *question, c code) string {
	switch c {
	case codeNoRule:
		return "the role " + join(p.roleNames(&r.holders), " or ")
	case codePurpose:
		return "the purpose " + join(purposeNames(r.purposes), " or ")
	case codeRelationship:
		return "the relationship " + join(named(p.relations, r.relations), " or ")
	case codeLabel:
		return "a rule with a label ceiling above that of " + r.id + " (" + p.ceilingText(r.ceiling) + ")"
	case codeEmergency:
		return "an open emergency grant for the patient, of " + join(p.emergency.Roles, " or ")
	case codeConsent:
		return "the consent " + join(p.consentsMissing(q), " and ")
	case codeCondition:
		return "the condition " + join(named(p.conditions, r.conditions&^q.conditions), " and ")
	}
	return "a rule that allows it"
}

func (p *Policy) ceilingText(s labelSet) string {
	return join(append([]string{levels[s.level : s.level+1]}, named(p.labels, s.codes)...), ", ")
}

func (p *Policy) consentsMissing(q *question) []string {
	var ids []string
	for i, c := range p.consents {
		if c.purposes&q.purpose != 0 && (c.labels == 0 || c.labels&q.codes != 0) && q.consented>>i&1 == 0 {
			ids = append(ids, c.id)
		}
	}
	slices.Sort(ids)
	return ids
}

// roleNames returns the names of the roles in set, sorted.
func (p *Policy) roleNames(set *roleSet) []string {
	var names []string
	set.each(func(i int) { names = append(names, p.named[i].name) })
	slices.Sort(names)
	return names
}
