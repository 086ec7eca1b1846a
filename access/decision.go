package access

import (
	"context"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// A Decision says whether something is allowed, why, and which fields may be
// seen. It holds names of rules and fields, never PHI. It is a value, safe to
// copy and for concurrent use; its slices are shared and must not be changed,
// though nothing that is enforced or recorded is read from them. The zero
// Decision denies and projects nothing.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type Decision struct {
	// Allowed is the effect.
	Allowed bool
	// Code says why, one of the Code constants.
	Code string
	// Rules are the ids of the rules that decided, sorted.
	Rules []string
	// Fields are the paths that may be seen, sorted; "Patient.*" is the
	// whole record. Paths that a deny rule takes out of these are not
	// listed here: the rule is, in Rules.
	Fields []string
	// Policy is the hash of the policy.
	Policy string
	// Controls are the provisions that the decision serves.
	Controls []safeguard.Control
	// Resource, Action and Purpose are what was asked.
	Resource string
	Action   string
	Purpose  safeguard.Purpose

	guard    *Guard
	code     code
	question question
	verdict  *verdict // nil if no rule was looked at
	foreign  bool     // the caller is of a tenant, which Assignments do not know
}

// Explain says in one sentence why, and after a denial what would have been
// needed. It names roles, rules and purposes of the policy. It holds no PHI,
// but tells how the policy is built: show it to administrators, not callers.
func (d Decision) Explain() string {
	if d.guard == nil {
		return "denied: no decision was taken"
	}
	if d.verdict != nil && d.verdict.code == codeAllowed {
		return "allowed: by " + strings.Join(d.verdict.rules, ", ")
	}
	return "denied: " + d.code.String() + ": " + d.why()
}

func (d Decision) why() string {
	switch d.code {
	case codeNoPrincipal:
		return "the context has no valid Principal (Principal.Validate says what is wrong with one)"
	case codeNoPurpose:
		return "the request has no purpose of use, or one that is not a code of the value set"
	case codeUndeclared:
		return "the policy declares no such action on such a resource"
	case codeRoleSource:
		return "the roles of the caller could not be found out"
	case codeUnknownRole:
		return "the caller has a role that the policy does not have"
	case codeNoRole:
		if d.foreign {
			return "the caller has no role (Assignments know principals without a tenant only)"
		}
		return "the caller has no role"
	case codeRelationSource:
		return "what the caller is to the patient could not be found out"
	case codeDenyRule:
		return "by " + strings.Join(d.verdict.rules, ", ")
	}
	return "needed is " + d.needed()
}

// needed lists what would have allowed it: a purpose, a relationship or a
// role.
func (d Decision) needed() string {
	p := d.guard.policy
	_, at := p.cell(d.Resource, d.Action)
	if at == nil {
		return "a rule"
	}
	var options []string
	for _, r := range at.rules {
		mine := r.holders.meets(&d.question.roles)
		switch {
		case r.deny:
		case d.code == codePurpose && mine:
			options = append(options, "the purpose "+strings.Join(purposeNames(r.purposes), " or "))
		case d.code == codeRelationship && mine && r.purposes&d.question.purpose != 0:
			options = append(options, "the relationship "+strings.Join(p.relationNames(r.relations), " or "))
		case d.code == codeNoRule:
			options = append(options, "the role "+strings.Join(p.holderNames(r), " or "))
		}
	}
	if len(options) == 0 {
		return "a rule that allows it"
	}
	slices.Sort(options)
	return strings.Join(slices.Compact(options), "; ")
}

func purposeNames(set uint32) []string {
	var names []string
	for _, p := range purposes() {
		if set&purposeBit(p) != 0 {
			names = append(names, string(p))
		}
	}
	return names
}

func (p *Policy) relationNames(set uint64) []string {
	var names []string
	for name, bit := range p.relations {
		if set>>bit&1 != 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (p *Policy) holderNames(r *rule) []string {
	var names []string
	for name, i := range p.roles {
		if r.holders.has(i) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Record returns what the audit log keeps of d. The Mux notes it by itself; a
// program that calls Decide passes it to SetDecision of its audit.Entry.
func (d Decision) Record() audit.Decision {
	if d.guard == nil {
		return audit.Decision{}
	}
	r := audit.Decision{Code: d.code.String(), Policy: d.guard.policy.hash}
	if d.verdict != nil {
		r.Allowed = d.code == codeAllowed
		r.Rules, r.Fields = slices.Clone(d.verdict.rules), slices.Clone(d.verdict.fields)
	}
	return r
}

// maskOf returns the mask for a resource of another type that a Bundle holds,
// or nil if it may not be read.
func (d *Decision) maskOf(resourceType []byte) *node {
	r := d.guard.policy.resources[string(resourceType)]
	if r == nil {
		return nil
	}
	at := r.cells[d.Action]
	if at == nil {
		return nil
	}
	q := d.question
	q.cell = at.index
	return d.guard.verdict(q, r, at).mask
}

type decisionKey struct{}

// DecisionFrom returns the Decision that the Mux took for the request. It
// returns false on a public route and outside a Mux.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
func DecisionFrom(ctx context.Context) (Decision, bool) {
	c, ok := ctx.Value(decisionKey{}).(*call)
	if !ok {
		return Decision{}, false
	}
	return c.decision, true
}
