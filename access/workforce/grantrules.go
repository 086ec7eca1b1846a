package workforce

import (
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/access"
)

// held returns an account to which something may be granted.
func (t *table) held(k key) (*account, error) {
	a := t.find(k)
	switch {
	case a == nil:
		return nil, ErrAccount
	case a.status == Terminated || a.banned:
		return nil, refuse("the account is terminated")
	}
	return a, nil
}

// behind returns everybody who answers for what an actor does: the account
// that acts, the one on whose behalf, and who owns a service account among
// them.
func (t *table) behind(a Actor) []key {
	keys := []key{{a.Tenant, a.ID}}
	if a.OnBehalfOf != "" {
		keys = append(keys, key{a.Tenant, a.OnBehalfOf})
	}
	for _, k := range slices.Clone(keys) {
		if owner := t.owner(k); owner != (key{}) {
			keys = append(keys, owner)
		}
	}
	return keys
}

// owner returns who owns a service account, the zero key for another.
func (t *table) owner(k key) key {
	if a := t.find(k); a != nil && a.kind == ServiceAccount && a.manager != "" {
		return key{k.tenant, a.manager}
	}
	return key{}
}

// mayAct reports whether everybody behind an actor who widens access may be
// there to do so.
func (t *table) mayAct(a Actor) error {
	for _, k := range []key{{a.Tenant, a.ID}, a.person()} {
		if found := t.find(k); found == nil || !found.active() {
			return refuse("who does it has no active account")
		}
	}
	return nil
}

// mayJudge reports whether an actor may approve, certify or review what others
// did: a person, in the tenant, with an active account, and nobody behind one
// of the others.
func (t *table) mayJudge(judge Actor, tenant string, others ...key) error {
	if err := t.mayAct(judge); err != nil {
		return err
	}
	if person := t.find(judge.person()); person.kind == ServiceAccount {
		return refuse("who judges is no person")
	}
	if judge.Tenant != tenant {
		return refuse("who judges is of another tenant")
	}
	for _, k := range t.behind(judge) {
		if slices.Contains(others, k) {
			return refuse("nobody judges what is their own")
		}
	}
	return nil
}

// mayRequest reports whether an actor may ask for a grant.
func (t *table) mayRequest(a *account, policy *access.Policy, g *GrantRequest, by Actor) error {
	if err := t.mayAct(by); err != nil {
		return err
	}
	live := 0
	for _, held := range a.grants {
		if held.live(time.Now()) {
			live++
		}
	}
	switch {
	case by.Tenant != a.key.tenant:
		return refuse("who asks is of another tenant")
	case slices.Contains(t.behind(by), a.key):
		return refuse("nobody asks for a grant to oneself")
	case !slices.Contains(policy.Roles(), g.Role):
		return refuse("the policy has no such role")
	case live >= MaxGrants:
		return refuse("the account has too many grants")
	}
	return a.separated(policy, g.Role, time.Now())
}

// separated reports whether a role may stand beside all that the account has
// or is to get.
func (a *account) separated(policy *access.Policy, role string, now time.Time) error {
	roles := []string{role}
	for _, g := range a.grants {
		if g.live(now) {
			roles = append(roles, g.Role)
		}
	}
	slices.Sort(roles)
	if policy.Separated(slices.Compact(roles)) != nil {
		return refuse("the policy separates the role from one that the account has")
	}
	return nil
}

// mayApprove reports whether an actor may approve a grant.
func (t *table) mayApprove(a *account, policy *access.Policy, id string, by Actor, now time.Time) error {
	g := a.grant(id)
	switch {
	case g == nil:
		return refuse("there is no such grant")
	case g.status(now) != Pending:
		return refuse("the grant does not wait for approval")
	case !slices.Contains(policy.Roles(), g.Role):
		return refuse("the policy has no such role")
	}
	others := append(t.behind(g.asked.By), a.key)
	if owner := t.owner(a.key); owner != (key{}) {
		others = append(others, owner)
	}
	for _, s := range g.approved {
		others = append(others, t.behind(s.By)...)
	}
	if err := t.mayJudge(by, a.key.tenant, others...); err != nil {
		return err
	}
	return a.separated(policy, g.Role, now)
}

// body returns what a request asks for within the rules.
func (g *GrantRules) body(r *GrantRequest, now time.Time) (requested, error) {
	b := requested{Role: r.Role, From: r.From.UTC(), Until: r.Until.UTC(), NoEnd: r.NoEnd}
	if r.From.IsZero() || r.From.Before(now) {
		b.From = now
	}
	switch {
	case b.From.Sub(now) > g.term():
		return b, refuse("the grant begins too late")
	case r.NoEnd != "" && (!r.Until.IsZero() || !text(r.NoEnd, MaxText)):
		return b, refuse("the reason for no end stands beside an end, or is no text")
	case r.NoEnd != "":
		b.Until = time.Time{}
		return b, nil
	case r.Until.IsZero():
		b.Until = b.From.Add(g.term())
	case !r.Until.After(b.From):
		return b, refuse("the grant ends before it begins")
	case r.Until.Sub(b.From) > g.term():
		return b, refuse("the grant lasts too long")
	}
	return b, nil
}
