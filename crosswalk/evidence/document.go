package evidence

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
)

// WriteMarkdown writes the index of the pack: what stands behind each of the
// answers, and where it is.
func (p *Pack) WriteMarkdown(w io.Writer) error {
	_, err := w.Write(p.index(Markdown))
	return err
}

// WriteHTML writes the same as one HTML file without script and without any
// other file.
func (p *Pack) WriteHTML(w io.Writer) error {
	_, err := w.Write(p.index(HTML))
	return err
}

func (p *Pack) index(f Format) []byte {
	d := f.page()
	d.Heading(1, "Evidence for an audit under the HIPAA Security Rule")
	p.head(d)
	d.Heading(2, "What stands behind the answers")
	s := p.Summary
	d.Table("Status", "Requests", "Meaning")
	for _, r := range []struct {
		status Status
		n      int
		text   string
	}{
		{FromLog, s.FromLog, "counted in records of the service's log that a signed checkpoint covers"},
		{SelfReported, s.SelfReported, "reported by the running service of itself; no attestation"},
		{FromSource, s.FromSource, "read from the source code of the service; it does not show what runs"},
		{Entered, s.Entered, "stated by a named person"},
		{Nothing, s.Nothing, "there is nothing of the kind in the period"},
		{Template, s.Template, "a draft that nobody has adopted; no evidence"},
		{NotAvailable, s.NotAvailable, "a component could report it and none has"},
		{Organisation, s.Organisation, "no software can supply it"},
	} {
		d.Row(r.status.String(), fmt.Sprint(r.n), r.text)
	}
	d.Paragraph(fmt.Sprintf("%d of %d requests have an answer of substance, the first five kinds without what is stated to be none. %d of the answers \"none\" are the word of a person only. %d answers of the first five kinds lack a part, which their files name. The kinds are not one figure, and none of them means compliance.", s.Substantive(), s.Requests, s.StatedNone, s.Partial))
	d.Heading(2, "Requests")
	d.Table("No.", "Section", "Kind", "Request", "Status", "File")
	for _, a := range p.Artefacts {
		d.Row(fmt.Sprint(a.Number), a.Section, a.Kind, a.Title, a.shown(), a.File)
	}
	d.Heading(2, "Policies")
	d.Table("Policy", "Status", "File")
	for i := range p.Policies {
		d.Row(p.Policies[i].Title, p.Policies[i].shown(), p.Policies[i].File)
	}
	d.Paragraph("Recognised security practices: " + practicesName + p.Format.extension() + ".")
	p.logs(d)
	return d.Bytes()
}

func (p *Pack) head(d page) {
	d.Fact("Organisation", p.Organisation)
	d.Fact("Service", strings.TrimSpace(p.Service+" "+p.Version))
	d.Fact("Period", string(p.Period.From)+" to "+string(p.Period.To)+" (UTC, both included)")
	d.Fact("Made", string(p.Made))
	d.Fact("Made by", p.Collector)
	d.Heading(2, "Read this first")
	for _, n := range notices() {
		d.Item(n)
	}
}

func (p *Pack) logs(d page) {
	d.Heading(2, "Logs")
	if len(p.Logs) == 0 {
		d.Paragraph("No log was read.")
		return
	}
	d.Table("Log", "Records", "Compared with a signed checkpoint", "Verifier key")
	for _, l := range p.Logs {
		d.Row(l.Name, fmt.Sprint(l.Records), yes(l.Verified), l.VerifierKey)
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// shown is the status with who stands behind "none".
func (a *Artefact) shown() string {
	s := a.Status.String()
	if a.Status == Nothing {
		s += " (" + a.Basis.String() + ")"
	}
	if a.partial() {
		s += ", in part"
	}
	return s
}

// partial reports whether an answer of substance lacks a part.
func (a *Artefact) partial() bool { return a.Status <= Nothing && len(a.Missing) > 0 }

// document returns the file of one request.
func (p *Pack) document(a *Artefact) []byte {
	d := p.Format.page()
	d.Heading(1, fmt.Sprintf("Request %d, %s: %s", a.Number, a.Section, a.Title))
	d.Fact("Activity", a.Activity)
	d.Fact("Provision", provision(a.Control))
	d.Fact("Request", a.Text)
	d.Fact("Status", a.shown())
	d.Fact("Answer", a.Statement)
	if a.partial() {
		d.Fact("Not in this answer", "nothing has filled "+titles(a.Missing))
	}
	d.Fact("Organisation", p.Organisation)
	d.Fact("Service", strings.TrimSpace(p.Service+" "+p.Version))
	d.Fact("Period", string(p.Period.From)+" to "+string(p.Period.To)+" (UTC, both included)")
	d.Fact("Made", string(p.Made)+" by "+p.Collector)
	d.Fact("Keep", a.Retention.String())
	if a.Policy != "" {
		d.Fact("Policy", a.PolicyFile)
	}
	for i := range a.Entries {
		a.Entries[i].write(d)
	}
	for i := range a.Answers {
		a.Answers[i].write(d, "")
	}
	for i := range a.Supports {
		a.Supports[i].write(d, "Beside the answer: ")
	}
	a.writeDecisions(d, p.Made)
	d.Heading(2, "Read this first")
	for _, n := range notices() {
		d.Item(n)
	}
	return d.Bytes()
}

func provision(id safeguard.Control) string {
	r, ok := crosswalk.Get(id)
	if !ok {
		return string(id)
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", r.ID, r.Title, designation(r)))
}

func designation(r crosswalk.Requirement) string {
	if r.Designation == 0 {
		return ""
	}
	return "(" + r.Designation.String() + ")"
}

func (e *Entry) write(d page) {
	title := e.Document
	if e.None {
		title = "Statement that there is none"
	}
	d.Heading(2, title)
	d.Fact("Stated by", strings.Trim(e.By+", "+e.Role, ", "))
	d.Fact("Stated on", string(e.Stated))
	d.Fact("Statement", e.Statement)
	d.Fact("Version", e.Version)
	d.Fact("SHA-256 of the document", e.SHA256)
	if keep, err := e.Retention(); err == nil {
		d.Fact("Keep", keep.String())
	}
}

func (t *Table) write(d page, prefix string) {
	s, _ := GetSchema(t.Schema) // validated
	d.Heading(2, prefix+s.Title)
	d.Fact("Basis", t.Basis.String())
	d.Fact("Source", t.Source)
	d.Fact("Collector", t.Collector)
	d.Fact("Period", string(t.Period.From)+" to "+string(t.Period.To))
	d.Fact("Population", fmt.Sprint(t.Population))
	d.Fact("Sampling", t.Sampling)
	d.Fact("Limits", s.Limits)
	for _, g := range t.Gaps {
		d.Fact("Gap", g)
	}
	if len(t.Gaps) == 0 {
		d.Fact("Gaps", "none stated")
	}
	if len(t.Rows) == 0 {
		d.Paragraph("No rows.")
		return
	}
	d.Table(s.Columns...)
	for _, r := range t.Rows {
		d.Row(r...)
	}
}

func (a *Artefact) writeDecisions(d page, made Date) {
	if !a.Alternative {
		return
	}
	d.Heading(2, "Addressable: the documented decision")
	if len(a.Decisions) == 0 {
		d.Paragraph("The protocol also asks, if the specification is not implemented, why not, and for the equivalent measure (164.306(d)(3)). No decision was handed over; the organisation supplies it, or implements the specification. Addressable is not optional.")
		return
	}
	s, _ := GetSchema("gap.decisions")
	d.Table(s.Columns...)
	for _, r := range a.Decisions {
		d.Row(r...)
	}
	if !slices.ContainsFunc(a.Decisions, func(r []string) bool { return decided(r, made) }) {
		d.Paragraph("No decision that was handed over is in effect on " + string(made) + ". The organisation decides anew, or implements the specification. Addressable is not optional.")
	}
}

// decided reports whether a row of gap.decisions is in effect on a day.
func decided(row []string, on Date) bool {
	from, last := Date(row[6]), Date(row[7])
	if _, err := from.Time(); err != nil || from > on {
		return false
	}
	_, err := last.Time()
	return last == "" || (err == nil && last >= on)
}

// practicesName is the name of the view in a pack.
const practicesName = "recognised-security-practices"

func (p *Pack) practicesDocument() []byte {
	v := &p.Practices
	d := p.Format.page()
	d.Heading(1, "Recognised security practices: the prior twelve months")
	p.head(d)
	d.Item(PracticesNotice)
	d.Item(crosswalk.DerivedNotice)
	d.Item("GV.OC-03 is left out: it is paired with every provision.")
	d.Heading(2, "Days on which the log holds a report")
	d.Fact("Twelve months", string(v.Period.From)+" to "+string(v.Period.To))
	d.Fact("Days", fmt.Sprint(v.Days))
	d.Fact("Every log compared with a signed checkpoint", yes(v.Verified))
	d.Table("Category", "Title", "Function", "Provisions reported", "Days", "Longest gap in days")
	for i := range v.Rows {
		d.Row(v.Rows[i].cells()...)
	}
	return d.Bytes()
}
