package disclosure

import (
	"fmt"
	"strings"
)

// Markdown writes the accounting for the patient. It returns [ErrIncomplete] if
// it lacks what 164.528(b) asks for.
func (a *Accounting) Markdown() (string, error) {
	d, err := a.document()
	if err != nil {
		return "", err
	}
	return d.markdown(), nil
}

// HTML writes the same as a page without scripts, styles or references.
func (a *Accounting) HTML() (string, error) {
	d, err := a.document()
	if err != nil {
		return "", err
	}
	return d.html(), nil
}

func (a *Accounting) document() (*document, error) {
	if len(a.Incomplete) > 0 {
		return nil, fmt.Errorf("%w: %d records", ErrIncomplete, len(a.Incomplete))
	}
	d := &document{}
	d.add("h1", "Accounting of disclosures")
	d.add("p", from(a.Organisation)+"Period: "+span(a.From, a.To)+". You asked on "+ymd(a.Timetable.Received)+".")
	d.add("p", "This lists to whom your health information was disclosed in this period (45 CFR 164.528). The law does not require disclosures in this list that were made "+
		"for treatment, payment or health care operations; to you; incident to another permitted use or disclosure; with your authorization; for a facility directory, to persons involved in your care or for other notification; "+
		"for national security or intelligence purposes; to correctional institutions or law enforcement officials about a person in custody; as part of a limited data set; or before the organisation had to comply.")
	if len(a.Disclosures)+len(a.Research) == 0 {
		d.add("p", "There are no disclosures to list.")
	}
	if len(a.Disclosures) > 0 {
		d.add("h2", "Disclosures")
		var rows [][]string
		for _, x := range a.Disclosures {
			rows = append(rows, []string{ymd(x.Date), x.to(), x.What, x.purpose(), x.times(), indexes(x.Indexes)})
		}
		d.table([]string{"Date", "To", "What", "Purpose", "How often", "Records"}, rows)
	}
	for _, r := range a.Research {
		r.write(d)
	}
	a.close(d)
	return d, nil
}

func (x Disclosed) to() string {
	if x.Recipient.Address == "" {
		return x.Recipient.Name
	}
	return x.Recipient.Name + ", " + x.Recipient.Address
}

func (x Disclosed) purpose() string {
	switch {
	case x.Request == "":
		return x.Purpose
	case x.Purpose == "":
		return "See the attached copy of the written request " + x.Request
	}
	return x.Purpose + " (written request " + x.Request + ")"
}

func (x Disclosed) times() string {
	if x.Number == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times, the last on %s", x.Number, ymd(x.Last))
}

func (r Researched) write(d *document) {
	d.add("h2", "Research: "+r.Name)
	d.add("p", r.Description)
	d.add("p", "Your health information may or may not have been disclosed for this protocol or other research activity.")
	d.add("list",
		"Type of information: "+r.Types,
		"Disclosures occurred, or may have occurred, from "+span(r.From, r.Last)+" (the last one)",
		"Sponsor: "+r.Sponsor.String(), "Researcher: "+r.Researcher.String(), "Records: "+indexes(r.Indexes))
	d.add("p", "If it is reasonably likely that your information was disclosed for it, we help you, at your request, to contact the sponsor and the researcher.")
}

// String writes the contact in one line.
func (c Contact) String() string { return c.Name + ", " + c.Address + ", " + c.Telephone }

func (a *Accounting) close(d *document) {
	d.add("h2", "About this accounting")
	fee := "This accounting is free of charge: it is the first in 12 months."
	if !a.Free {
		fee = "This is not the first accounting in 12 months. A reasonable, cost-based fee may be charged only if you were told of it in advance and could withdraw or change your request."
	}
	d.add("p", fee)
	d.add("p", fmt.Sprintf("The numbers of records refer to the log of the organisation, which had %d records then. With them, proofs can be made that these are the records that were written.", a.Size))
}

// Markdown writes the report for the patient.
func (r *AccessReport) Markdown() string { return r.document().markdown() }

// HTML writes the same as a page without scripts, styles or references.
func (r *AccessReport) HTML() string { return r.document().html() }

func (r *AccessReport) document() *document {
	d := &document{}
	d.add("h1", "Who accessed your record")
	d.add("p", from(r.Organisation)+"Period: "+span(r.From, r.To)+". Times are of "+r.From.Location().String()+".")
	if len(r.Accesses) == 0 {
		d.add("p", "Nobody accessed your record in this period.")
	} else {
		var rows [][]string
		for _, a := range r.Accesses {
			rows = append(rows, []string{a.when(), a.who(), a.did(), a.What, a.Why, indexes(a.Indexes)})
		}
		d.table([]string{"When", "Who", "What they did", "Kind of data", "Why", "Records"}, rows)
	}
	d.add("p", fmt.Sprintf("The numbers of records refer to the log of the organisation, which had %d records then.", r.Size))
	return d
}

func (a Accessed) when() string {
	first := a.First.Format("2 January 2006, 15:04")
	if a.Times == 1 {
		return first
	}
	return fmt.Sprintf("%s to %s, %d times", first, a.Last.Format("15:04"), a.Times)
}

func (a Accessed) who() string {
	if a.For == "" {
		return a.Who
	}
	return a.Who + ", on behalf of " + a.For
}

func (a Accessed) did() string {
	if a.Emergency {
		return a.Did + " (emergency override)"
	}
	return a.Did
}

func from(organisation string) string {
	if organisation == "" {
		return ""
	}
	return "From: " + organisation + ". "
}

// indexes writes at most a dozen; the value has all.
func indexes(list []uint64) string {
	var b strings.Builder
	for i, n := range list {
		if i == 12 {
			fmt.Fprintf(&b, " and %d more", len(list)-i)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprint(&b, n)
	}
	return b.String()
}
