package gap

import (
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/internal/markdown"
)

// decisions shows what is in effect on the day of the report for each
// addressable specification, and then former decisions with how long they are
// kept.
func (p *Report) decisions(d *markdown.Doc) {
	a := p.Assessment
	d.Heading(2, "Addressable specifications")
	d.Table("Specification", "Title", "Decision", "Approved by", "Approved on", "In effect from", "Review by")
	for _, r := range a.Applicable() {
		if r.Designation != crosswalk.Addressable {
			continue
		}
		dec, ok := a.Decision(r.ID, p.on())
		if !ok {
			d.Row(string(r.ID), r.Title, "NONE IN EFFECT", "", "", "", "")
			continue
		}
		d.Row(string(r.ID), r.Title, string(dec.r.Choice), dec.r.ApprovedBy, dec.r.ApprovedOn.String(), dec.r.EffectiveFrom.String(), dec.r.ReviewBy.String())
	}
	for _, dec := range a.Decisions {
		p.decision(d, dec)
	}
}

func (p *Report) decision(d *markdown.Doc, dec Decision) {
	r := dec.r
	d.Heading(3, fmt.Sprintf("Decision on %s: %s", r.Specification, r.Choice))
	d.Fact("Measure", r.Measure)
	d.Fact("Why the specification is not reasonable and appropriate", r.Rationale)
	d.Fact("Why no equivalent measure is, and how the standard is met", r.WithoutMeasure)
	d.Fact("Likely contribution to protecting ePHI (164.306(d)(3)(i))", r.Contribution)
	d.Fact("Size, complexity and capabilities (164.306(b)(2)(i))", r.Factors.Organisation)
	d.Fact("Technical infrastructure (164.306(b)(2)(ii))", r.Factors.Infrastructure)
	d.Fact("Costs (164.306(b)(2)(iii))", r.Factors.Costs)
	d.Fact("Probability and criticality of risks (164.306(b)(2)(iv))", r.Factors.Risks)
	d.Fact("Approved", fmt.Sprintf("by %s on %s", r.ApprovedBy, r.ApprovedOn))
	effect := "from " + r.EffectiveFrom.String()
	if !r.LastInEffect.IsZero() {
		effect += " to " + r.LastInEffect.String()
	}
	d.Fact("In effect", effect)
	d.Fact("Evidence", strings.Join(r.Evidence, ", "))
	d.Fact("Risks", strings.Join(r.Risks, ", "))
	keep := "while it is in effect and six years from then (164.316(b)(2)(i))"
	if until := dec.RetainUntil(); !until.IsZero() {
		keep = "until " + until.String() + " (164.316(b)(2)(i))"
	}
	d.Fact("To be kept", keep)
}

// proposed shows the addressable specifications that would become required,
// with what is decided about them today.
func (p *Report) proposed(d *markdown.Doc) {
	if !p.Proposed {
		return
	}
	law := crosswalk.Proposal2025()
	d.Heading(2, "Proposed in 2025, not law")
	d.Paragraph(law.Notice())
	d.Table("Specification", "Title", "Today", "Would be", "Decision in effect")
	for _, r := range p.Assessment.Applicable() {
		would, ok := law.WouldBe(r.ID)
		if !ok || would == r.Designation {
			continue
		}
		choice := "NONE IN EFFECT"
		if dec, ok := p.Assessment.Decision(r.ID, p.on()); ok {
			choice = string(dec.r.Choice)
		}
		d.Row(string(r.ID), r.Title, r.Designation.String(), would.String(), choice)
	}
}

// results shows every provision with its outcomes: the worksheet.
func (p *Report) results(d *markdown.Doc) {
	a := p.Assessment
	d.Heading(2, "Provisions")
	for _, r := range a.Applicable() {
		d.Heading(3, string(r.ID)+" "+r.Title)
		res := a.provision(r.ID)
		if r.Designation != 0 {
			d.Fact("Binding", r.Designation.String())
		}
		d.Fact("To whom", Condition(r.ID))
		d.Fact("Score", res.Score.String())
		d.Fact("Target", a.target(res).String())
		d.Fact("Why this target", res.Reason)
		p.found(d, res)
		var refs []string
		for pair := range crosswalk.ByControl(a.Edition.Framework(), r.ID) {
			refs = append(refs, pair.Ref)
		}
		d.Fact("Paired with", strings.Join(refs, ", "))
	}
	d.Heading(2, "Outcomes")
	for _, s := range a.Subcategories() {
		res := a.outcome(s.ID)
		d.Heading(3, s.ID)
		d.Paragraph(s.Outcome)
		d.Fact("Score", res.Score.String())
		d.Fact("Target", a.target(res).String())
		d.Fact("Why this target", res.Reason)
		p.found(d, res)
	}
}

func (p *Report) found(d *markdown.Doc, r Result) {
	d.Fact("Finding", r.Finding)
	d.Fact("Evidence", strings.Join(r.Evidence, ", "))
	if r.By != "" {
		d.Fact("Assessed", fmt.Sprintf("by %s on %s", r.By, r.On))
	}
}
