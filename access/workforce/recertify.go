package workforce

import (
	"context"
	"crypto/rand"
	"slices"
	"time"
)

// maxScope bounds the roles, accounts and reviewers that a campaign names.
const maxScope = 200

// A CampaignPlan says which grants are to be certified again, by whom and by
// when.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type CampaignPlan struct {
	// Tenant is whose grants are asked about.
	Tenant string
	// Roles and Accounts narrow the scope to these; empty means all.
	Roles, Accounts []string
	// Privileged narrows the scope to privileged accounts.
	Privileged bool
	// Due is when every grant must have been decided, within a year.
	Due time.Time
	// Reviewers may decide on every grant in scope, as each account's manager
	// may on that account's.
	Reviewers []string
	// KeepUndecided leaves grants in force that nobody has decided on by Due:
	// they are only listed. By default they lapse then, by the clock.
	KeepUndecided bool
	// Act is who opens the campaign, and why.
	Act
}

// OpenCampaign asks for every grant in scope that is in force or about to be
// whether it is to be kept, and returns the id of the campaign. Later grants
// are not asked about. It returns ErrRefused for a date that is past or more
// than a year away, and for a scope without a grant.
//
// 164.308(a)(4)(ii)(C) (addressable) asks to review and modify rights of
// access by the organisation's authorisation policy; it names no interval.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func (r *Registry) OpenCampaign(ctx context.Context, plan CampaignPlan) (id string, err error) {
	by, who, err := plan.act(ctx)
	if err != nil {
		return "", err
	}
	now := time.Now()
	switch {
	case !plan.Due.After(now) || plan.Due.After(now.Add(DefaultTerm)):
		return "", refuse("the campaign is due in the past or more than a year away")
	case max(len(plan.Roles), len(plan.Accounts), len(plan.Reviewers)) > maxScope:
		return "", refuse("the campaign names too many roles, accounts or reviewers")
	}
	b := campaignOpened{
		ID: "C-" + rand.Text(), Tenant: plan.Tenant, Due: plan.Due.UTC(), Roles: plan.Roles, Accounts: plan.Accounts,
		Privileged: plan.Privileged, Reviewers: plan.Reviewers, KeepOpen: plan.KeepUndecided, act: by,
	}
	// It can only take away, but what it takes away lapses later: the log
	// has the record before.
	err = r.widen(ctx, func(t *table) (p proposal, err error) {
		if err := t.mayAct(by.By); err != nil {
			return p, err
		}
		if by.By.Tenant != plan.Tenant {
			return p, refuse("who opens the campaign is of another tenant")
		}
		if !t.covered(&b, time.Now()) {
			return p, refuse("no grant is in the campaign's scope")
		}
		p.add(kindCampaign, key{}, who, b)
		return p, nil
	})
	if err != nil {
		return "", err
	}
	return b.ID, nil
}

func (t *table) covered(b *campaignOpened, now time.Time) bool {
	for a := range t.all() {
		if slices.ContainsFunc(a.grants, func(g *grant) bool { return b.covers(a, g, now) }) {
			return true
		}
	}
	return false
}

// A Certification is a reviewer's answer to a campaign about one grant.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Certification struct {
	// Campaign asked about Grant, which Account of Tenant has.
	Campaign, Tenant, Account, Grant string
	// Keep says that the grant is still needed. Otherwise it is revoked.
	Keep bool
	// Act is who decides, and why.
	Act
}

// Certify keeps or revokes a grant that a campaign asks about. The reviewer is a
// person of the tenant with an active account: the manager of the account, or
// one of the campaign's reviewers; never who has the grant, nor somebody who
// acts for them. Otherwise it returns ErrRefused, as it does for a grant that
// was decided before or has ended, and after the date of a campaign whose
// undecided grants lapse.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func (r *Registry) Certify(ctx context.Context, c Certification) error {
	by, who, err := c.act(ctx)
	if err != nil {
		return err
	}
	k := key{c.Tenant, c.Account}
	kind := kindRevoked
	if c.Keep {
		kind = kindCertified
	}
	decide := func(t *table) (p proposal, err error) {
		if err := t.mayCertify(k, c.Campaign, c.Grant, by.By, time.Now()); err != nil {
			return p, err
		}
		p.add(kind, k, who, onGrant{c.Grant, c.Campaign, by})
		return p, nil
	}
	if c.Keep {
		return r.widen(ctx, decide)
	}
	_, err = r.narrow(ctx, decide)
	return err
}

// mayCertify reports whether an actor may answer a campaign about a grant.
func (t *table) mayCertify(k key, campaign, id string, by Actor, now time.Time) error {
	a := t.find(k)
	if a == nil {
		return ErrAccount
	}
	g, c := a.grant(id), t.common().campaign(campaign)
	if g == nil || c == nil {
		return refuse("there is no such grant or campaign")
	}
	i := slices.IndexFunc(g.questions, func(q question) bool { return q.campaign == campaign })
	switch {
	case i < 0:
		return refuse("the campaign does not ask about the grant")
	case g.questions[i].decided != nil:
		return refuse("the grant was decided before")
	case !g.live(now):
		return refuse("the grant has ended")
	case !c.reviews(a, by):
		return refuse("who decides is neither the manager nor a reviewer of the campaign")
	}
	return t.mayJudge(by, k.tenant, k)
}

// reviews reports whether an actor is one of those who decide about a.
func (c *campaign) reviews(a *account, by Actor) bool {
	person := by.person()
	return person.tenant == a.key.tenant && (a.manager != "" && person.id == a.manager || slices.Contains(c.Reviewers, person.id))
}

// campaign returns the campaign with an id, nil if there is none.
func (a *affairs) campaign(id string) *campaign {
	for _, c := range a.campaigns {
		if c.ID == id {
			return c
		}
	}
	return nil
}
