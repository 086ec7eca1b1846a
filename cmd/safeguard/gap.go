package main

import (
	"fmt"

	"github.com/safeguard-sdk/safeguard/crosswalk/gap"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// gapCmd is about a gap assessment.
type gapCmd struct {
	New    gapNew    `cmd:"" help:"Begin an assessment in which nothing is assessed yet."`
	Report gapReport `cmd:"" help:"Make a document of an assessment; exit 1 if it is overdue or a draft with open points."`
	Next   gapNext   `cmd:"" help:"Begin the version after a final one."`
}

// Help is the long text of --help.
func (gapCmd) Help() string {
	return `An assessment is one strict JSON file that follows four steps: which standards apply, which NIST outcomes are paired with them, how far each is in place (0 to 4, or CSF tiers), and which gaps somebody closes until when, ranked by risk. It holds the decisions on the 22 addressable specifications (164.306(d)(3)); one that is not implemented cannot be recorded without its reasons.

Reviews fall due each quarter unless the file says less or more, and when a system, vendor, role or AI model is added. The rule says "periodic" and names no period. An assessment must hold no PHI. Formats of a report: md, json.`
}

type gapNew struct {
	Organisation string `required:"" help:"Whose assessment it is."`
	Edition      string `enum:"1.1,2.0" default:"1.1" help:"NIST CSF whose outcomes are assessed: 1.1, whose pairs are NIST's own, or 2.0, whose pairs are derived."`
	Scale        string `enum:"maturity,tiers" default:"maturity" help:"What scores are given on: maturity (0 to 4) or tiers (of the CSF)."`
	dated
	outputs
}

// Run writes the draft of a first assessment.
func (c *gapNew) Run(e *env) error {
	day, err := c.day()
	if err != nil {
		return err
	}
	a, err := gap.New(c.Organisation, risk.DateOf(day), &gap.Options{Edition: gap.Edition("CSF " + c.Edition), Scale: gap.Scale(c.Scale)})
	if err != nil {
		return refused(err)
	}
	return c.write(e, nil, format{"json", a.WriteJSON})
}

type gapReport struct {
	Assessment string `arg:"" help:"The assessment, - for standard input."`
	Preceding  string `placeholder:"FILE" help:"The version before, to show the difference. It must be the one that the assessment names, by hash."`
	Proposed   bool   `help:"Show what the rule proposed in 2025 would change for addressable specifications. It is not law."`
	dated
	outputs
}

// Run writes the report.
func (c *gapReport) Run(e *env) error {
	day, err := c.day()
	if err != nil {
		return err
	}
	on := risk.DateOf(day)
	a, err := parse(e, c.Assessment, gap.Parse)
	if err != nil {
		return err
	}
	if err := notBefore(c.Assessment, on, a.Date); err != nil {
		return err
	}
	report := &gap.Report{Assessment: a, On: on, Proposed: c.Proposed}
	inputs := []string{c.Assessment}
	if c.Preceding != "" {
		inputs = append(inputs, c.Preceding)
		if report.Preceding, err = parse(e, c.Preceding, gap.Parse); err != nil {
			return err
		}
		if err := a.Follows(report.Preceding); err != nil {
			return refused(inFile(c.Assessment, err))
		}
	}
	if err := c.write(e, inputs, format{"md", report.WriteMarkdown}, format{"json", report.WriteJSON}); err != nil {
		return err
	}
	var open []risk.Issue
	if a.Status == risk.Draft {
		open = a.OpenPoints()
	}
	return inOrder(e, a.Deadlines(on), open)
}

// notBefore refuses a report as of a day on which its document was not there.
func notBefore(path string, on, made risk.Date) error {
	if on.Before(made) {
		return refused(inFile(path, fmt.Errorf("date: is %s, after %s, the day of the report", made, on)))
	}
	return nil
}

// maxNotes is how many points are named one by one.
const maxNotes = 10

// inOrder names what is overdue and what is open; nil if nothing is.
func inOrder(e *env, deadlines []risk.Deadline, open []risk.Issue) error {
	var lines []string
	overdue := 0
	for _, d := range deadlines {
		if d.Overdue {
			lines = append(lines, fmt.Sprintf("overdue since %s: %s", d.On, d.What))
			overdue++
		}
	}
	for _, i := range open {
		lines = append(lines, fmt.Sprintf("open: %s: %s", i.Path, i.Text))
	}
	for i, line := range lines {
		if i == maxNotes {
			e.note("and %d more", len(lines)-maxNotes)
			break
		}
		e.note("%s", line)
	}
	if len(lines) > 0 {
		return findings("not in order: %d overdue, %d open points", overdue, len(open))
	}
	return nil
}

type gapNext struct {
	Assessment string `arg:"" help:"The final assessment, - for standard input."`
	dated
	outputs
}

// Run writes the draft of the following version.
func (c *gapNext) Run(e *env) error {
	day, err := c.day()
	if err != nil {
		return err
	}
	a, err := parse(e, c.Assessment, gap.Parse)
	if err != nil {
		return err
	}
	next, err := a.Next(risk.DateOf(day))
	if err != nil {
		return refused(inFile(c.Assessment, err))
	}
	return c.write(e, []string{c.Assessment}, format{"json", next.WriteJSON})
}
