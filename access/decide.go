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
//  7. the [Throttle], unless it is an emergency.
//
// One rule that passes suffices, and all that pass add up; if none does, the
// code is that of the rule that came furthest. An emergency may stand in for
// consent, so it is looked at first. The users' hooks are asked when a rule has
// come so far, and not before; an error of a hook, and one that returns after
// ctx is done, is a denial, though another rule might do without: whoever
// activates fewer roles may then get what these give alone, which is never more
// than all of them give once the hook answers. The result is never "allowed"
// together with an error. A hook that panics does so through Decide, which has
// then decided nothing.
//
// It writes no audit record: the Mux does, and a program that calls Decide
// itself notes the Decision in its audit Entry. It takes nothing from the
// Throttle: the Mux does.
func (g *Guard) Decide(ctx context.Context, r Request) (d Decision) {
	c := g.take(ctx, &r, &d)
	if c == codeAllowed && !d.affordable(ctx) {
		c = codeThrottle
		g.refuseAt(d.engine, &r, c, &d)
	}
	g.counters[c].Add(1)
	return d
}

// decide is Decide without counting.
func (g *Guard) decide(ctx context.Context, r Request) (d Decision, c code) {
	c = g.take(ctx, &r, &d)
	if c == codeAllowed && !d.affordable(ctx) {
		c = codeThrottle
		g.refuseAt(d.engine, &r, c, &d)
	}
	return d, c
}

// affordable asks the throttle. Whoever has broken the glass for a patient is
// let through to that one: 164.312(a)(2)(ii) is for when nobody can wait.
func (d *Decision) affordable(ctx context.Context) bool { return d.grant != "" || d.guard.ready(ctx) }

// ready asks the throttle.
func (g *Guard) ready(ctx context.Context) bool {
	if g.options.Throttle == nil {
		return true
	}
	p, _ := safeguard.PrincipalFrom(ctx)
	return g.options.Throttle.Ready(p)
}

// decideFree is decide without the throttle.
func (g *Guard) decideFree(ctx context.Context, r Request) (d Decision, c code) {
	c = g.take(ctx, &r, &d)
	return d, c
}

// take takes the decision into d, which is zero.
func (g *Guard) take(ctx context.Context, r *Request, d *Decision) code {
	e := g.current()
	p, ok := safeguard.PrincipalFrom(ctx)
	if !ok {
		return g.refuseAt(e, r, codeNoPrincipal, d)
	}
	q := question{purpose: purposeBit(r.Purpose)}
	if q.purpose == 0 {
		return g.refuseAt(e, r, codeNoPurpose, d)
	}
	n := narrowingOf(ctx)
	if n.denied&q.purpose != 0 {
		return g.refuseAt(e, r, codePurpose, d)
	}
	now := moment{clock: &g.clock}
	s, c := g.standing(ctx, e, &p, &now)
	if c == codeAllowed {
		c = s.activate(e, n.active, &q)
	}
	if c != codeAllowed {
		_, fixed := g.options.Roles.(Assignments)
		g.refuseAt(e, r, c, d)
		d.foreign = fixed && p.Tenant != ""
		if c == codeSeparation {
			d.broken = s.breaks(e.policy, n.active)
		}
		return c
	}
	d.scope = scopedTo(n.scope, r)
	if d.scope != nil {
		if !d.scope.permits(r.Resource, r.Labels) {
			return g.refuseAt(e, r, codeScope, d)
		}
		q.facts |= scoped
	}
	_, at := e.policy.cell(r.Resource, r.Action)
	if at == nil {
		return g.refuseAt(e, r, codeUndeclared, d)
	}
	q.about(e.policy, at, r, p.Tenant)
	v := e.verdict(&q, at)
	if v.ask != 0 {
		i := inquiry{guard: g, policy: e.policy, at: now}
		for v.ask != 0 {
			if c := i.ask(ctx, &p, r, v, &q); c != codeAllowed {
				return g.refuseAt(e, r, c, d)
			}
			v = e.answered(v, &q, at)
		}
		d.grant = i.grant
	}
	g.fill(d, r, e, v.code)
	d.Emergency = d.grant
	d.settle(v)
	return v.code
}

// settle says what the rules said.
func (d *Decision) settle(v *verdict) {
	given := v.effect
	d.Allowed, d.verdict, d.Exempt, d.Basis = v.code == codeAllowed, v, given.exempt, v.shown
	d.Rules, d.Fields, d.Obligations = given.copies.rules, given.copies.fields, given.copies.obligations
}

// fill says what was asked, and the code.
func (g *Guard) fill(d *Decision, r *Request, e *engine, c code) {
	d.guard, d.engine, d.code = g, e, c
	d.Code, d.Policy, d.Controls = g.names[c], e.policy.hash, g.controls[c]
	d.Resource, d.Action, d.Purpose = r.Resource, r.Action, r.Purpose
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
func (g *Guard) refusal(r Request, c code) (d Decision) {
	g.refuseAt(g.current(), &r, c, &d)
	return d
}

func (g *Guard) refuseAt(e *engine, r *Request, c code, d *Decision) code {
	*d = Decision{}
	g.fill(d, r, e, c)
	return c
}

// inquiry asks the users' hooks about one request.
type inquiry struct {
	guard  *Guard
	policy *Policy
	at     moment
	grant  string // id of the open emergency grant
}

// ask finds out what v asks for, and fills it in.
func (i *inquiry) ask(ctx context.Context, p *safeguard.Principal, r *Request, v *verdict, q *question) code {
	q.facts |= v.ask
	switch v.ask {
	case askedRelations:
		return i.relations(ctx, p, r.Patient, q)
	case askedEmergency:
		return i.emergency(ctx, p, r.Patient, q)
	case askedConsents:
		return i.consents(ctx, p, r, v.consents, q)
	}
	return i.conditions(ctx, p, r, v.conditions, q)
}

func (i *inquiry) relations(ctx context.Context, p *safeguard.Principal, patient safeguard.Patient, q *question) (c code) {
	if patient.IsZero() {
		return codeAllowed
	}
	var err error
	if cache := i.guard.cache; cache != nil {
		q.relations, err = cache.set(ctx, i.policy, p, patient, i.at.now()+i.guard.cacheAhead)
	} else {
		var names []string
		names, err = i.guard.options.Relationships.Relations(ctx, *p, patient)
		q.relations = i.policy.relationSet(names)
	}
	if err != nil || ctx.Err() != nil {
		return codeRelationSource
	}
	return codeAllowed
}

func (i *inquiry) emergency(ctx context.Context, p *safeguard.Principal, patient safeguard.Patient, q *question) code {
	if patient.IsZero() {
		return codeAllowed
	}
	grant, err := i.guard.options.Emergencies.Emergency(ctx, *p, patient)
	if err != nil || ctx.Err() != nil {
		return codeEmergencySource
	}
	if grant.ID != "" && time.Now().Before(grant.Until) {
		i.grant = grant.ID
		q.facts |= glassBroken
	}
	return codeAllowed
}

func (i *inquiry) consents(ctx context.Context, p *safeguard.Principal, r *Request, wanted uint64, q *question) code {
	for bit, c := range i.policy.consents {
		if wanted>>bit&1 == 0 {
			continue
		}
		own := *r // a copy, which is the hook's
		given, err := i.guard.options.Consents.Consented(ctx, c.id, *p, &own)
		if err != nil || ctx.Err() != nil {
			return codeConsentSource
		}
		if given {
			q.consented |= 1 << bit
		}
	}
	return codeAllowed
}

func (i *inquiry) conditions(ctx context.Context, p *safeguard.Principal, r *Request, wanted uint64, q *question) code {
	for _, name := range named(i.policy.conditions, wanted) {
		own := *r
		holds, err := i.guard.options.Conditions[name].Narrow(ctx, *p, &own)
		if err != nil || ctx.Err() != nil {
			return codeConditionSource
		}
		if holds {
			q.conditions |= 1 << i.policy.conditions[name]
		}
	}
	return codeAllowed
}
