package risk

import (
	"fmt"
	"slices"
)

// An Issue is an open point: what a register still lacks before it can be
// final.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(1)(ii)(B).
type Issue struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// Open returns what a draft still lacks, in the order of the file; nothing for
// a complete register. It assumes a register that Validate accepts otherwise.
func (r *Register) Open() []Issue {
	var open []Issue
	named := r.named()
	add := func(path, text string) { open = append(open, Issue{path, text}) }
	if blank(r.Scope) {
		add("scope", "not said which systems are in it")
	}
	if r.ReviewBy.IsZero() {
		add("review_by", "no date for the next review")
	}
	if r.Acceptable == Unrated {
		add("acceptable", "management has not said which risk it accepts")
	}
	if len(r.Assets) == 0 {
		add("assets", "nothing in the inventory")
	}
	for i, a := range r.Assets {
		openAsset(fmt.Sprintf("assets[%d]", i), a, named[a.ID], add)
	}
	for i, f := range r.Flows {
		if blank(f.Protection) {
			add(fmt.Sprintf("flows[%d].protection", i), "not said how "+f.ID+" is protected")
		}
	}
	for i, w := range r.Vulnerabilities {
		if !named[w.ID] {
			add(fmt.Sprintf("vulnerabilities[%d]", i), "no risk names "+w.ID)
		}
	}
	for i := range r.Risks {
		r.openRisk(fmt.Sprintf("risks[%d]", i), &r.Risks[i], add)
	}
	return open
}

// named returns the ids of assets and vulnerabilities that a risk names.
func (r *Register) named() map[string]bool {
	ids := map[string]bool{}
	for _, k := range r.Risks {
		for _, list := range [][]string{k.Assets, k.Vulnerabilities} {
			for _, id := range list {
				ids[id] = true
			}
		}
	}
	return ids
}

func openAsset(at string, a Asset, named bool, add func(path, text string)) {
	if blank(a.Owner) {
		add(at+".owner", a.ID+" has no owner")
	}
	if a.EPHI() && a.Kind == Vendor && blank(a.Agreement) {
		add(at+".agreement", a.ID+" holds ePHI and no business associate agreement is named")
	}
	if a.EPHI() && !named {
		add(at, a.ID+" counts as holding ePHI and no risk names it")
	}
}

func (r *Register) openRisk(at string, k *Risk, add func(path, text string)) {
	for _, p := range []struct {
		name string
		r    Rating
	}{{"inherent", k.Inherent}, {"current", k.Current}, {"residual", k.Residual}} {
		if p.r.Risk() == Unrated {
			add(at+"."+p.name, "the "+p.name+" risk of "+k.ID+" is not rated")
		} else if blank(p.r.Basis) {
			add(at+"."+p.name+".basis", "not said what the "+p.name+" rating of "+k.ID+" rests on")
		}
	}
	if blank(k.Owner) {
		add(at+".owner", k.ID+" has no owner")
	}
	switch {
	case k.Treatment == "":
		add(at+".treatment", "not decided what is done about "+k.ID)
	case k.Treatment != Accept && k.Done.IsZero() && blank(k.Plan):
		add(at+".plan", k.ID+" has no plan")
	case k.Treatment != Accept && k.Done.IsZero() && k.Due.IsZero():
		add(at+".due", k.ID+" has no due date")
	}
	if r.Acceptable != Unrated && k.Treatment != Accept && k.Treatment != "" && k.Residual.Risk() != Unrated && k.Residual.Risk() > r.Acceptable {
		add(at+".residual", fmt.Sprintf("the residual risk of %s is %s, above the acceptable %s, and nobody has accepted it", k.ID, k.Residual.Risk(), r.Acceptable))
	}
}

// A Deadline is something that is due.
//
// Controls: HIPAA 164.308(a)(1)(ii)(B), 164.308(a)(8).
type Deadline struct {
	// What is due, in words, and Path where it stands.
	What string `json:"what"`
	Path string `json:"path"`
	// On is the last day; Overdue is true from the day after.
	On      Date `json:"on"`
	Overdue bool `json:"overdue"`
}

// Deadlines returns the review of the register and the treatments that are
// not done, as they stand on a day, in the order of their dates.
func (r *Register) Deadlines(on Date) []Deadline {
	var due []Deadline
	if !r.ReviewBy.IsZero() {
		due = append(due, Deadline{"review of the risk register", "review_by", r.ReviewBy, r.ReviewBy.Before(on)})
	}
	for i, k := range r.Risks {
		if !k.Due.IsZero() && k.Done.IsZero() && k.Treatment != Accept {
			due = append(due, Deadline{"treatment of " + k.ID, fmt.Sprintf("risks[%d].due", i), k.Due, k.Due.Before(on)})
		}
	}
	slices.SortStableFunc(due, func(a, b Deadline) int { return a.On.Compare(b.On) })
	return due
}

// Ranked returns the risks with the worst current risk first, and an unrated
// one before all; equal ones by inherent risk and then as in the register.
// The slice belongs to the caller, what it points to does not.
func (r *Register) Ranked() []*Risk {
	ranked := make([]*Risk, len(r.Risks))
	for i := range r.Risks {
		ranked[i] = &r.Risks[i]
	}
	slices.SortStableFunc(ranked, func(a, b *Risk) int {
		if c := b.Current.Risk().Worse(a.Current.Risk()); c != 0 {
			return c
		}
		return b.Inherent.Risk().Worse(a.Inherent.Risk())
	})
	return ranked
}
