package gap

import (
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// A Shortfall is a provision or an outcome that is below its target or not
// assessed.
//
// Controls: HIPAA 164.308(a)(8), 164.308(a)(1)(ii)(B); NIST CSF 2.0 ID.RA-06.
type Shortfall struct {
	// Control is the provision; empty for an outcome.
	Control safeguard.Control `json:"control,omitempty"`
	// Outcome is the subcategory; empty for a provision.
	Outcome string `json:"outcome,omitempty"`
	Score   Score  `json:"score,omitzero"`
	Target  Score  `json:"target"`
	// Gap is the id of the open gap that stands for it, the one of the highest
	// risk if there are several; empty if there is none.
	Gap string `json:"gap,omitempty"`
	// Risk is that gap's; unrated if there is none.
	Risk risk.Level `json:"risk,omitzero"`
}

// Shortfalls returns everything that is below its target or not assessed,
// ranked: what nobody has documented or rated first, then by the risk of its
// gap, then in the order of the regulation and of the framework. A
// specification that was decided to be not reasonable and appropriate, without
// an equivalent measure, is not listed: its standard is.
//
// It assumes an assessment that Validate accepts.
func (a *Assessment) Shortfalls() []Shortfall {
	var short []Shortfall
	documented := a.documented()
	for _, r := range a.Applicable() {
		d, decided := a.Decision(r.ID, a.Date)
		if decided && d.r.Choice == NotReasonable {
			continue
		}
		if s, below := a.below(a.provision(r.ID)); below {
			s.Control = r.ID
			s.Gap, s.Risk = documented.of(string(r.ID))
			short = append(short, s)
		}
	}
	for _, o := range a.Subcategories() {
		if s, below := a.below(a.outcome(o.ID)); below {
			s.Outcome = o.ID
			s.Gap, s.Risk = documented.of(o.ID)
			short = append(short, s)
		}
	}
	slices.SortStableFunc(short, func(x, y Shortfall) int { return y.Risk.Worse(x.Risk) })
	return short
}

func (a *Assessment) provision(id safeguard.Control) Result {
	for _, p := range a.Provisions {
		if p.Control == id {
			return p.Result
		}
	}
	return Result{}
}

func (a *Assessment) outcome(id string) Result {
	for _, o := range a.Outcomes {
		if o.Subcategory == id {
			return o.Result
		}
	}
	return Result{}
}

func (a *Assessment) below(r Result) (Shortfall, bool) {
	target := r.Target
	if target == NotAssessed {
		target = a.Target
	}
	return Shortfall{Score: r.Score, Target: target}, r.Score < target
}

// documentation is the open gap of the highest risk for each provision and
// outcome, the first in the file if there are several.
type documentation map[string]*Gap

func (a *Assessment) documented() documentation {
	best := documentation{}
	for i := range a.Gaps {
		g := &a.Gaps[i]
		if !g.Open() {
			continue
		}
		for _, id := range g.Controls {
			best.add(string(id), g)
			for p := range crosswalk.ByControl(a.Edition.Framework(), id) {
				if !crosswalk.Universal(p.Framework, p.Ref) {
					best.add(p.Ref, g)
				}
			}
		}
		for _, id := range g.Outcomes {
			best.add(id, g)
		}
	}
	return best
}

func (d documentation) add(id string, g *Gap) {
	if old := d[id]; old == nil || g.Risk().Worse(old.Risk()) > 0 {
		d[id] = g
	}
}

func (d documentation) of(id string) (gap string, level risk.Level) {
	if g := d[id]; g != nil {
		return g.ID, g.Risk()
	}
	return "", risk.Unrated
}

// Decision returns the decision on a specification that is in effect on a day,
// and false if there is none.
func (a *Assessment) Decision(specification safeguard.Control, on risk.Date) (Decision, bool) {
	for _, d := range a.Decisions {
		if d.r != nil && d.r.Specification == specification && d.InEffect(on) {
			return d, true
		}
	}
	return Decision{}, false
}

// Ranked returns the open gaps with the highest risk first, and an unrated one
// before all; equal ones by due date, those without one first, and then as in
// the assessment. The slice belongs to the caller, what it points to does not.
func (a *Assessment) Ranked() []*Gap {
	var ranked []*Gap
	for i := range a.Gaps {
		if a.Gaps[i].Open() {
			ranked = append(ranked, &a.Gaps[i])
		}
	}
	slices.SortStableFunc(ranked, func(x, y *Gap) int {
		if c := y.Risk().Worse(x.Risk()); c != 0 {
			return c
		}
		return x.Due.Compare(y.Due)
	})
	return ranked
}

// OpenPoints returns what a draft still lacks, in the order of the regulation
// and of the file; nothing for a complete assessment. It assumes an assessment
// that Validate accepts otherwise.
func (a *Assessment) OpenPoints() []risk.Issue {
	var open []risk.Issue
	add := func(path, format string, args ...any) {
		open = append(open, risk.Issue{Path: path, Text: fmt.Sprintf(format, args...)})
	}
	if blank(a.Scope) {
		add("scope", "not said which systems are in it")
	}
	for _, r := range a.Applicable() {
		if _, ok := a.Decision(r.ID, a.Date); r.Designation == crosswalk.Addressable && !ok {
			add("decisions", "no decision on the addressable %s %s is in effect", r.ID, r.Title)
		}
	}
	for _, s := range a.Shortfalls() {
		a.openShortfall(s, add)
	}
	for i := range a.Gaps {
		openGap(fmt.Sprintf("gaps[%d]", i), &a.Gaps[i], add)
	}
	return open
}

func (a *Assessment) openShortfall(s Shortfall, add func(path, format string, args ...any)) {
	path, name := "provisions", string(s.Control)
	if s.Outcome != "" {
		path, name = "outcomes", s.Outcome
	}
	switch {
	case s.Score == NotAssessed:
		add(path, "%s is not assessed", name)
	case s.Gap == "":
		add(path, "%s is at %s, its target is %s, and no open gap documents it", name, s.Score, s.Target)
	}
}

func openGap(at string, g *Gap, add func(path, format string, args ...any)) {
	if !g.Open() {
		return
	}
	if g.Risk() == risk.Unrated {
		add(at, "the risk of %s is not rated", g.ID)
	}
	if blank(g.Owner) {
		add(at+".owner", "%s has no owner", g.ID)
	}
	if g.Due.IsZero() {
		add(at+".due", "%s has no due date", g.ID)
	}
	if !says(g.Plan) {
		add(at+".plan", "%s has no remediation plan", g.ID)
	}
}
