package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
)

// breachCmd is about the file of one incident.
type breachCmd struct {
	Report    breachReport    `cmd:"" help:"Assess an incident file and compute its deadlines; exit 1 if one is overdue."`
	Deadlines breachDeadlines `cmd:"" help:"Compute the deadlines of a breach of unsecured PHI from a few facts."`
}

// Help is the long text of --help.
func (breachCmd) Help() string {
	return `An incident is one strict JSON file. The report says, in the order of the rule: whether the information was unsecured at that date, whether a breach is to be presumed (45 CFR 164.402), who is to be notified by which day (164.404 to 164.412), who was, and what is still unproved (164.414(b)). Whatever is unknown counts against the entity. A file that says the least:

  {"id": "2026-07", "entity": "Example Clinic", "role": "covered entity", "discovery": {"known": "2026-02-28"}}

go doc github.com/safeguard-sdk/safeguard/crosswalk/breach.File lists every field. Formats: md, json.

The file names individuals by your own references. Keep it and what is made from it as you keep PHI.`
}

type breachReport struct {
	File string `arg:"" help:"The incident file, - for standard input."`
	dated
	outputs
}

// Run writes the report.
func (c *breachReport) Run(e *env) error {
	day, err := c.day()
	if err != nil {
		return err
	}
	f, err := parse(e, c.File, breach.Parse)
	if err != nil {
		return err
	}
	report, err := f.Report(breach.DateOf(day))
	if err != nil {
		return refused(inFile(c.File, err))
	}
	if err := c.write(e, []string{c.File}, format{"md", report.WriteMarkdown}, format{"json", report.WriteJSON}); err != nil {
		return err
	}
	overdue := 0
	for _, d := range report.Deadlines {
		switch d.State {
		case breach.Overdue:
			overdue++
			e.note("overdue since %s: notice to %s %s", d.Due, d.Audience, d.Jurisdiction)
		case breach.Pending, breach.OnHold:
			e.note("%s, due %s (%d days): notice to %s %s", d.State, d.Due, d.DaysLeft, d.Audience, d.Jurisdiction)
		}
	}
	if len(report.Gaps) > 0 {
		e.note("%d points are not proved; the report lists them", len(report.Gaps))
	}
	if overdue > 0 {
		return findings("%d notices are overdue", overdue)
	}
	return nil
}

type breachDeadlines struct {
	Discovered  string         `required:"" placeholder:"YYYY-MM-DD" help:"The first day on which anybody of the workforce or an agent knew, or would have known."`
	Individuals int            `placeholder:"N" help:"How many are affected. Left out, it is unknown and counts as 500 or more."`
	Residents   map[string]int `mapsep:"," placeholder:"WA=501,OR=99" help:"How many live in a State; separated by commas, or given several times. Those of --individuals who are in none may live in any."`
	Associate   bool           `help:"A business associate asks, which notifies the covered entity."`
	outputs
}

// Run writes the deadlines.
func (c *breachDeadlines) Run(e *env) error {
	day, err := breach.ParseDate(c.Discovered)
	if err != nil {
		return refused(fmt.Errorf("--discovered: %q is no day of the calendar, written YYYY-MM-DD", c.Discovered))
	}
	f := breach.Facts{Role: breach.CoveredEntity, Discovered: day, Individuals: c.Individuals, Residents: c.Residents}
	f.Unplaced = unplaced(c.Individuals, c.Residents)
	if c.Associate {
		f.Role = breach.BusinessAssociate
	}
	deadlines, err := breach.Deadlines(f)
	if err != nil {
		return refused(err)
	}
	return c.write(e, nil, format{"md", deadlineTable(deadlines)}, format{"json", indented(deadlines)})
}

// unplaced is how many live nobody has said where; none where more are placed
// than there are, which breach.Deadlines refuses.
func unplaced(individuals int, residents map[string]int) int {
	left := individuals
	for _, n := range residents {
		if n < 0 || n > left {
			return 0
		}
		left -= n
	}
	return max(left, 0)
}

// deadlineTable writes the deadlines as a Markdown table.
func deadlineTable(deadlines []breach.Deadline) func(io.Writer) error {
	return func(w io.Writer) error {
		var b strings.Builder
		b.WriteString("| Notice to | Last day | Provisions | Note |\n|---|---|---|---|\n")
		for _, d := range deadlines {
			var ids []string
			for _, id := range d.Controls {
				ids = append(ids, string(id))
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", strings.TrimSpace(string(d.Audience)+" "+d.Jurisdiction), d.Due, strings.Join(ids, ", "), d.Note)
		}
		b.WriteString("\nThe last day is an outer limit; the duty is to act without unreasonable delay. Law of the states and contracts may be stricter.\n")
		_, err := io.WriteString(w, b.String())
		return err
	}
}
