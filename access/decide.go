package access

import (
	"context"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// Decide says whether the Principal in ctx may do what r asks, and which
// fields it may see. The gates, of which the first that fails names the code:
//
//  1. a valid Principal, and a purpose of use, one of those of [WithPurposes];
//  2. an active account and current training, if Options.Roles is a
//     [SubjectSource];
//  3. roles that the policy has, that may be had together, and of which those
//     of [WithActiveRoles] are granted and may be active together;
//  4. the [Scope] of the context, if it has one;
//  5. the policy declares the action on the resource;
//  6. no deny rule, and for each allow rule: a role of the caller, the purpose,
//     the relationship, the tenant, the label ceiling, a broken glass if the
//     rule is for an emergency, the consent of the patient, the conditions;
//  7. the [Throttle].
//
// One rule that passes suffices, and all that pass add up; if none does, the
// code is that of the rule that came furthest. An emergency may stand in for
// consent, so it is looked at first. The users' hooks are asked when a rule has
// come so far, and not before; an error of a hook, and one that returns after
// ctx is done, is a denial, though another rule might do without. The result is
// never "allowed" together with an error.
//
// It writes no audit record: the Mux does, and a program that calls Decide
// itself notes the Decision in its audit Entry. It takes nothing from the
// Throttle: the Mux does.
func (g *Guard) Decide(ctx context.Context, r Request) Decision {
	d, c := g.decide(ctx, r)
	g.counters[c].Add(1)
	return d
}

func (g *Guard) decide(ctx context.Context, r Request) (Decision, code) {
	d, c := g.decideFree(ctx, r)
	if t := g.options.Throttle; c == codeAllowed && t != nil {
		if p, _ := safeguard.PrincipalFrom(ctx); !t.Ready(p) {
			return g.refused(d.engine, &r, codeThrottle), codeThrottle
		}
	}
	return d, c
}

// decideFree is decide without the throttle.
func (g *Guard) decideFree(ctx context.Context, r Request) (Decision, code) {
	e := g.current()
	p, ok := safeguard.PrincipalFrom(ctx)
	if !ok {
		return g.refused(e, &r, codeNoPrincipal), codeNoPrincipal
	}
	q := question{purpose: purposeBit(r.Purpose)}
	if q.purpose == 0 {
		return g.refused(e, &r, codeNoPurpose), codeNoPurpose
	}
	n := narrowingOf(ctx)
	if n.denied&q.purpose != 0 {
		return g.refused(e, &r, codePurpose), codePurpose
	}
	if c := g.activate(ctx, e, p, n.active, &q); c != codeAllowed {
		d := g.refused(e, &r, c)
		_, fixed := g.options.Roles.(Assignments)
		d.foreign = fixed && p.Tenant != ""
		return d, c
	}
	s := scopedTo(n.scope, r)
	if s != nil && !s.permits(r.Resource, r.Labels) {
		return g.refused(e, &r, codeScope), codeScope
	}
	_, at := e.policy.cell(r.Resource, r.Action)
	if at == nil {
		return g.refused(e, &r, codeUndeclared), codeUndeclared
	}
	q.about(e.policy, at, &r, p.Tenant)
	if s != nil {
		q.facts |= scoped
	}
	v := e.verdict(&q, at)
	grant := ""
	if v.ask != 0 {
		i := inquiry{guard: g, policy: e.policy, principal: p, request: r}
		var c code
		for v.ask != 0 {
			if c = i.ask(ctx, v, &q); c != codeAllowed {
				return g.refused(e, &r, c), c
			}
			v = e.verdict(&q, at)
		}
		grant = i.grant
	}
	return Decision{
		Allowed: v.code == codeAllowed, Code: v.code.String(), Rules: v.shown.rules, Fields: v.shown.fields,
		Obligations: v.shown.obligations, Exempt: v.exempt, Emergency: grant, Basis: v.shown.basis,
		Policy: e.policy.hash, Controls: g.controls[v.code],
		Resource: r.Resource, Action: r.Action, Purpose: r.Purpose,
		guard: g, engine: e, code: v.code, verdict: v, scope: s, grant: grant,
	}, v.code
}

// about fills in what a request says of the data.
func (q *question) about(p *Policy, at *cell, r *Request, tenant string) {
	q.cell = uint32(at.index)
	labels := labelSet{level: levelN}
	if r.Labels.Confidentiality != "" || len(r.Labels.Sensitivity) > 0 {
		labels = p.labelSet(&r.Labels)
	}
	q.level, q.codes = uint32(labels.level), labels.codes
	switch {
	case p.tenant && (r.Tenant == "" || tenant == ""), r.Tenant != "" && r.Tenant != tenant:
		q.facts |= otherTenant
	}
}

// refusal returns the Decision that was taken before any rule was looked at.
func (g *Guard) refusal(r Request, c code) Decision { return g.refused(g.current(), &r, c) }

func (g *Guard) refused(e *engine, r *Request, c code) Decision {
	return Decision{
		Code: c.String(), Policy: e.policy.hash, Controls: g.controls[c],
		Resource: r.Resource, Action: r.Action, Purpose: r.Purpose, guard: g, engine: e, code: c,
	}
}

// inquiry asks the users' hooks about one request.
type inquiry struct {
	guard     *Guard
	policy    *Policy
	principal safeguard.Principal
	request   Request
	grant     string // id of the open emergency grant
}

// ask finds out what v asks for, and fills it in.
func (i *inquiry) ask(ctx context.Context, v *verdict, q *question) code {
	q.facts |= v.ask
	switch v.ask {
	case askedRelations:
		return i.relations(ctx, q)
	case askedEmergency:
		return i.emergency(ctx, q)
	case askedConsents:
		return i.consents(ctx, v.consents, q)
	}
	return i.conditions(ctx, v.conditions, q)
}

func (i *inquiry) relations(ctx context.Context, q *question) code {
	if i.request.Patient.IsZero() {
		return codeAllowed
	}
	if c := i.guard.cache; c != nil {
		set, err := c.set(ctx, i.policy, &i.principal, i.request.Patient)
		if err != nil || ctx.Err() != nil {
			return codeRelationSource
		}
		q.relations = set
		return codeAllowed
	}
	names, err := i.guard.options.Relationships.Relations(ctx, i.principal, i.request.Patient)
	if err != nil || ctx.Err() != nil {
		return codeRelationSource
	}
	q.relations = i.policy.relationSet(names)
	return codeAllowed
}

func (i *inquiry) emergency(ctx context.Context, q *question) code {
	if i.request.Patient.IsZero() {
		return codeAllowed
	}
	grant, err := i.guard.options.Emergencies.Emergency(ctx, i.principal, i.request.Patient)
	if err != nil || ctx.Err() != nil {
		return codeEmergencySource
	}
	if grant.ID != "" && time.Now().Before(grant.Until) {
		i.grant = grant.ID
		q.facts |= glassBroken
	}
	return codeAllowed
}

func (i *inquiry) consents(ctx context.Context, wanted uint64, q *question) code {
	for bit, c := range i.policy.consents {
		if wanted>>bit&1 == 0 {
			continue
		}
		r := i.request // a copy, for the hook to keep its hands on
		given, err := i.guard.options.Consents.Consented(ctx, c.id, i.principal, &r)
		if err != nil || ctx.Err() != nil {
			return codeConsentSource
		}
		if given {
			q.consented |= 1 << bit
		}
	}
	return codeAllowed
}

func (i *inquiry) conditions(ctx context.Context, wanted uint64, q *question) code {
	for _, name := range named(i.policy.conditions, wanted) {
		r := i.request
		holds, err := i.guard.options.Conditions[name].Narrow(ctx, i.principal, &r)
		if err != nil || ctx.Err() != nil {
			return codeConditionSource
		}
		if holds {
			q.conditions |= 1 << i.policy.conditions[name]
		}
	}
	return codeAllowed
}
