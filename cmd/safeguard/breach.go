package main

import (
	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
)

// breachCmd is about the file of one incident.
type breachCmd struct {
	Report breachReport `cmd:"" help:"Assess an incident file and compute its deadlines; exit 1 if one is overdue."`
}

// Help is the long text of --help.
func (breachCmd) Help() string {
	return `An incident is one strict JSON file. The report says, in the order of the rule: whether the information was unsecured at that date, whether a breach is to be presumed (45 CFR 164.402), who is to be notified by which day (164.404 to 164.412), who was, and what is still unproved (164.414(b)). Whatever is unknown counts against the entity.

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
