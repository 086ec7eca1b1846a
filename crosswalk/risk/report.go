package risk

import (
	"fmt"
	"io"

	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/internal/markdown"
)

// A Report is a register as a document: ranked risks, the matrix, what is
// open and due, exposure, and the difference to the version before. It prints
// what the register holds, which must be no PHI.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A), 164.308(a)(1)(ii)(B), 164.316(b)(1).
type Report struct {
	// Register is what the report is about.
	Register *Register
	// Preceding is the version before, to show the difference; nil shows none.
	Preceding *Register
	// On is the day for which deadlines are shown; without it the register's
	// own date.
	On Date
}

const (
	method    = "NIST SP 800-30 Revision 1: overall likelihood by table G-5, risk by table I-2. The tables are not products."
	notJudged = "This document shows what people entered. It does not judge whether the analysis is accurate and thorough, as 164.308(a)(1)(ii)(A) requires it to be."
	notRated  = "What is not rated is not known to be low, and is shown first."
)

func (p *Report) check() error {
	if p.Register == nil {
		return fault("", "a report needs a register")
	}
	if err := p.Register.Validate(); err != nil {
		return err
	}
	if p.Preceding == nil {
		return nil
	}
	return p.Register.Follows(p.Preceding)
}

func (p *Report) on() Date {
	if p.On.IsZero() {
		return p.Register.Date
	}
	return p.On
}

// WriteMarkdown writes the report. The same report gives the same bytes, and
// nothing is read from the clock. If the register is not valid, or Preceding
// is not the version before it, the error is an *[Error] and nothing is
// written.
func (p *Report) WriteMarkdown(w io.Writer) error {
	if err := p.check(); err != nil {
		return err
	}
	d := &markdown.Doc{}
	p.head(d)
	p.matrix(d)
	p.ranking(d)
	p.inventory(d)
	p.due(d)
	p.exposure(d)
	p.difference(d)
	x := newIndex(p.Register)
	for _, k := range p.Register.Ranked() {
		x.risk(d, k)
	}
	sources(d)
	_, err := w.Write(d.Bytes())
	return err
}

func (p *Report) head(d *markdown.Doc) {
	r := p.Register
	d.Heading(1, "Risk register of "+r.Organisation)
	d.Fact("Status", statusText(r))
	d.Fact("Version", fmt.Sprintf("%d of %s", r.Version, r.Date))
	if r.Preceding != nil {
		d.Fact("Preceding version", fmt.Sprintf("%d of %s, SHA-256 %s", r.Preceding.Version, r.Preceding.Date, r.Preceding.SHA256))
	}
	d.Fact("Reason for this version", r.Reason)
	d.Fact("Shown as of", p.on().String())
	d.Fact("Scope", r.Scope)
	d.Fact("Acceptable residual risk", r.Acceptable.String())
	d.Fact("Rule", crosswalk.RuleVersion)
	d.Fact("To be kept", "while it is in effect and six years from then (164.316(b)(2)(i))")
	d.Fact("Method", method)
	d.Heading(2, "Read this first")
	d.Item(notJudged)
	d.Item("The rule names no method and no period for risk analysis; SP 800-30 and the review date are the organisation's choice.")
	d.Item(notRated)
	d.Item(crosswalk.Caution)
	d.Item(crosswalk.ProposedRule + ".")
}

func statusText(r *Register) string {
	if r.Status == Draft {
		return "DRAFT, not approved"
	}
	return fmt.Sprintf("final, approved by %s on %s", r.ApprovedBy, r.ApprovedOn)
}

var scale = [...]Level{VeryLow, Low, Moderate, High, VeryHigh}

// matrix counts the current risks in table I-2.
func (p *Report) matrix(d *markdown.Doc) {
	var cells [6][6]int
	for _, k := range p.Register.Risks {
		if k.Current.Risk() != Unrated {
			cells[k.Current.Likelihood()][k.Current.Impact]++
		}
	}
	d.Heading(2, "Current risks in table I-2")
	d.Table("Likelihood \\ impact", "Very Low", "Low", "Moderate", "High", "Very High")
	for i := len(scale) - 1; i >= 0; i-- {
		row := []string{scale[i].String()}
		for _, impact := range scale {
			cell := Of(scale[i], impact).String()
			if n := cells[scale[i]][impact]; n > 0 {
				cell += fmt.Sprintf(": %d", n)
			}
			row = append(row, cell)
		}
		d.Row(row...)
	}
}

func (p *Report) ranking(d *markdown.Doc) {
	d.Heading(2, "Risks, the worst first")
	if len(p.Register.Risks) == 0 {
		d.Paragraph("None entered. That is not the same as no risk.")
		return
	}
	d.Table("Risk", "Title", "Inherent", "Current", "Residual", "Treatment", "Owner", "Due", "Done")
	for _, k := range p.Register.Ranked() {
		d.Row(k.ID, k.Title, k.Inherent.Risk().String(), k.Current.Risk().String(), k.Residual.Risk().String(),
			string(k.Treatment), k.Owner, k.Due.String(), k.Done.String())
	}
}

func (p *Report) inventory(d *markdown.Doc) {
	r := p.Register
	d.Heading(2, "Inventory")
	if len(r.Assets) > 0 {
		d.Table("Asset", "Name", "Kind", "Holds ePHI", "PHI fields", "Of these sealed", "Owner", "Location", "Agreement")
		for _, a := range r.Assets {
			d.Row(a.ID, a.Name, string(a.Kind), ephi(a), fmt.Sprint(len(a.Fields)), fmt.Sprint(sealed(a.Fields)), a.Owner, a.Location, a.Agreement)
		}
	}
	if len(r.Flows) > 0 {
		d.Table("Flow", "From", "To", "Data", "Protection")
		for _, f := range r.Flows {
			d.Row(f.ID, end(f.From, f.External), end(f.To, f.External), f.Data, f.Protection)
		}
	}
}

func ephi(a Asset) string {
	if a.EPHI() {
		return "yes"
	}
	return "no: " + a.WithoutEPHI
}

func sealed(fs []Field) int {
	n := 0
	for _, f := range fs {
		if f.Sealed {
			n++
		}
	}
	return n
}

func end(asset, external string) string {
	if asset == "" {
		return external + " (outside)"
	}
	return asset
}

func (p *Report) due(d *markdown.Doc) {
	d.Heading(2, "Open points")
	open := p.Register.Open()
	if len(open) == 0 {
		d.Paragraph("None.")
	}
	for _, o := range open {
		d.Item(o.Text)
	}
	d.Heading(2, "Deadlines")
	due := p.Register.Deadlines(p.on())
	if len(due) == 0 {
		d.Paragraph("None entered.")
		return
	}
	d.Table("What", "Due", "State")
	for _, l := range due {
		state := "pending"
		if l.Overdue {
			state = fmt.Sprintf("OVERDUE by %d days", l.On.Days(p.on()))
		}
		d.Row(l.What, l.On.String(), state)
	}
}

func (p *Report) difference(d *markdown.Doc) {
	d.Heading(2, "Difference to the preceding version")
	switch {
	case p.Register.Preceding == nil:
		d.Paragraph("This is the first version.")
		return
	case p.Preceding == nil:
		d.Paragraph("The preceding version was not given to this report.")
		return
	}
	changes := Compare(p.Preceding, p.Register)
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
