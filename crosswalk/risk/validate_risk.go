package risk

import (
	"fmt"
	"slices"
)

func (v *validator) risks() *Error {
	for i := range v.r.Risks {
		k := &v.r.Risks[i]
		if e := v.add("risks", i, k.ID); e != nil {
			return e
		}
		at := fmt.Sprintf("risks[%d]", i)
		for _, e := range []*Error{
			v.links(at, k), levelsOf(at, k), v.falls(at, k), v.treatment(at, k), violations(at, k),
		} {
			if e != nil {
				return e
			}
		}
	}
	return nil
}

func (v *validator) links(at string, k *Risk) *Error {
	switch {
	case blank(k.Title):
		return fault(at+".title", "missing")
	case len(k.Assets) == 0:
		return fault(at+".assets", "missing: a risk is one to something")
	}
	return first(
		v.refers(at+".threat", "threats", k.Threat),
		v.refersAll(at+".assets", "assets", k.Assets),
		v.refersAll(at+".vulnerabilities", "vulnerabilities", k.Vulnerabilities),
		v.refersAll(at+".measures", "measures", k.Measures),
		controls(at+".controls", k.Controls),
	)
}

func first(errs ...*Error) *Error {
	for _, e := range errs {
		if e != nil {
			return e
		}
	}
	return nil
}

func levelsOf(at string, k *Risk) *Error {
	for _, p := range []struct {
		name string
		r    Rating
	}{{".inherent", k.Inherent}, {".current", k.Current}, {".residual", k.Residual}} {
		if !p.r.Initiation.valid() || !p.r.Adverse.valid() || !p.r.Impact.valid() {
			return fault(at+p.name, ErrLevel.Error())
		}
	}
	return nil
}

// falls checks that measures explain every difference between the ratings.
func (v *validator) falls(at string, k *Risk) *Error {
	placed, planned := v.measures(k)
	if e := falls(at+".current", "inherent", k.Inherent, k.Current, placed, "no measure in place explains it"); e != nil {
		return e
	}
	return falls(at+".residual", "current", k.Current, k.Residual, planned || changes(k.Treatment), "no planned measure or treatment explains it")
}

// changes reports whether a treatment lowers risk by itself, without a
// measure of the organisation.
func changes(t Treatment) bool { return t == Avoid || t == Share || t == Transfer }

func falls(path, from string, before, after Rating, explained bool, why string) *Error {
	for _, p := range [][2]Level{
		{before.Initiation, after.Initiation}, {before.Adverse, after.Adverse}, {before.Impact, after.Impact},
		{before.Risk(), after.Risk()},
	} {
		if p[0] == Unrated || p[1] == Unrated {
			continue
		}
		if p[1] > p[0] {
			return fault(path, fmt.Sprintf("%s is higher than %s in %s: measures do not raise a level", p[1], p[0], from))
		}
		if p[1] < p[0] && !explained {
			return fault(path, fmt.Sprintf("%s is lower than %s in %s, and %s", p[1], p[0], from, why))
		}
	}
	return nil
}

// measures says whether the risk has measures in place and planned ones.
func (v *validator) measures(k *Risk) (placed, planned bool) {
	for _, id := range k.Measures {
		placed = placed || v.placed[id]
		planned = planned || !v.placed[id]
	}
	return placed, planned
}

func (v *validator) treatment(at string, k *Risk) *Error {
	if k.Treatment != "" && !slices.Contains([]Treatment{Mitigate, Avoid, Share, Transfer, Accept}, k.Treatment) {
		return fault(at+".treatment", "must be mitigate, avoid, share, transfer or accept")
	}
	accepted := !blank(k.AcceptedBy) || !k.AcceptedOn.IsZero()
	switch {
	case k.Treatment != Accept && accepted:
		return fault(at+".accepted_by", "is for the treatment accept")
	case k.Treatment == Accept && blank(k.AcceptedBy):
		return fault(at+".accepted_by", "missing: somebody accepts a risk")
	case k.Treatment == Accept && k.AcceptedOn.IsZero():
		return fault(at+".accepted_on", "missing")
	case k.Treatment == Accept && blank(k.Reason):
		return fault(at+".reason", "missing: accepting a risk takes a reason")
	case !k.Done.IsZero() && k.Treatment == "":
		return fault(at+".done", "nothing was to be done")
	case v.r.Date.Before(k.Done) && v.r.Status == Final:
		return fault(at+".done", "is after the register's date")
	}
	return nil
}

func violations(at string, k *Risk) *Error {
	for i, v := range k.Violations {
		if text := v.fault(); text != "" {
			return &Error{Path: fmt.Sprintf("%s.violations[%d]", at, i), Text: text, Err: ErrPenalty}
		}
	}
	if _, err := Expose(k.Violations); err != nil {
		return &Error{Path: at + ".violations", Text: "a provision stands twice for one year in one tier", Err: err}
	}
	return nil
}
