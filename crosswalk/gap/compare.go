package gap

import (
	"fmt"
	"reflect"

	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// Compare returns how after differs from before: what the scores were and are,
// which exclusions, decisions and gaps are new, changed or gone. Order is that
// of the regulation, the framework and the files. Outcomes are compared within one
// edition only. It compares whatever it is
// given: whether one is the other's next version is for [Assessment.Follows]
// to say.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(2)(iii); NIST CSF 2.0 ID.IM-03.
func Compare(before, after *Assessment) []risk.Change {
	c := &comparison{}
	for _, f := range []struct{ name, before, after string }{
		{"scope", before.Scope, after.Scope},
		{"edition", string(before.Edition), string(after.Edition)},
		{"scale", string(before.Scale), string(after.Scale)},
		{"target", before.Target.String(), after.Target.String()},
	} {
		if f.before != f.after {
			c.add("assessment", "", "changed", f.name)
		}
	}
	c.exclusions(before, after)
	for r := range crosswalk.In(crosswalk.SecurityRule) {
		c.score("provisions", string(r.ID), before.provision(r.ID), after.provision(r.ID))
	}
	if before.Edition == after.Edition {
		for s := range crosswalk.Subcategories(after.Edition.Framework()) {
			c.score("outcomes", s.ID, before.outcome(s.ID), after.outcome(s.ID))
		}
	}
	c.decisions(before, after)
	c.gaps(before, after)
	return c.changes
}

type comparison struct{ changes []risk.Change }

func (c *comparison) add(list, id, what, detail string) {
	c.changes = append(c.changes, risk.Change{List: list, ID: id, What: what, Detail: detail})
}

// exclusions compares which provisions are excluded.
func (c *comparison) exclusions(before, after *Assessment) {
	for _, x := range after.Exclusions {
		if !before.excludes(x.Control) {
			c.add("exclusions", string(x.Control), "added", "")
		}
	}
	for _, x := range before.Exclusions {
		if !after.excludes(x.Control) {
			c.add("exclusions", string(x.Control), "removed", "applies again")
		}
	}
}

func (c *comparison) score(list, id string, before, after Result) {
	if before.Score != after.Score {
		c.add(list, id, "changed", fmt.Sprintf("from %s to %s", before.Score, after.Score))
	}
}

// decisions compares what was in effect on the day of each assessment.
func (c *comparison) decisions(before, after *Assessment) {
	for _, r := range after.Applicable() {
		was, had := before.Decision(r.ID, before.Date)
		is, has := after.Decision(r.ID, after.Date)
		switch {
		case !had && has:
			c.add("decisions", string(r.ID), "added", string(is.r.Choice))
		case had && !has:
			c.add("decisions", string(r.ID), "removed", "was "+string(was.r.Choice))
		case had && was.r.Choice != is.r.Choice:
			c.add("decisions", string(r.ID), "changed", fmt.Sprintf("from %s to %s", was.r.Choice, is.r.Choice))
		case had && !reflect.DeepEqual(was.r, is.r):
			c.add("decisions", string(r.ID), "changed", "")
		}
	}
}

func (c *comparison) gaps(before, after *Assessment) {
	old := map[string]Gap{}
	for _, g := range before.Gaps {
		old[g.ID] = g
	}
	kept := map[string]bool{}
	for _, g := range after.Gaps {
		was, ok := old[g.ID]
		kept[g.ID] = true
		switch {
		case !ok:
			c.add("gaps", g.ID, "added", "")
		case was.Open() && !g.Open():
			c.add("gaps", g.ID, "changed", "closed on "+g.Closed.String())
		case !reflect.DeepEqual(was, g):
			c.add("gaps", g.ID, "changed", movedGap(was, g))
		}
	}
	for _, g := range before.Gaps {
		if !kept[g.ID] && g.Open() {
			c.add("gaps", g.ID, "removed", "was open")
		}
	}
}

func movedGap(was, is Gap) string {
	s := ""
	if was.Risk() != is.Risk() {
		s = fmt.Sprintf("risk from %s to %s", was.Risk(), is.Risk())
	}
	if was.Due != is.Due {
		if s != "" {
			s += "; "
		}
		s += fmt.Sprintf("due from %s to %s", dateText(was.Due), dateText(is.Due))
	}
	return s
}

func dateText(d risk.Date) string {
	if d.IsZero() {
		return "no date"
	}
	return d.String()
}
