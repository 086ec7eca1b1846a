package breach

import (
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk"
	"github.com/safeguard-sdk/safeguard/crosswalk/internal/markdown"
)

func (r *Report) markdown() []byte {
	d := &markdown.Doc{}
	d.Heading(1, "Incident file "+r.ID)
	r.head(d)
	r.incident(d)
	r.question(d)
	if r.Verdict.Notify() {
		r.clocks(d)
	}
	r.sent(d)
	r.table(d)
	r.proof(d)
	r.evidence(d)
	return d.Bytes()
}

func (r *Report) head(d *markdown.Doc) {
	d.Fact("Entity", r.Entity+", "+string(r.Role))
	d.Fact("As of", r.AsOf.String())
	for _, s := range crosswalk.Sources() {
		if s.Table == "Breach Notification Rule paragraphs" {
			d.Fact("Rule", s.Publication+" ("+s.Date+")")
			d.Fact("Read from", s.Retrieved+", SHA-256 "+s.SHA256)
		}
	}
	d.Fact("What secured means", Guidance)
	d.Fact("Proposed rule", crosswalk.ProposedRule)
	d.Heading(2, "Read this first")
	d.Item("This file says what its keeper entered. It judges no evidence, weighs no factor and is no legal advice.")
	d.Item("What is unknown or without evidence counts against the entity: it bears the burden of demonstrating that all notifications were made, or that there was no breach (164.414(b)).")
	d.Item("60 days is an outer limit. The duty is to notify without unreasonable delay. Weekends and holidays do not move a day. Law of the States and contracts, often shorter, are not considered.")
	d.Item("A law enforcement delay holds a notice until it ends. Days that it took are not added to the limit.")
	d.Item(crosswalk.Caution)
}

func (r *Report) incident(d *markdown.Doc) {
	d.Heading(2, "Incident")
	d.Fact("What happened", orElse(r.Summary, "not recorded"))
	d.Fact("Occurred", r.Occurred.String())
	d.Fact("Discovered", r.Discovered.String())
	d.Fact("Discovered by", orElse(r.DiscoveredBy, "not recorded"))
	if r.Individuals == 0 {
		d.Fact("Individuals", "not known")
		return
	}
	d.Fact("Individuals", fmt.Sprintf("%d, of whom %d are identified", r.Individuals, r.Named))
	for _, s := range r.Residents {
		d.Fact("Residents of "+s.State, fmt.Sprint(s.Count))
	}
	if r.Unplaced > 0 {
		d.Fact("Residence not known", fmt.Sprint(r.Unplaced))
	}
}

func (r *Report) question(d *markdown.Doc) {
	d.Heading(2, "Was the PHI unsecured?")
	if len(r.Protections) == 0 {
		d.Paragraph("No data is recorded, so nothing can be shown to have been secured.")
	}
	if len(r.Protections) > 0 {
		d.Table("Data", "Kinds of PHI", "Secured", "Because")
	}
	for _, p := range r.Protections {
		d.Row(p.Holding, orElse(strings.Join(p.Kinds, ", "), "not recorded"), yes(p.Secured), strings.Join(p.Reasons, "; "))
	}
	d.Heading(2, "Is notification due?")
	d.Fact("Verdict", string(r.Verdict))
	for _, reason := range r.Reasons {
		d.Item(reason)
	}
	if len(r.Factors) == 0 {
		return
	}
	d.Table("Factor (164.402(2))", "Finding", "Probability of compromise")
	for _, f := range r.Factors {
		d.Row(f.Name, orElse(f.Finding, "not assessed"), orElse(string(f.Points), "not assessed"))
	}
}

func (r *Report) clocks(d *markdown.Doc) {
	d.Heading(2, "Deadlines")
	d.Table("To", "Limit of the rule", "Due", "State", "Sent", "Open", "Late", "Why", "Provision")
	for _, p := range r.Deadlines {
		state := string(p.State)
		if p.Open > 0 {
			state += fmt.Sprintf(", %d days left", p.DaysLeft)
		}
		d.Row(p.name(), p.Limit.String(), p.Due.String(), state, p.Sent.String(), fmt.Sprint(p.Open), fmt.Sprint(p.Late), p.Note, cited(p.Controls))
	}
	if len(r.Delays) == 0 {
		return
	}
	d.Heading(3, "Law enforcement statements")
	d.Table("Form", "Given", "Until", "Official", "Agency", "Documented by")
	for _, s := range r.Delays {
		until := s.Until
		if s.Form == Oral {
			until = s.Given.AddDays(oralDays)
		}
		d.Row(string(s.Form), s.Given.String(), until.String(), s.Official, s.Agency, s.Recorded)
	}
}

func (r *Report) sent(d *markdown.Doc) {
	if len(r.Notices) == 0 {
		return
	}
	d.Heading(2, "Notices sent")
	d.Table("No.", "To", "Sent", "By", "Method", "Recipients", "Content not recorded")
	for i := range r.Notices {
		n := &r.Notices[i]
		to, recipients := Deadline{Audience: n.Audience, Jurisdiction: n.Jurisdiction}, ""
		if n.Audience == ToIndividuals {
			recipients = fmt.Sprint(len(n.To) + n.All)
		}
		d.Row(fmt.Sprint(i+1), to.name(), n.Sent.String(), n.By, n.Method, recipients, joined(n.lacking()))
	}
}

func (r *Report) evidence(d *markdown.Doc) {
	d.Heading(2, "Evidence on record")
	d.Paragraph("Kept elsewhere, and not opened by this report.")
	if len(r.Evidence) == 0 {
		d.Item("none")
		return
	}
	d.Table("About", "Where", "SHA-256", "Proves", "Covers", "Collected", "Collector")
	for _, e := range r.Evidence {
		covers := ""
		if !e.Evidence.Covers.IsZero() {
			covers = e.Evidence.Covers.String()
		}
		d.Row(e.About, e.Evidence.Ref, orElse(e.Evidence.SHA256, "none"), joined(e.Evidence.Proves), covers, e.Evidence.Collected.String(), e.Evidence.Collector)
	}
}

func (r *Report) table(d *markdown.Doc) {
	if len(r.Affected) == 0 {
		return
	}
	d.Heading(2, "Individuals")
	d.Table("Reference", "State", "Discovered", "Notified", "Days", "By", "Method", "Note")
	for _, a := range r.Affected {
		days := ""
		if !a.Notified.IsZero() {
			days = fmt.Sprint(a.Days)
		}
		d.Row(a.Ref, orElse(a.State, "not known"), r.Discovered.String(), orElse(a.Notified.String(), r.unsent()), days, a.By, a.Method, a.Exempt)
	}
}

func (r *Report) proof(d *markdown.Doc) {
	d.Heading(2, "Burden of proof")
	d.Fact("Retain at least until", r.RetainUntil.String()+" (164.414(a), 164.530(j)), later if anything is added")
	if len(r.Gaps) == 0 {
		d.Item("No gap was found in the form of the file. Whether it convinces is for others to judge.")
		return
	}
	d.Table("Not proved or not done", "Provision")
	for _, g := range r.Gaps {
		d.Row(g.Text, cited(g.Controls))
	}
}

// unsent says what it means that no notice to an individual is on record.
func (r *Report) unsent() string {
	switch {
	case !r.Verdict.Notify():
		return "not due"
	case r.Role == BusinessAssociate:
		return "by the covered entity"
	}
	return "no"
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func cited(ids []safeguard.Control) string { return joined(ids) }

func orElse(s, other string) string {
	if s == "" {
		return other
	}
	return s
}
