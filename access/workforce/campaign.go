package workforce

import (
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// The kinds of facts about campaigns.
const (
	kindCampaign  = "campaign.opened"
	kindCertified = "grant.certified"
)

// campaign is a campaign as the facts have it. Its items are the grants that
// have a question of it.
type campaign struct {
	campaignOpened
	made stamp
}

// campaignOpened is the body of campaign.opened.
type campaignOpened struct {
	ID         string    `json:"campaign"`
	Tenant     string    `json:"tenant,omitempty"`
	Due        time.Time `json:"due"`
	Roles      []string  `json:"roles,omitempty"`
	Accounts   []string  `json:"accounts,omitempty"`
	Privileged bool      `json:"privileged,omitempty"`
	Reviewers  []string  `json:"reviewers,omitempty"`
	KeepOpen   bool      `json:"keep_undecided,omitempty"`
	act
}

func (b campaignOpened) fault() string {
	if !text(b.ID, MaxName) || b.Due.IsZero() {
		return "a campaign has no id or date"
	}
	return b.act.fault()
}

// question is what a campaign asks of a grant.
type question struct {
	campaign string
	due      time.Time // the grant ends then unless it is decided; zero: it does not
	decided  *stamp
}

// openCampaign asks its question of every grant in its scope that gives
// something, or may.
func openCampaign(d *draft, f state.Fact) error {
	var b campaignOpened
	if f.Subject != "" {
		return fmt.Errorf("%w: it has a subject", ErrFacts)
	}
	if err := decode(f, &b); err != nil {
		return err
	}
	all := d.affairs()
	if slices.ContainsFunc(all.campaigns, func(c *campaign) bool { return c.ID == b.ID }) {
		return fmt.Errorf("%w: a campaign is there twice", ErrFacts)
	}
	all.campaigns = append(slices.Clip(all.campaigns), &campaign{b, stamp{f.Seq, f.At, b.act}})
	var asked []key
	for a := range d.every() {
		if slices.ContainsFunc(a.grants, func(g *grant) bool { return b.covers(a, g, f.At) }) {
			asked = append(asked, a.key)
		}
	}
	for _, k := range asked {
		d.account(k).ask(b, f.At)
	}
	return nil
}

// covers reports whether a campaign asks about a grant.
func (b *campaignOpened) covers(a *account, g *grant, at time.Time) bool {
	s := g.status(at)
	return a.key.tenant == b.Tenant && a.status != Terminated && (s == InForce || s == Future) &&
		(len(b.Roles) == 0 || slices.Contains(b.Roles, g.Role)) &&
		(len(b.Accounts) == 0 || slices.Contains(b.Accounts, a.key.id)) &&
		(!b.Privileged || a.privileged)
}

func (a *account) ask(b campaignOpened, at time.Time) {
	a.grants = slices.Clone(a.grants)
	for i, g := range a.grants {
		if !b.covers(a, g, at) {
			continue
		}
		q := question{campaign: b.ID}
		if !b.KeepOpen {
			q.due = b.Due
		}
		asked := *g
		asked.questions = append(slices.Clip(g.questions), q)
		a.grants[i] = &asked
	}
}

// every returns the accounts as the draft has them.
func (d *draft) every() func(yield func(*account) bool) {
	return func(yield func(*account) bool) {
		for _, a := range d.accounts {
			if !yield(a) {
				return
			}
		}
		for a := range d.from.all() {
			if d.accounts[a.key] == nil && !yield(a) {
				return
			}
		}
	}
}

func (a *account) certify(f state.Fact, b onGrant) error {
	return a.onGrants(b.ID, func(g *grant) error { return g.decide(b, &stamp{f.Seq, f.At, b.act}) })
}

// decide answers the question of a campaign.
func (g *grant) decide(b onGrant, by *stamp) error {
	if b.Campaign == "" {
		return nil
	}
	i := slices.IndexFunc(g.questions, func(q question) bool { return q.campaign == b.Campaign })
	if i < 0 || g.questions[i].decided != nil {
		return fmt.Errorf("%w: a campaign is answered that did not ask", ErrFacts)
	}
	g.questions = slices.Clone(g.questions)
	g.questions[i].decided = by
	return nil
}
