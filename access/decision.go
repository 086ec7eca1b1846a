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
	// Obligations are what the rules ask for besides, by the names that
	// the policy gives them, sorted. Nothing here fulfils them.
	Obligations []string
	// Exempt names the paragraphs of 164.502(b)(2) by which a rule that
	// decided is exempt from the minimum necessary, if any is.
	Exempt string
	// Emergency is the id of the emergency grant that was open.
	Emergency string
	// Basis is what the decision was taken on, in words of the policy,
	// sorted: "role:nurse", "relation:care-team", "label:R",
	// "condition:on-shift", "consent:C-1", "emergency", "scope". With it and the
	// policy, [Policy.Replay] takes the decision again.
	Basis []string
	// Policy is the hash of the policy.
	Policy string
	// Controls are the provisions that the decision serves.
	Controls []safeguard.Control
	// Resource, Action and Purpose are what was asked.
	Resource string
	Action   string
	Purpose  safeguard.Purpose

	guard   *Guard
	engine  *engine
	code    code
	verdict *verdict // nil if no rule was looked at
	scope   *scopedRequest
	grant   string // what Emergency was when the decision was taken
	broken  string // the separation that the caller's roles break
	masked  bool   // single elements that are hidden are marked
	foreign bool   // the caller is of a tenant, which Assignments do not know
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

// Record returns what the audit log keeps of d. The Mux notes it by itself; a
// program that calls Decide passes it to SetDecision of its audit.Entry.
func (d Decision) Record() audit.Decision {
	if d.guard == nil {
		return audit.Decision{}
	}
	r := audit.Decision{Code: d.code.String(), Policy: d.engine.policy.hash}
	if d.verdict != nil {
		r.Allowed = d.code == codeAllowed
		r.Rules, r.Fields = slices.Clone(d.verdict.rules), slices.Clone(d.verdict.fields)
		r.Basis = slices.Clone(d.verdict.basis)
	}
	return r
}

// maskFor returns the mask for a resource of a type that the answer holds, with
// the labels that stand in it, or nil if it may not be read. What the labels of
// the request took away stays away, and so does what another type would need
// that was not asked for.
func (d *Decision) maskFor(resourceType []byte, l Labels) *node {
	if d.verdict == nil || d.verdict.code != codeAllowed {
		return nil
	}
	p, labels := d.engine.policy, labelSet{}
	if l.Confidentiality != "" || len(l.Sensitivity) > 0 {
		labels = p.labelSet(&l)
	}
	r := p.resources[string(resourceType)]
	if r == nil || r.name != d.Resource && d.scope != nil && !d.scope.permits(r.name, l) {
		return nil
	}
	v := d.verdictOn(r, labels)
	if v == nil {
		return nil
	}
	return v.mask
}

// verdictOn returns what the rules say of a resource with labels besides those
// of the request, nil if the policy does not declare the action on it.
func (d *Decision) verdictOn(r *resource, labels labelSet) *verdict {
	q := d.verdict.question
	labels = labels.join(q.labels())
	if r.name == d.Resource && labels == q.labels() {
		return d.verdict
	}
	at := r.cell(d.Action)
	if at == nil {
		return nil
	}
	q.cell, q.level, q.codes, q.facts = uint32(at.index), uint32(labels.level), labels.codes, q.facts|askedAll
	return d.engine.verdict(&q, at)
}

// same reports whether two decisions were taken on the same: the policy, the
// roles, the purpose and whatever else the rules asked for. The same rules
// would not do: the entries of a Bundle are projected by rules about other
// resources.
func (d *Decision) same(other Decision) bool {
	return d.engine == other.engine && d.grant == other.grant &&
		d.verdict != nil && other.verdict != nil && d.verdict.question.same(other.verdict.question)
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
