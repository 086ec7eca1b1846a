package gap

import (
	"fmt"
	"io"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/internal/markdown"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// A Report is an assessment as a document: counts by safeguard and by function,
// ranked gaps and shortfalls, decisions, what is open and due, and the
// difference to the version before. It prints what the assessment holds, which
// must be no PHI.
//
// Controls: HIPAA 164.308(a)(8), 164.308(a)(1)(ii)(B), 164.316(b)(1); NIST CSF 2.0 ID.IM-03.
type Report struct {
	// Assessment is what the report is about.
	Assessment *Assessment
	// Preceding is the version before, to show the difference; nil shows none.
	Preceding *Assessment
	// On is the day for which deadlines are shown; without it the assessment's
	// own date.
	On risk.Date
	// Proposed adds what the rule proposed in 2025 would change for addressable
	// specifications, marked as proposed. The default shows the law.
	Proposed bool
}

func (p *Report) check() error {
	if p.Assessment == nil {
		return fault("", "a report needs an assessment")
	}
	if err := p.Assessment.Validate(); err != nil {
		return err
	}
	if p.Preceding == nil {
		return nil
	}
	return p.Assessment.Follows(p.Preceding)
}

func (p *Report) on() risk.Date {
	if p.On.IsZero() {
		return p.Assessment.Date
	}
	return p.On
}

// WriteMarkdown writes the report. The same report gives the same bytes, and
// nothing is read from the clock. If the assessment is not valid, or Preceding
// is not the version before it, the error is an *[Error] and nothing is
// written.
func (p *Report) WriteMarkdown(w io.Writer) error {
	if err := p.check(); err != nil {
		return err
	}
	d := &markdown.Doc{}
	p.head(d)
	p.counts(d)
	p.gaps(d)
	p.shortfalls(d)
	p.decisions(d)
	p.proposed(d)
	p.due(d)
	p.difference(d)
	p.results(d)
	sources(d)
	_, err := w.Write(d.Bytes())
	return err
}

func (p *Report) head(d *markdown.Doc) {
	a := p.Assessment
	d.Heading(1, "Gap assessment of "+a.Organisation)
	status := "DRAFT, not approved"
	if a.Status == risk.Final {
		status = fmt.Sprintf("final, approved by %s on %s", a.ApprovedBy, a.ApprovedOn)
	}
	d.Fact("Status", status)
	d.Fact("Version", fmt.Sprintf("%d of %s", a.Version, a.Date))
	if a.Preceding != nil {
		d.Fact("Preceding version", fmt.Sprintf("%d of %s, SHA-256 %s", a.Preceding.Version, a.Preceding.Date, a.Preceding.SHA256))
	}
	d.Fact("Reason for this version", a.Reason)
	d.Fact("Shown as of", p.on().String())
	d.Fact("Scope", a.Scope)
	d.Fact("Scale", scaleText(a.Scale))
	d.Fact("Target", a.Target.String())
	d.Fact("Rule", crosswalk.RuleVersion)
	d.Fact("To be kept", "while it is in effect and six years from then (164.316(b)(2)(i))")
	d.Heading(2, "Read this first")
	for _, n := range p.notices() {
		d.Item(n)
	}
}

func scaleText(s Scale) string {
	if s == TierScale {
		return "tiers 1 to 4 of the NIST Cybersecurity Framework, which describe how risk is managed and are no levels of maturity"
	}
	return "maturity 0 to 4: nothing in place; done here and there; written down; done as written, with evidence; reviewed and improved"
}

// tally counts results.
type tally struct{ items, unassessed, below int }

func (t *tally) add(r Result, target Score) {
	t.items++
	switch {
	case r.Score == NotAssessed:
		t.unassessed++
	case r.Score < target:
		t.below++
	}
}

func (t tally) row(d *markdown.Doc, name string) {
	d.Row(name, fmt.Sprint(t.items), fmt.Sprint(t.unassessed), fmt.Sprint(t.below), fmt.Sprint(t.items-t.unassessed-t.below))
}

func (a *Assessment) target(r Result) Score {
	if r.Target != NotAssessed {
		return r.Target
	}
	return a.Target
}

func (p *Report) counts(d *markdown.Doc) {
	a := p.Assessment
	d.Heading(2, "Provisions by safeguard")
	d.Table("Safeguard", "Applicable", "Not assessed", "Below target", "At target or above")
	for s := crosswalk.Administrative; s <= crosswalk.Documentation; s++ {
		var t tally
		for _, r := range a.Applicable() {
			if r.Safeguard == s {
				res := a.provision(r.ID)
				t.add(res, a.target(res))
			}
		}
		t.row(d, s.String())
	}
	for _, x := range a.Exclusions {
		d.Fact("Does not apply: "+string(x.Control), fmt.Sprintf("%s (%s, %s)", x.Reason, x.By, x.On))
	}
	d.Heading(2, "Outcomes by function of "+a.Edition.Framework().String())
	d.Table("Function", "Paired with the rule", "Not assessed", "Below target", "At target or above")
	outcomes := a.Subcategories()
	for _, f := range crosswalk.Functions(a.Edition.Framework()) {
		var t tally
		for _, o := range outcomes {
			if o.Function == f.ID {
				res := a.outcome(o.ID)
				t.add(res, a.target(res))
			}
		}
		t.row(d, f.Title+" ("+f.ID+")")
	}
}

func (p *Report) gaps(d *markdown.Doc) {
	a := p.Assessment
	d.Heading(2, "Open gaps, the highest risk first")
	ranked := a.Ranked()
	if len(ranked) == 0 {
		d.Paragraph("None documented.")
	} else {
		d.Table("Gap", "Risk (SP 800-30, I-2)", "Provisions", "Finding", "Owner", "Due", "Plan")
	}
	for _, g := range ranked {
		d.Row(g.ID, g.Risk().String(), provisions(g.Controls), g.Finding, g.Owner, g.Due.String(), g.Plan)
	}
	for _, g := range a.Gaps {
		if !g.Open() {
			d.Fact("Closed: "+g.ID, fmt.Sprintf("%s on %s; evidence: %s", g.Finding, g.Closed, strings.Join(g.Evidence, ", ")))
		}
	}
}

func provisions(ids []safeguard.Control) string {
	s := make([]string, len(ids))
	for i, id := range ids {
		r, _ := crosswalk.Get(id)
		s[i] = string(id) + " " + r.Title
	}
	return strings.Join(s, "; ")
}

func (p *Report) shortfalls(d *markdown.Doc) {
	a := p.Assessment
	d.Heading(2, "Shortfalls")
	short := a.Shortfalls()
	if len(short) == 0 {
		d.Paragraph("Everything that applies is assessed and at its target.")
		return
	}
	d.Table("Id", "Title", "Score", "Target", "Gap", "Risk")
	for _, s := range short {
		id, title := string(s.Control), ""
		if r, ok := crosswalk.Get(s.Control); ok {
			title = r.Title
		}
		if o, ok := crosswalk.GetSubcategory(a.Edition.Framework(), s.Outcome); ok {
			id, title = o.ID, o.Outcome
		}
		gap, level := s.Gap, s.Risk.String()
		if gap == "" {
			gap, level = "none documented", ""
		}
		d.Row(id, title, s.Score.String(), s.Target.String(), gap, level)
	}
}

func (p *Report) due(d *markdown.Doc) {
	a := p.Assessment
	d.Heading(2, "Deadlines")
	d.Table("What", "Due", "State")
	for _, l := range a.Deadlines(p.on()) {
		state := "pending"
		if l.Overdue {
			state = fmt.Sprintf("OVERDUE by %d days", l.On.Days(p.on()))
		}
		d.Row(l.What, l.On.String(), state)
	}
	d.Heading(2, "Open points")
	open := a.OpenPoints()
	if len(open) == 0 {
		d.Paragraph("None.")
	}
	for _, o := range open {
		d.Item(o.Text)
	}
}

func (p *Report) difference(d *markdown.Doc) {
	d.Heading(2, "Difference to the preceding version")
	switch {
	case p.Assessment.Preceding == nil:
		d.Paragraph("This is the first version.")
		return
	case p.Preceding == nil:
		d.Paragraph("The preceding version was not given to this report.")
		return
	}
	changes := Compare(p.Preceding, p.Assessment)
	if len(changes) == 0 {
		d.Paragraph("None.")
		return
	}
	d.Table("List", "Entry", "Change", "Detail")
	for _, c := range changes {
		d.Row(c.List, c.ID, c.What, c.Detail)
	}
}

// sources says which editions of the data the document rests on.
func sources(d *markdown.Doc) {
	d.Heading(2, "Sources")
	d.Table("Table", "Rows", "Publication", "Date", "SHA-256 of the file read")
	for _, s := range crosswalk.Sources() {
		d.Row(s.Table, fmt.Sprint(s.Rows), s.Publication, s.Date, s.SHA256)
	}
}
