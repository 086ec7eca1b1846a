package gap

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// Validate returns nil if the assessment can be represented: ids are unique
// and resolve, results are on the assessment's scale and have an author and a
// date, only conditional provisions are excluded, at most one decision on a
// specification is in effect on a day, and a final assessment has no open
// point. Otherwise it returns an *[Error].
func (a *Assessment) Validate() error {
	if e := a.validate(); e != nil {
		return e
	}
	return nil
}

func (a *Assessment) validate() *Error {
	v := &validator{a: a, seen: map[string]bool{}, outcomes: map[string]bool{}}
	for _, step := range []func() *Error{
		v.header, v.frame, v.exclusions, v.results, v.decisions, v.gaps, v.triggers, v.reviews, v.final,
	} {
		if e := step(); e != nil {
			return e
		}
	}
	return nil
}

type validator struct {
	a        *Assessment
	seen     map[string]bool // what may stand once, by list and id
	outcomes map[string]bool // the subcategories of the edition that apply
}

func (v *validator) header() *Error {
	a := v.a
	switch {
	case blank(a.Organisation):
		return fault("organisation", "missing")
	case a.Version < 1:
		return fault("version", "must be 1 or more")
	case a.Date.IsZero():
		return fault("date", "missing")
	case a.Status != risk.Draft && a.Status != risk.Final:
		return fault("status", "must be draft or final")
	}
	return v.preceding()
}

func (v *validator) preceding() *Error {
	a, p := v.a, v.a.Preceding
	switch {
	case a.Version == 1 && p == nil:
		return nil
	case a.Version == 1:
		return fault("preceding", "version 1 has none")
	case p == nil:
		return fault("preceding", "missing: a version after the first names the one before")
	case p.Version != a.Version-1:
		return fault("preceding.version", fmt.Sprintf("must be %d", a.Version-1))
	case p.Date.IsZero() || a.Date.Before(p.Date):
		return fault("preceding.date", "must be on or before date")
	case !isHash(p.SHA256):
		return fault("preceding.sha256", "must be 64 lower-case hexadecimal digits")
	}
	return nil
}

func isHash(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && s == strings.ToLower(s)
}

// frame checks edition, scale, target and period.
func (v *validator) frame() *Error {
	a := v.a
	switch {
	case a.Edition.fault() != nil:
		return fault("edition", a.Edition.fault().Error())
	case a.Scale != MaturityScale && a.Scale != TierScale:
		return fault("scale", fmt.Sprintf("must be %q or %q", MaturityScale, TierScale))
	case a.Target.Scale() != a.Scale:
		return fault("target", "is not on the scale "+string(a.Scale))
	case a.Target == Maturity0:
		return fault("target", "0 is no target")
	case a.ReviewMonths < 0 || a.ReviewMonths > 12:
		return fault("review_months", "must be 1 to 12, or left out for 3")
	}
	return nil
}

// provision checks that id is a standard or specification of the Security
// Rule.
func (v *validator) provision(path string, id safeguard.Control) *Error {
	r, ok := crosswalk.Get(id)
	if !ok {
		_, err := crosswalk.ParseID(string(id))
		return &Error{Path: path, Text: err.Error(), Err: err}
	}
	if r.Rule != crosswalk.SecurityRule {
		return fault(path, string(id)+" is not in the Security Rule")
	}
	return nil
}

// applies checks that id is a provision that is not excluded.
func (v *validator) applies(path string, id safeguard.Control) *Error {
	if e := v.provision(path, id); e != nil {
		return e
	}
	if v.a.excludes(id) {
		return fault(path, string(id)+" is excluded")
	}
	return nil
}

func (v *validator) outcome(path, id string) *Error {
	if v.outcomes[id] {
		return nil
	}
	if _, ok := crosswalk.GetSubcategory(v.a.Edition.Framework(), id); ok {
		return fault(path, id+" is paired with no provision that applies")
	}
	return fault(path, fmt.Sprintf("%s is no subcategory of %s%s", show(id), v.a.Edition, meant(v.a.Edition, id)))
}

// meant suggests the spelling of the edition for an id of the other one or in
// another case.
func meant(e Edition, id string) string {
	plain := func(s string) string { return strings.ToUpper(strings.Replace(s, "-0", "-", 1)) }
	for s := range crosswalk.Subcategories(e.Framework()) {
		if plain(s.ID) == plain(id) {
			return "; did you mean " + s.ID + "?"
		}
	}
	return ""
}

func show(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return fmt.Sprintf("%+q", s)
}

// once refuses what stands twice in a list.
func (v *validator) once(path, list, id string) *Error {
	if v.seen[list+" "+id] {
		return fault(path, show(id)+" stands twice")
	}
	v.seen[list+" "+id] = true
	return nil
}

func (v *validator) results() *Error {
	for _, s := range v.a.Subcategories() {
		v.outcomes[s.ID] = true
	}
	for i, p := range v.a.Provisions {
		at := fmt.Sprintf("provisions[%d]", i)
		if e := first(v.applies(at+".control", p.Control), v.once(at+".control", "provision", string(p.Control)), v.result(at+".result", p.Result)); e != nil {
			return e
		}
	}
	for i, o := range v.a.Outcomes {
		at := fmt.Sprintf("outcomes[%d]", i)
		if e := first(v.outcome(at+".subcategory", o.Subcategory), v.once(at+".subcategory", "outcome", o.Subcategory), v.result(at+".result", o.Result)); e != nil {
			return e
		}
	}
	return nil
}

func first(errs ...*Error) *Error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

func (v *validator) result(at string, r Result) *Error {
	a := v.a
	if r.Target != NotAssessed && r.Target.Scale() != a.Scale {
		return fault(at+".target", "is not on the scale "+string(a.Scale))
	}
	if r.Target != NotAssessed && r.Target < a.Target && !says(r.Reason) {
		return fault(at+".reason", "must say why the target is lower than the assessment's")
	}
	if r.Score == NotAssessed {
		if !blank(r.By) || !r.On.IsZero() {
			return fault(at+".score", "missing where somebody has assessed")
		}
		return nil
	}
	switch {
	case r.Score.Scale() != a.Scale:
		return fault(at+".score", "is not on the scale "+string(a.Scale))
	case blank(r.By):
		return fault(at+".by", "missing: a score has an author")
	case r.On.IsZero() || a.Date.Before(r.On):
		return fault(at+".on", "must be on or before the date of the assessment")
	}
	return nil
}

// decisions checks that no two on one specification are in effect on one day.
func (v *validator) decisions() *Error {
	bySpecification := map[safeguard.Control][]int{}
	for i, d := range v.a.Decisions {
		if d.IsZero() {
			return fault(fmt.Sprintf("decisions[%d]", i), "a decision without content")
		}
		bySpecification[d.r.Specification] = append(bySpecification[d.r.Specification], i)
	}
	var found *Error
	earliest := len(v.a.Decisions)
	for _, places := range bySpecification {
		i, j := v.overlap(places)
		if i < earliest {
			earliest = i
			found = fault(fmt.Sprintf("decisions[%d]", i), fmt.Sprintf("in effect at the same time as decisions[%d] on %s", j, v.a.Decisions[i].r.Specification))
		}
	}
	return found
}

// overlap returns the places of two decisions that are in effect on the same
// day, the later in the file first; beyond the list if there are none.
func (v *validator) overlap(places []int) (i, j int) {
	record := func(i int) *Record { return v.a.Decisions[i].r }
	slices.SortStableFunc(places, func(x, y int) int { return record(x).EffectiveFrom.Compare(record(y).EffectiveFrom) })
	for n := 1; n < len(places); n++ {
		x, y := places[n-1], places[n]
		if end := record(x).LastInEffect; end.IsZero() || !end.Before(record(y).EffectiveFrom) {
			return max(x, y), min(x, y)
		}
	}
	return len(v.a.Decisions), 0
}

func (v *validator) final() *Error {
	a := v.a
	if a.Status == risk.Draft {
		if !blank(a.ApprovedBy) || !a.ApprovedOn.IsZero() {
			return fault("status", "a draft is not approved yet")
		}
		return nil
	}
	switch {
	case blank(a.ApprovedBy):
		return fault("approved_by", "missing in a final assessment")
	case a.ApprovedOn.IsZero() || a.ApprovedOn.Before(a.Date):
		return fault("approved_on", "must be on or after date in a final assessment")
	}
	if open := a.OpenPoints(); len(open) > 0 {
		return fault(open[0].Path, fmt.Sprintf("a final assessment has no open point, this has %d; the first: %s", len(open), open[0].Text))
	}
	return nil
}

func isID(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

func (v *validator) id(path, list, id string) *Error {
	if !isID(id) {
		return fault(path, "must be 1 to 64 letters, digits, '.', '_' or '-'")
	}
	return v.once(path, list, id)
}

func isTrigger(k TriggerKind) bool {
	return slices.Contains([]TriggerKind{System, Vendor, Role, AIModel, Incident, Other}, k)
}
