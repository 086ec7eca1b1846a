package gap

import (
	"fmt"
	"slices"

	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

func (v *validator) gaps() *Error {
	for i := range v.a.Gaps {
		g := &v.a.Gaps[i]
		at := fmt.Sprintf("gaps[%d]", i)
		if e := first(v.id(at+".id", "gap", g.ID), v.short(at, g), v.plan(at, g)); e != nil {
			return e
		}
	}
	return nil
}

// short checks what a gap is about.
func (v *validator) short(at string, g *Gap) *Error {
	if len(g.Controls) == 0 {
		return fault(at+".controls", "missing: a gap cites at least one provision")
	}
	for i, id := range g.Controls {
		path := fmt.Sprintf("%s.controls[%d]", at, i)
		if slices.Contains(g.Controls[:i], id) {
			return fault(path, string(id)+" stands twice")
		}
		if e := v.applies(path, id); e != nil {
			return e
		}
	}
	for i, id := range g.Outcomes {
		path := fmt.Sprintf("%s.outcomes[%d]", at, i)
		if slices.Contains(g.Outcomes[:i], id) {
			return fault(path, id+" stands twice")
		}
		if e := v.outcome(path, id); e != nil {
			return e
		}
	}
	if !says(g.Finding) {
		return fault(at+".finding", "must say what falls short")
	}
	return nil
}

func (v *validator) plan(at string, g *Gap) *Error {
	switch {
	case g.Likelihood > risk.VeryHigh || g.Impact > risk.VeryHigh:
		return fault(at, risk.ErrLevel.Error())
	case !g.Closed.IsZero() && v.a.Date.Before(g.Closed) && v.a.Status == risk.Final:
		return fault(at+".closed", "is after the date of the assessment")
	case !g.Closed.IsZero() && len(g.Evidence) == 0:
		return fault(at+".evidence", "missing: a closed gap shows that it is")
	}
	return nil
}

func (v *validator) triggers() *Error {
	for i, t := range v.a.Triggers {
		at := fmt.Sprintf("triggers[%d]", i)
		if e := v.id(at+".id", "trigger", t.ID); e != nil {
			return e
		}
		switch {
		case !isTrigger(t.Kind):
			return fault(at+".kind", "must be system, vendor, role, ai model, incident or other")
		case blank(t.Name):
			return fault(at+".name", "missing")
		case t.On.IsZero():
			return fault(at+".on", "missing")
		}
	}
	return nil
}

func (v *validator) reviews() *Error {
	happened := map[string]risk.Date{}
	for _, t := range v.a.Triggers {
		happened[t.ID] = t.On
	}
	for i, r := range v.a.Reviews {
		at := fmt.Sprintf("reviews[%d]", i)
		switch {
		case r.On.IsZero() || r.On.Before(v.a.Date):
			return fault(at+".on", "must be on or after the date of the assessment")
		case blank(r.By):
			return fault(at+".by", "missing")
		}
		for j, id := range r.Triggers {
			path := fmt.Sprintf("%s.triggers[%d]", at, j)
			on, ok := happened[id]
			switch {
			case !ok:
				return fault(path, show(id)+" names none of triggers")
			case r.On.Before(on):
				return fault(path, id+" had not happened yet")
			}
		}
	}
	return nil
}
