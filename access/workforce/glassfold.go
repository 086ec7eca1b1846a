package workforce

import (
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// The kinds of facts about broken glass.
const (
	kindBroken        = "glass.broken"
	kindGlassClosed   = "glass.closed"
	kindGlassReviewed = "glass.reviewed"
)

// glass is a break-glass grant as the facts have it. It is never changed once
// it is published.
type glass struct {
	broken
	made stamp
	// seen is when this process learnt of it, by its monotonic clock.
	seen     time.Time
	closed   *stamp
	reviewed *stamp
	verdict  Verdict
}

// broken is the body of glass.broken. The code of the reason is that of the
// act.
type broken struct {
	ID      string `json:"glass"`
	Patient string `json:"patient"` // token
	Text    string `json:"text"`    // id or digest
	Seconds int    `json:"seconds"`
	Review  int    `json:"review_seconds"`
	act
}

func (b broken) fault() string {
	const year = 366 * 24 * 3600
	switch {
	case !text(b.ID, MaxName) || !text(b.Patient, MaxName) || !text(b.Text, MaxName):
		return "a break-glass grant has no id, patient or text"
	case b.Seconds < 1 || b.Seconds > year || b.Review < 1 || b.Review > year:
		return "a break-glass grant has no end"
	}
	return b.act.fault()
}

// onGlass is the body of a fact about a break-glass grant that is there.
type onGlass struct {
	ID      string  `json:"glass"`
	Verdict Verdict `json:"verdict,omitempty"`
	Note    string  `json:"note,omitempty"`
	act
}

func (a *account) breakGlass(f state.Fact, b broken) error {
	if a.glass(b.ID) != nil {
		return fmt.Errorf("%w: a break-glass grant is there twice", ErrFacts)
	}
	a.glasses = append(slices.Clip(a.glasses), &glass{broken: b, made: stamp{f.Seq, f.At, b.act}, seen: time.Now()})
	return nil
}

func (a *account) onGlasses(id string, change func(*glass) error) (err error) {
	a.glasses, err = replace(a.glasses, func(g *glass) bool { return g.ID == id }, change)
	return err
}

func (a *account) closeGlass(f state.Fact, b onGlass) error {
	return a.onGlasses(b.ID, func(g *glass) error {
		if g.closed == nil {
			g.closed = &stamp{f.Seq, f.At, b.act}
		}
		return nil
	})
}

func (a *account) reviewGlass(f state.Fact, b onGlass) error {
	if !b.Verdict.valid() {
		return fmt.Errorf("%w: a review says nothing", ErrFacts)
	}
	return a.onGlasses(b.ID, func(g *glass) error {
		if g.reviewed != nil {
			return fmt.Errorf("%w: a break-glass grant is reviewed twice", ErrFacts)
		}
		g.reviewed, g.verdict = &stamp{f.Seq, f.At, b.act}, b.Verdict
		return nil
	})
}

// glass returns the break-glass grant with an id, nil if there is none.
func (a *account) glass(id string) *glass {
	for _, g := range a.glasses {
		if g.ID == id {
			return g
		}
	}
	return nil
}

// openGlass returns the open break-glass grant for a patient, nil if there is
// none.
func (a *account) openGlass(token string, now time.Time) *glass {
	for _, g := range slices.Backward(a.glasses) {
		if g.Patient == token && g.open(now.Round(0), now.Sub(g.seen)) {
			return g
		}
	}
	return nil
}

func (g *glass) limit() time.Duration { return time.Duration(g.Seconds) * time.Second }

func (g *glass) until() time.Time { return g.made.at.Add(g.limit()) }

func (g *glass) reviewBy() time.Time { return g.made.at.Add(time.Duration(g.Review) * time.Second) }

// open reports whether g counts: by the wall clock, which can be set back, and
// by the time since this process learnt of it, which stands still while the
// machine is suspended. The first that says no ends it. A wall clock before
// the grant is as wrong as one after it, but for what two machines may differ.
func (g *glass) open(wall time.Time, since time.Duration) bool {
	return g.closed == nil && wall.Before(g.until()) && since < g.limit() && wall.After(g.made.at.Add(-skew))
}

// skew is how far a wall clock may be behind that of the State.
const skew = 5 * time.Minute

func (g *glass) public(k key, now time.Time) Glass {
	out := Glass{
		ID: g.ID, Tenant: k.tenant, Account: k.id, Status: GlassOver, Patient: g.Patient, Code: g.Reason, Text: g.Text,
		At: g.made.at.UTC(), Until: g.until().UTC(), ReviewBy: g.reviewBy().UTC(), Verdict: g.verdict,
	}
	switch {
	case g.closed != nil:
		m := g.closed.mark()
		out.Status, out.Closed = GlassClosed, &m
	case g.open(now.Round(0), now.Sub(g.seen)):
		out.Status = GlassOpen
	}
	if g.reviewed != nil {
		m := g.reviewed.mark()
		out.Reviewed = &m
	}
	return out
}
