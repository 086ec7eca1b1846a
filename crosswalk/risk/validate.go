package risk

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// Validate returns nil if the register can be represented: ids are unique and
// resolve, dates are in order, no risk rises through measures or falls without
// one, nothing is accepted without a name, a date and a reason, and a final
// register has no open point. Otherwise it returns an *[Error].
func (r *Register) Validate() error {
	if e := r.validate(); e != nil {
		return e
	}
	return nil
}

func (r *Register) validate() *Error {
	v := &validator{r: r, ids: map[string]string{}, placed: map[string]bool{}}
	for _, step := range []func() *Error{v.header, v.inventory, v.catalogue, v.flows, v.risks, v.final} {
		if e := step(); e != nil {
			return e
		}
	}
	return nil
}

type validator struct {
	r      *Register
	ids    map[string]string // which list an id belongs to
	placed map[string]bool   // whether a measure is in place, by id
}

func (v *validator) header() *Error {
	r := v.r
	switch {
	case blank(r.Organisation):
		return fault("organisation", "missing")
	case r.Version < 1:
		return fault("version", "must be 1 or more")
	case r.Date.IsZero():
		return fault("date", "missing")
	case !slices.Contains([]Status{Draft, Final}, r.Status):
		return fault("status", "must be draft or final")
	case !r.Acceptable.valid():
		return fault("acceptable", ErrLevel.Error())
	case !r.ReviewBy.IsZero() && !r.Date.Before(r.ReviewBy):
		return fault("review_by", "must be after date")
	}
	return v.preceding()
}

func (v *validator) preceding() *Error {
	r, p := v.r, v.r.Preceding
	switch {
	case r.Version == 1 && p == nil:
		return nil
	case r.Version == 1:
		return fault("preceding", "version 1 has none")
	case p == nil:
		return fault("preceding", "missing: a version after the first names the one before")
	case p.Version != r.Version-1:
		return fault("preceding.version", fmt.Sprintf("must be %d", r.Version-1))
	case p.Date.IsZero() || r.Date.Before(p.Date):
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

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// add takes an id into a list.
func (v *validator) add(list string, i int, id string) *Error {
	path := fmt.Sprintf("%s[%d].id", list, i)
	if !isID(id) {
		return fault(path, "must be 1 to 64 letters, digits, '.', '_' or '-'")
	}
	if _, ok := v.ids[id]; ok {
		return fault(path, id+" is the id of something else too")
	}
	v.ids[id] = list
	return nil
}

func isID(s string) bool {
	return s != "" && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == ""
}

func (v *validator) refers(path, list, id string) *Error {
	if v.ids[id] == list {
		return nil
	}
	if !isID(id) {
		return fault(path, "names none of "+list)
	}
	return fault(path, id+" names none of "+list)
}

func (v *validator) refersAll(path, list string, ids []string) *Error {
	seen := make(map[string]bool, len(ids))
	for i, id := range ids {
		at := fmt.Sprintf("%s[%d]", path, i)
		if e := v.refers(at, list, id); e != nil {
			return e
		}
		if seen[id] {
			return fault(at, id+" stands twice")
		}
		seen[id] = true
	}
	return nil
}

func controls(path string, ids []safeguard.Control) *Error {
	for i, id := range ids {
		at := fmt.Sprintf("%s[%d]", path, i)
		if _, err := crosswalk.ParseID(string(id)); err != nil {
			return &Error{Path: at, Text: err.Error(), Err: err}
		}
		if slices.Contains(ids[:i], id) {
			return fault(at, string(id)+" stands twice")
		}
	}
	return nil
}

func (v *validator) inventory() *Error {
	for i, a := range v.r.Assets {
		at := fmt.Sprintf("assets[%d]", i)
		if e := v.add("assets", i, a.ID); e != nil {
			return e
		}
		switch {
		case blank(a.Name):
			return fault(at+".name", "missing")
		case !slices.Contains([]AssetKind{Application, DataStore, Backup, Device, Network, Facility, Vendor, Model}, a.Kind):
			return fault(at+".kind", "unknown kind of asset")
		case !a.EPHI() && blank(a.WithoutEPHI):
			return fault(at+".without_ephi", "must say why, or be left out")
		case !a.EPHI() && len(a.Fields) > 0:
			return fault(at+".without_ephi", "contradicts its fields")
		}
		if e := fields(at, a.Fields); e != nil {
			return e
		}
	}
	return nil
}

func fields(at string, fs []Field) *Error {
	seen := map[[2]string]bool{}
	for i, f := range fs {
		at := fmt.Sprintf("%s.fields[%d]", at, i)
		key := [2]string{f.Type, f.Path}
		switch {
		case blank(f.Type):
			return fault(at+".type", "missing")
		case blank(f.Path):
			return fault(at+".path", "missing")
		case blank(f.Kind):
			return fault(at+".kind", "missing")
		case seen[key]:
			return fault(at, "stands twice")
		}
		seen[key] = true
	}
	return nil
}

// catalogue checks threats, vulnerabilities and measures.
func (v *validator) catalogue() *Error {
	for i, t := range v.r.Threats {
		if e := v.add("threats", i, t.ID); e != nil {
			return e
		}
		if !slices.Contains([]Source{Adversarial, Accidental, Structural, Environmental}, t.Source) {
			return fault(fmt.Sprintf("threats[%d].source", i), "must be adversarial, accidental, structural or environmental")
		}
		if blank(t.Event) {
			return fault(fmt.Sprintf("threats[%d].event", i), "missing")
		}
	}
	for i, w := range v.r.Vulnerabilities {
		if e := v.entry("vulnerabilities", i, w.ID, w.Description, w.Controls); e != nil {
			return e
		}
		if !w.Severity.valid() {
			return fault(fmt.Sprintf("vulnerabilities[%d].severity", i), ErrLevel.Error())
		}
	}
	for i, m := range v.r.Measures {
		if e := v.entry("measures", i, m.ID, m.Description, m.Controls); e != nil {
			return e
		}
		v.placed[m.ID] = !m.Since.IsZero()
		if v.r.Date.Before(m.Since) {
			return fault(fmt.Sprintf("measures[%d].since", i), "is after the register's date: a planned measure has none")
		}
	}
	return nil
}

func (v *validator) entry(list string, i int, id, description string, cs []safeguard.Control) *Error {
	if e := v.add(list, i, id); e != nil {
		return e
	}
	if blank(description) {
		return fault(fmt.Sprintf("%s[%d].description", list, i), "missing")
	}
	return controls(fmt.Sprintf("%s[%d].controls", list, i), cs)
}

func (v *validator) flows() *Error {
	for i, f := range v.r.Flows {
		at := fmt.Sprintf("flows[%d]", i)
		if e := v.add("flows", i, f.ID); e != nil {
			return e
		}
		inside := 0
		for _, end := range [2][2]string{{".from", f.From}, {".to", f.To}} {
			if end[1] == "" {
				continue
			}
			inside++
			if e := v.refers(at+end[0], "assets", end[1]); e != nil {
				return e
			}
		}
		switch {
		case inside == 0:
			return fault(at, "has neither from nor to")
		case (inside == 2) != blank(f.External):
			return fault(at+".external", "names the other end where from or to is missing, and only there")
		case blank(f.Data):
			return fault(at+".data", "missing")
		}
	}
	return nil
}

func (v *validator) final() *Error {
	r := v.r
	if r.Status == Draft {
		if !blank(r.ApprovedBy) || !r.ApprovedOn.IsZero() {
			return fault("status", "a draft is not approved yet")
		}
		return nil
	}
	switch {
	case blank(r.ApprovedBy):
		return fault("approved_by", "missing in a final register")
	case r.ApprovedOn.IsZero() || r.ApprovedOn.Before(r.Date):
		return fault("approved_on", "must be on or after date in a final register")
	}
	if open := r.Open(); len(open) > 0 {
		return fault(open[0].Path, fmt.Sprintf("a final register has no open point, this has %d; the first: %s", len(open), open[0].Text))
	}
	return nil
}
