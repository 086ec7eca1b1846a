package risk

import (
	"fmt"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/internal/markdown"
)

func (p *Report) exposure(d *markdown.Doc) {
	d.Heading(2, "Exposure")
	assume := func(k Risk) bool { return len(k.Violations) > 0 }
	if !slices.ContainsFunc(p.Register.Risks, assume) {
		d.Paragraph("No violations were assumed for any risk.")
		return
	}
	d.Item(ExposureNotice)
	d.Item(DiscretionNotice)
	d.Item("Amounts: " + PenaltyVersion + ".")
	d.Item("Risks are not added up: the cap is for all violations of an identical provision in a year, in whichever risk they stand.")
	d.Table("Culpability", "45 CFR", "Least for one violation", "Most for one violation", "Cap by the regulation", "Cap by enforcement discretion")
	for _, t := range Penalties() {
		d.Row(t.Tier.String(), t.Citation, dollars(t.Min), dollars(t.Max), dollars(t.Cap), dollars(t.DiscretionCap))
	}
	d.Table("Risk", "Assumed", "By the regulation", "By enforcement discretion")
	for _, k := range p.Register.Risks {
		if len(k.Violations) == 0 {
			continue
		}
		e, err := Expose(k.Violations)
		if err != nil {
			continue // validated before
		}
		d.Row(k.ID, assumed(k.Violations), e.Regulation.String(), e.Discretion.String())
	}
}

func assumed(vs []Violations) string {
	var s []string
	for _, v := range vs {
		s = append(s, fmt.Sprintf("%d of %s in %d, %s", v.Count, v.Control, v.Year, v.Tier))
	}
	return strings.Join(s, "; ")
}

// index finds the entries of a register by id.
type index struct {
	threats         map[string]Threat
	vulnerabilities map[string]Vulnerability
	measures        map[string]Measure
}

func newIndex(r *Register) *index {
	x := &index{map[string]Threat{}, map[string]Vulnerability{}, map[string]Measure{}}
	for _, t := range r.Threats {
		x.threats[t.ID] = t
	}
	for _, w := range r.Vulnerabilities {
		x.vulnerabilities[w.ID] = w
	}
	for _, m := range r.Measures {
		x.measures[m.ID] = m
	}
	return x
}

func (x *index) risk(d *markdown.Doc, k *Risk) {
	d.Heading(2, k.ID+": "+k.Title)
	t := x.threats[k.Threat]
	d.Fact("Threat", fmt.Sprintf("%s (%s)", t.Event, t.Source))
	d.Fact("Assets", strings.Join(k.Assets, ", "))
	for _, id := range k.Vulnerabilities {
		w := x.vulnerabilities[id]
		d.Fact("Vulnerability "+id, fmt.Sprintf("%s (severity %s)", w.Description, w.Severity))
	}
	d.Fact("Provisions", provisions(k.Controls))
	for _, id := range k.Measures {
		d.Fact("Measure "+id, measure(x.measures[id]))
	}
	d.Table("", "Initiation", "Adverse impact", "Likelihood (G-5)", "Impact", "Risk (I-2)", "Basis")
	for _, l := range []struct {
		name string
		r    Rating
	}{{"Inherent", k.Inherent}, {"Current", k.Current}, {"Residual", k.Residual}} {
		d.Row(l.name, l.r.Initiation.String(), l.r.Adverse.String(), l.r.Likelihood().String(), l.r.Impact.String(), l.r.Risk().String(), l.r.Basis)
	}
	d.Fact("Treatment", string(k.Treatment))
	d.Fact("Plan", k.Plan)
	if k.Treatment == Accept {
		d.Fact("Accepted", fmt.Sprintf("by %s on %s: %s", k.AcceptedBy, k.AcceptedOn, k.Reason))
	}
}

func provisions(ids []safeguard.Control) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		req, _ := crosswalk.Get(id)
		s[i] = string(id) + " " + req.Title
	}
	return strings.Join(s, "; ")
}

func measure(m Measure) string {
	s := m.Description + " (planned)"
	if !m.Since.IsZero() {
		s = fmt.Sprintf("%s (in place since %s)", m.Description, m.Since)
	}
	if len(m.Evidence) > 0 {
		s += "; evidence: " + strings.Join(m.Evidence, ", ")
	}
	return s
}
