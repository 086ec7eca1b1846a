package gap

import (
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// defaultMonths is quarterly, this package's choice: the rule says "periodic".
const defaultMonths = 3

// NextReview returns the day on which the next periodic review is due: the
// review months after the last review, or after the date of the assessment if
// there was none.
func (a *Assessment) NextReview() risk.Date {
	last := a.Date
	for _, r := range a.Reviews {
		if last.Before(r.On) {
			last = r.On
		}
	}
	months := a.ReviewMonths
	if months == 0 {
		months = defaultMonths
	}
	return last.AddMonths(months)
}

// reviewed returns the ids of the triggers that a review has looked at.
func (a *Assessment) reviewed() map[string]bool {
	ids := map[string]bool{}
	for _, r := range a.Reviews {
		for _, id := range r.Triggers {
			ids[id] = true
		}
	}
	return ids
}

// Deadlines returns everything that is due, as it stands on a day, in the
// order of dates: the periodic review; a review for each trigger that none has
// looked at, due on the day of the trigger itself; open gaps; the reviews of
// decisions in effect; and, where a decision on an addressable specification
// ends and none follows it, another one, due on the last day of the former.
func (a *Assessment) Deadlines(on risk.Date) []risk.Deadline {
	var due []risk.Deadline
	add := func(what, path string, day risk.Date) {
		due = append(due, risk.Deadline{What: what, Path: path, On: day, Overdue: day.Before(on)})
	}
	add("periodic review", "reviews", a.NextReview())
	reviewed := a.reviewed()
	for i, t := range a.Triggers {
		if !reviewed[t.ID] {
			add(fmt.Sprintf("review because of %s (%s)", t.ID, t.Kind), fmt.Sprintf("triggers[%d]", i), t.On)
		}
	}
	for i, g := range a.Gaps {
		if g.Open() && !g.Due.IsZero() {
			add("closing of gap "+g.ID, fmt.Sprintf("gaps[%d].due", i), g.Due)
		}
	}
	for i, d := range a.Decisions {
		if d.InEffect(on) {
			add("review of the decision on "+string(d.r.Specification), fmt.Sprintf("decisions[%d].review_by", i), d.r.ReviewBy)
		}
	}
	for _, r := range a.Applicable() {
		if i, ok := a.lapse(r.ID, on); ok {
			add(fmt.Sprintf("decision on %s to follow one that ends", r.ID), fmt.Sprintf("decisions[%d].last_in_effect", i), a.Decisions[i].r.LastInEffect)
		}
	}
	slices.SortStableFunc(due, func(x, y risk.Deadline) int { return x.On.Compare(y.On) })
	return due
}

// lapse returns where the decision stands that is in effect on a day, or was
// the last to be, and whether it ends without another one on the day after.
func (a *Assessment) lapse(specification safeguard.Control, on risk.Date) (at int, ends bool) {
	var last *Record
	for i, d := range a.Decisions {
		if d.Specification() != specification || on.Before(d.r.EffectiveFrom) {
			continue
		}
		if last == nil || last.EffectiveFrom.Before(d.r.EffectiveFrom) {
			at, last = i, d.r
		}
	}
	if last == nil || last.LastInEffect.IsZero() {
		return 0, false
	}
	_, follows := a.Decision(specification, last.LastInEffect.AddDays(1))
	return at, !follows
}
