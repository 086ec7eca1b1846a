package workforce

import (
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// The kinds of facts about grants.
const (
	kindRequested = "grant.requested"
	kindApproved  = "grant.approved"
	kindRevoked   = "grant.revoked"
)

// grant is a grant as the facts have it. It is never changed once it is
// published.
type grant struct {
	requested
	asked     stamp
	approved  []stamp
	revoked   *stamp
	questions []question // of campaigns, the last one last
}

// requested is the body of grant.requested.
type requested struct {
	ID    string    `json:"grant"`
	Role  string    `json:"role"`
	From  time.Time `json:"from"`
	Until time.Time `json:"until,omitzero"`
	NoEnd string    `json:"no_end,omitempty"`
	Needs int       `json:"needs"`
	act
}

func (b requested) fault() string {
	switch {
	case !text(b.ID, MaxName) || !text(b.Role, MaxName):
		return "a grant has no id or role"
	case b.Needs < 1 || b.Needs > maxApprovals:
		return "a grant needs no approval"
	case b.Until.IsZero() != (b.NoEnd != "") || b.NoEnd != "" && !text(b.NoEnd, MaxText):
		return "a grant has no end and no reason for that"
	}
	return b.act.fault()
}

// onGrant is the body of a fact about a grant that is there.
type onGrant struct {
	ID       string `json:"grant"`
	Campaign string `json:"campaign,omitempty"`
	act
}

func (a *account) request(f state.Fact, b requested) error {
	if a.grant(b.ID) != nil {
		return fmt.Errorf("%w: a grant is there twice", ErrFacts)
	}
	a.grants = append(slices.Clip(a.grants), &grant{requested: b, asked: stamp{f.Seq, f.At, b.act}})
	return nil
}

// onGrants changes a copy of the grant with an id.
func (a *account) onGrants(id string, change func(*grant) error) (err error) {
	a.grants, err = replace(a.grants, func(g *grant) bool { return g.ID == id }, change)
	return err
}

func (a *account) approve(f state.Fact, b onGrant) error {
	return a.onGrants(b.ID, func(g *grant) error {
		g.approved = append(slices.Clip(g.approved), stamp{f.Seq, f.At, b.act})
		return nil
	})
}

func (a *account) revoke(f state.Fact, b onGrant) error {
	return a.onGrants(b.ID, func(g *grant) error {
		if g.revoked == nil {
			g.revoked = &stamp{f.Seq, f.At, b.act}
		}
		return g.decide(b, g.revoked)
	})
}

// grant returns the grant with an id, nil if there is none.
func (a *account) grant(id string) *grant {
	for _, g := range a.grants {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// status is what g is good for at now.
func (g *grant) status(now time.Time) GrantStatus {
	complete := len(g.approved) >= g.Needs
	due := g.due()
	switch {
	case g.revoked != nil:
		return Revoked
	case !complete && now.Sub(g.asked.at) >= pending, !g.Until.IsZero() && !now.Before(g.Until):
		return Expired
	case !complete:
		return Pending
	case !due.IsZero() && !now.Before(due):
		return Lapsed
	case now.Before(g.From):
		return Future
	}
	return InForce
}

// due is when g ends because nobody certified it: the first date at which a
// campaign was undecided.
func (g *grant) due() (first time.Time) {
	for _, r := range g.questions {
		missed := r.decided == nil || !r.decided.at.Before(r.due)
		if missed && !r.due.IsZero() && (first.IsZero() || r.due.Before(first)) {
			first = r.due
		}
	}
	return first
}

// turns is when the status of g next changes by the clock, the zero time if it
// does not.
func (g *grant) turns(now time.Time) (next time.Time) {
	for _, at := range []time.Time{g.From, g.Until, g.due()} {
		if at.After(now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// live reports whether g gives its role now, or may still come to.
func (g *grant) live(now time.Time) bool {
	s := g.status(now)
	return s == InForce || s == Future || s == Pending
}

// public returns a copy of g for callers.
func (g *grant) public(k key, now time.Time) Grant {
	out := Grant{
		ID: g.ID, Tenant: k.tenant, Account: k.id, Role: g.Role, Status: g.status(now), From: g.From, Until: g.Until, NoEnd: g.NoEnd,
		Due: g.due(), Requested: g.asked.mark(), Needs: g.Needs,
	}
	for _, s := range g.approved {
		out.Approved = append(out.Approved, s.mark())
	}
	for _, r := range g.questions {
		if r.decided != nil && (g.revoked == nil || r.decided.seq != g.revoked.seq) {
			out.Certified = append(out.Certified, r.decided.mark())
		}
	}
	if g.revoked != nil {
		m := g.revoked.mark()
		out.Revoked = &m
	}
	return out
}
