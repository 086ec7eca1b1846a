package access

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// Options are the settings of a Guard. Roles is required; of the other fields
// the zero value is the safe choice.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
type Options struct {
	// Roles says who has which role. It is required.
	Roles RoleSource
	// Relationships says what a caller is to a patient. It is required if a
	// rule of the policy asks for a relationship.
	Relationships Relationships
	// Emergencies says who has broken the glass. It is required if the
	// policy has emergency rules.
	Emergencies EmergencySource
	// Consents says who has consented. It is required if the policy asks
	// for consent.
	Consents Consents
	// Conditions answers the conditions that rules ask for, by name. Each
	// that the policy names is required.
	Conditions map[string]Condition
	// Throttle bounds how many patients' data a principal takes out. The
	// default is no bound.
	Throttle Throttle
	// UnsafeWithoutEntry lets a Mux serve requests that no audit.Handler
	// has opened an Entry for. Nothing then records who saw what.
	UnsafeWithoutEntry bool
}

// ErrOptions reports that a Guard cannot be built from what it was given.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
var ErrOptions = errors.New("access: options: not usable")

// A Guard decides over one policy. It is safe for concurrent use; the zero
// value is not usable. Its only memory is a bounded table of decisions that
// do not depend on who asks, so a role that was taken away is gone at once.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B), 164.514(d)(2); NIST CSF 2.0 PR.AA-05.
type Guard struct {
	policy    *Policy
	roles     RoleSource
	relations Relationships
	noEntry   bool
	since     time.Time
	counters  [codes]atomic.Uint64
	controls  [codes][]safeguard.Control

	mu       sync.RWMutex
	verdicts map[question]*verdict

	projections sync.Pool // of *projection, empty

	enforcement enforcement // what the Muxes share

	routesMu sync.Mutex
	routes   map[*Mux][]Route
}

// New returns a Guard over policy. It returns an error if the policy or
// Options.Roles is missing, if the policy asks for relationships and
// Options.Relationships is missing, or if Options.Roles is [Assignments] with
// a role that the policy does not have. The error unwraps to [ErrOptions] and
// says which of these it is; it names roles, and no principal.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.AA-05.
func New(policy *Policy, opts *Options) (*Guard, error) {
	if what := fault(policy, opts); what != "" {
		return nil, fmt.Errorf("%w: %s", ErrOptions, what)
	}
	g := &Guard{
		policy: policy, roles: opts.Roles, relations: opts.Relationships, noEntry: opts.UnsafeWithoutEntry,
		since: time.Now(), verdicts: map[question]*verdict{}, routes: map[*Mux][]Route{},
	}
	for c := range codes {
		g.controls[c] = c.controls()
	}
	return g, nil
}

// fault says why a Guard cannot be built, "" if it can.
func fault(policy *Policy, opts *Options) string {
	switch {
	case policy == nil || policy.hash == "":
		return "the policy is missing; ParsePolicy makes one"
	case opts == nil || opts.Roles == nil:
		return "Options.Roles is nil"
	case len(policy.relations) > 0 && opts.Relationships == nil:
		return "the policy asks for relationships and Options.Relationships is nil"
	}
	a, ok := opts.Roles.(Assignments)
	if !ok {
		return ""
	}
	if role, unknown := policy.unknownRole(a); unknown {
		return "Assignments name the role " + quote(role) + ", which the policy does not have"
	}
	return ""
}

// A Request asks whether the Principal of the context may do Action on
// Resource, for Purpose, about Patient. Patient is the zero Patient where the
// action is not about one, a search for instance; rules that ask for a
// relationship then do not hold.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
type Request struct {
	Resource string
	Action   string
	Patient  safeguard.Patient
	Purpose  safeguard.Purpose
	// Tenant is the organisation that the data belongs to. If it is given,
	// a Principal of another is denied.
	Tenant string
	// Labels are the security labels of the data, as far as they are known
	// before it is read. Those in a FHIR document count as well when it is
	// projected.
	Labels Labels
}

// Decide says whether the Principal in ctx may do what r asks, and which
// fields it may see. It denies without a Principal, a purpose or a rule, if a
// deny rule holds, and if the roles or relationships cannot be found out; the
// result is never "allowed" together with an error.
//
// It does no input or output of its own; it calls Options.Roles and, where
// the policy asks for a relationship, Options.Relationships. It writes no
// audit record: the Mux does, and a program that calls Decide itself notes
// the Decision in its audit Entry.
func (g *Guard) Decide(ctx context.Context, r Request) Decision {
	d, c := g.decide(ctx, r)
	g.counters[c].Add(1)
	return d
}

func (g *Guard) decide(ctx context.Context, r Request) (Decision, code) {
	p, ok := safeguard.PrincipalFrom(ctx)
	if !ok {
		return g.refusal(r, codeNoPrincipal), codeNoPrincipal
	}
	purpose := purposeBit(r.Purpose)
	if purpose == 0 {
		return g.refusal(r, codeNoPurpose), codeNoPurpose
	}
	res, at := g.policy.cell(r.Resource, r.Action)
	if at == nil {
		return g.refusal(r, codeUndeclared), codeUndeclared
	}
	q := question{cell: at.index, purpose: purpose}
	var c code
	if q.roles, c = g.roleSet(ctx, p); c != codeAllowed {
		d := g.refusal(r, c)
		_, fixed := g.roles.(Assignments)
		d.foreign = fixed && p.Tenant != ""
		return d, c
	}
	if at.relation {
		if q.relations, c = g.relationSet(ctx, p, r.Patient); c != codeAllowed {
			return g.refusal(r, c), c
		}
	}
	v := g.verdict(q, res, at)
	return Decision{
		Allowed: v.code == codeAllowed, Code: v.code.String(), Rules: v.shown.rules, Fields: v.shown.fields,
		Policy: g.policy.hash, Controls: g.controls[v.code],
		Resource: r.Resource, Action: r.Action, Purpose: r.Purpose,
		guard: g, code: v.code, question: q, verdict: v,
	}, v.code
}

// refusal returns the Decision that was taken before any rule was looked at.
func (g *Guard) refusal(r Request, c code) Decision {
	return Decision{
		Code: c.String(), Policy: g.policy.hash, Controls: g.controls[c],
		Resource: r.Resource, Action: r.Action, Purpose: r.Purpose, guard: g, code: c,
	}
}
