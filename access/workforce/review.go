package workforce

import (
	"context"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// A Verdict is what a review of broken glass found.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
type Verdict string

// The verdicts. Either ends the wait; what follows from one that is not
// justified is for the sanction policy (164.308(a)(1)(ii)(C)).
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
const (
	Justified    Verdict = "justified"
	NotJustified Verdict = "not-justified"
)

func (v Verdict) valid() bool { return v == Justified || v == NotJustified }

// A GlassReview is the judgement of somebody else on a break-glass grant.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
type GlassReview struct {
	// Tenant and Account are who broke the glass, Glass is the grant.
	Tenant, Account, Glass string
	Verdict                Verdict
	// Note is the id of a note in a place for PHI; it may be empty.
	Note string
	// Act is who judges, and the reason in a few words without PHI.
	Act
}

// ReviewGlass notes a review. The reviewer is a person of the tenant with an
// active account, and neither who broke the glass nor somebody who acts for
// them; otherwise it returns ErrRefused, as for a grant that is still open or
// was reviewed before.
//
// A review is of all that was done under the grant, which therefore must be over
// or closed. It lets its account break the glass again, so it is recorded before
// it counts. The Subject of the records of a grant is the grant.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
func (r *Registry) ReviewGlass(ctx context.Context, review GlassReview) error {
	by, who, err := review.act(ctx)
	switch {
	case err != nil:
		return err
	case !review.Verdict.valid():
		return refuse("the verdict is neither justified nor not")
	case review.Note != "" && !text(review.Note, MaxName):
		return refuse("the id of the note is no text of at most 256 bytes")
	}
	k := key{review.Tenant, review.Account}
	return r.widen(ctx, func(t *table) (p proposal, err error) {
		if err := t.mayReview(k, review.Glass, by.By); err != nil {
			return p, err
		}
		n := p.add(kindGlassReviewed, k, who, onGlass{review.Glass, review.Verdict, review.Note, by})
		n.Type, n.Purpose, n.Subject = audit.TypeBreakGlassReviewed, safeguard.BreakGlass, review.Glass
		return p, nil
	})
}

// mayReview reports whether an actor may judge a break-glass grant.
func (t *table) mayReview(k key, id string, by Actor) error {
	a := t.find(k)
	if a == nil {
		return ErrAccount
	}
	i := slices.IndexFunc(a.glasses, func(g *glass) bool { return g.ID == id })
	switch {
	case i < 0:
		return refuse("there is no such break-glass grant")
	case a.glasses[i].reviewed != nil:
		return refuse("the break-glass grant was reviewed before")
	}
	if err := t.mayJudge(by, k.tenant, append(t.behind(a.glasses[i].By), k)...); err != nil {
		return err
	}
	if now := time.Now(); a.active() && a.glasses[i].open(now.Round(0), now.Sub(a.glasses[i].seen)) {
		return refuse("the break-glass grant is still open; close it first")
	}
	return nil
}
