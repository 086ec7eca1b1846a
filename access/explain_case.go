package access

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// A Case is a request that nobody has made: somebody with some roles, and what
// is supposed of the patient and the data. It names nobody. [Policy.Explain]
// says what the policy decides of it.
//
// The zero value of the last three fields supposes the usual: no consent, no
// broken glass, training current.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Case struct {
	Roles            []string
	Resource, Action string
	Purpose          safeguard.Purpose
	// Relationships are what the caller is to the patient.
	Relationships []string
	// Labels are those of the data.
	Labels Labels
	// Conditions are those that hold.
	Conditions []string
	// Consented says that the patient has given every consent.
	Consented bool
	// Emergency says that the caller has broken the glass.
	Emergency bool
	// Untrained says that the caller has completed no course.
	Untrained bool
}

// An Explanation is what a policy decides of a [Case], gate by gate and rule
// by rule. It holds names of the policy and no PHI. It tells how the policy is
// built: show it to administrators.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type Explanation struct {
	Allowed bool
	// Code is one of the Code constants.
	Code string
	// Sentence is what [Decision.Explain] says.
	Sentence string
	// Gates are the gates in their order.
	Gates []Gate
	// Rules are those of the action on the resource, by id.
	Rules []RuleOutcome
	// Fields, Obligations and Exempt are those of the decision, as in [Decision].
	Fields, Obligations []string
	Exempt              string
}

// A Gate is one step of a decision.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type Gate struct {
	Name string
	// Outcome is "passed", "failed" or "not reached".
	Outcome string
}

// A RuleOutcome is how far one rule came.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type RuleOutcome struct {
	ID   string
	Deny bool
	// Outcome is "allows", "denies", "hides fields", "does not apply", "not
	// asked", or the code of the gate at which an allow rule stopped.
	Outcome string
}

// Explain says what the policy decides of a case. It asks the same code that
// decides requests. The scope of a token and the throttle are no part of a
// case; they could only narrow it. A role that the policy does not have is a
// denial, as in a request.
//
// The zero Policy, which nobody parsed, denies without a gate.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func (p *Policy) Explain(c Case) Explanation {
	s, err := p.suppose()
	if err != nil {
		return Explanation{Code: CodeUndeclared, Sentence: "denied: there is no policy"}
	}
	d := s.decide(&c)
	e := Explanation{
		Allowed: d.Allowed, Code: d.Code, Sentence: d.Explain(), Gates: gatesTo(d.code),
		Fields: slices.Clone(d.Fields), Obligations: slices.Clone(d.Obligations), Exempt: d.Exempt,
	}
	if d.verdict != nil {
		e.Rules = p.outcomes(d.verdict)
	}
	return e
}

// outcomes says how far every rule about a question came.
func (p *Policy) outcomes(v *verdict) []RuleOutcome {
	var at *cell
	for _, c := range p.cellsInOrder() {
		if uint32(c.index) == v.question.cell {
			at = c
		}
	}
	j := &judgement{policy: p, q: v.question}
	j.consents = p.consentsFor(at, &v.question)
	var list []RuleOutcome
	for _, r := range at.rules {
		list = append(list, RuleOutcome{ID: r.id, Deny: r.deny, Outcome: j.outcome(r)})
	}
	slices.SortFunc(list, func(a, b RuleOutcome) int { return compareCells(cellKey{a.ID, ""}, cellKey{b.ID, ""}) })
	return list
}

func (j *judgement) outcome(r *rule) string {
	if r.deny {
		applies := r.purposes&j.q.purpose != 0 && (r.holders.meets(&j.q.active) || r.holders.meets(&j.q.inactive))
		switch {
		case !applies:
			return "does not apply"
		case r.whole:
			return "denies"
		}
		return "hides fields"
	}
	stopped, ask := j.gate(r)
	switch {
	case ask != 0:
		return "not asked"
	case stopped == codeAllowed:
		return "allows"
	}
	return stopped.String()
}

// gateNames are the gates with the last code of each, in the order of codes.
func gateNames() []struct {
	name string
	last code
} {
	return []struct {
		name string
		last code
	}{
		{"principal", codeNoPrincipal}, {"purpose of use", codeNoPurpose}, {"active account", codeInactive}, {"training", codeTraining},
		{"roles", codeRoleInactive}, {"separation of duties", codeSeparation}, {"scope", codeScope}, {"declared action", codeUndeclared},
		{"deny rules", codeDenyRule}, {"allow rule of a role", codeNoRule}, {"purpose of the rule", codePurpose},
		{"relationship", codeRelationship}, {"tenant", codeTenant}, {"labels", codeLabel}, {"emergency", codeEmergency},
		{"consent", codeConsent}, {"conditions", codeCondition}, {"throttle", codeThrottle},
	}
}

// gatesTo returns the gates up to the one that failed, and those behind it.
func gatesTo(failed code) []Gate {
	var list []Gate
	outcome := "passed"
	for _, g := range gateNames() {
		switch {
		case outcome == "failed":
			outcome = "not reached"
		case outcome == "passed" && failed != codeAllowed && failed <= g.last:
			outcome = "failed"
		}
		list = append(list, Gate{Name: g.name, Outcome: outcome})
	}
	return list
}

// supposed answers for the hooks of a Guard what a Case supposes, which
// travels in the context.
type supposed struct {
	guard  *Guard
	policy *Policy
}

type caseKey struct{}

// suppose returns a Guard over cases.
func (p *Policy) suppose() (*supposed, error) {
	if p.hash == "" {
		return nil, fmt.Errorf("%w: the policy is missing", ErrOptions)
	}
	s := &supposed{policy: p}
	conditions := map[string]Condition{}
	for name := range p.conditions {
		conditions[name] = supposedCondition(name)
	}
	s.guard = newGuard(p, &Options{Roles: s, Relationships: s, Emergencies: s, Consents: s, Conditions: conditions})
	return s, nil
}

// caller is who asks in every case.
func caller() safeguard.Principal {
	return safeguard.Principal{ID: "case", Kind: safeguard.Person, Tenant: "case"}
}

func (s *supposed) decide(c *Case) Decision {
	ctx := safeguard.WithPrincipal(context.WithValue(context.Background(), caseKey{}, c), caller())
	return s.guard.Decide(ctx, Request{
		Resource: c.Resource, Action: c.Action, Purpose: c.Purpose, Labels: c.Labels,
		Tenant: caller().Tenant, Patient: safeguard.NewPatient("case"),
	})
}

// caseFrom returns the case of a context. There is always one.
func caseFrom(ctx context.Context) (*Case, error) {
	c, ok := ctx.Value(caseKey{}).(*Case)
	if !ok {
		return nil, fmt.Errorf("%w: no case", ErrOptions)
	}
	return c, nil
}

func (s *supposed) Roles(ctx context.Context, _ safeguard.Principal) ([]string, error) {
	c, err := caseFrom(ctx)
	if err != nil {
		return nil, err
	}
	return c.Roles, nil
}

func (s *supposed) Subject(ctx context.Context, _ safeguard.Principal) (*Subject, error) {
	c, err := caseFrom(ctx)
	if err != nil {
		return nil, err
	}
	subject := &Subject{Active: true, Roles: c.Roles, Trained: map[string]time.Time{}}
	lately := time.Now().Add(-time.Hour)
	if t := s.policy.training; t != nil && !c.Untrained {
		for _, course := range t.required {
			subject.Trained[course] = lately
		}
	}
	return subject, nil
}

func (s *supposed) Relations(ctx context.Context, _ safeguard.Principal, _ safeguard.Patient) ([]string, error) {
	c, err := caseFrom(ctx)
	if err != nil {
		return nil, err
	}
	return c.Relationships, nil
}

func (s *supposed) Emergency(ctx context.Context, _ safeguard.Principal, _ safeguard.Patient) (Emergency, error) {
	c, err := caseFrom(ctx)
	if err != nil || !c.Emergency {
		return Emergency{}, err
	}
	return Emergency{ID: "case", Until: time.Now().Add(time.Hour)}, nil
}

func (s *supposed) Consented(ctx context.Context, _ string, _ safeguard.Principal, _ *Request) (bool, error) {
	c, err := caseFrom(ctx)
	return err == nil && c.Consented, err
}

// supposedCondition is a condition by its name.
type supposedCondition string

func (name supposedCondition) Narrow(ctx context.Context, _ safeguard.Principal, _ *Request) (bool, error) {
	c, err := caseFrom(ctx)
	return err == nil && slices.Contains(c.Conditions, string(name)), err
}
