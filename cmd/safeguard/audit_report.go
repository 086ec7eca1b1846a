package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/disclosure"
)

// auditReport writes what patients and auditors are given.
type auditReport struct {
	Disclosures reportDisclosures `cmd:"" help:"Write the accounting of disclosures that a patient asked for (164.528)."`
	Access      reportAccess      `cmd:"" help:"Write who accessed a patient's record, for the patient."`
	Review      reviewCoverage    `cmd:"" help:"Say of every day which review covers it, or that none does."`
}

// Help is the long text of --help.
func (auditReport) Help() string {
	return `The ledger is verified first, the askers file must allow accounting or access-report for the purpose PATRQT, and that it was read is recorded before anything is written. The register has the words that stand for the ids and codes in records:

  {"recipients": {"dept-health": {"name": "Department of Health", "address": "1 Main St"}},
   "descriptions": {"lab": "Results of laboratory tests"}, "purposes": {"reporting": "Reporting of a disease, as the law requires"}}

It may also have protocols, people, words and suspensions (statements of agencies that a right to an accounting is suspended, 164.528(a)(2)), which are held to concern the patient that is asked for: keep one file for each such patient.

Documents are for the patient that is named, and PHI. The formats are md, html and json; an accounting that lacks what 164.528(b) asks for is written as json only, for the staff, and exits with 1.`
}

// patientReport are the flags of a document for a patient.
type patientReport struct {
	checked
	tokenFlags
	Patient      string `required:"" placeholder:"FILE" help:"File with the reference of the patient, as the service notes it; - for standard input."`
	Received     string `required:"" placeholder:"YYYY-MM-DD" help:"The day on which the patient asked. The six years before it are answered for."`
	First        string `name:"from" placeholder:"YYYY-MM-DD" help:"The first day, if the patient asked for a shorter time."`
	Last         string `name:"to" placeholder:"YYYY-MM-DD" help:"The last day, likewise."`
	Zone         string `default:"UTC" help:"The time zone of the organisation, for instance America/Chicago."`
	Register     string `required:"" placeholder:"FILE" help:"The words for recipients, purposes and descriptions."`
	Organisation string `placeholder:"NAME" help:"Who answers, as it stands in the document."`
	Askers       string `required:"" placeholder:"FILE" help:"Who may ask what."`
	Tenant       string `placeholder:"TENANT" help:"Whose patient it is."`
	recording
	results
}

// dayIn reads a day of a zone; "" is none.
func dayIn(flag, text string, zone *time.Location) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	t, err := time.ParseInLocation(time.DateOnly, text, zone)
	if err != nil {
		return t, refused(fmt.Errorf("%s: must be a day, YYYY-MM-DD", flag))
	}
	return t, nil
}

// zoneOf reads a time zone.
func zoneOf(name string) (*time.Location, error) {
	if name == "" || name == "Local" {
		return nil, refused(errors.New("--zone: must be named"))
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, refused(errors.New("--zone: there is no such time zone here"))
	}
	return zone, nil
}

// question reads what is asked.
func (c *patientReport) question(e *env, zone *time.Location) (q disclosure.Question, err error) {
	q.Tenant = c.Tenant
	if q.Received, err = dayIn("--received", c.Received, zone); err != nil {
		return q, err
	}
	if q.Received.After(time.Now()) {
		return q, refused(errors.New("--received: is a day to come"))
	}
	if q.From, err = dayIn("--from", c.First, zone); err != nil {
		return q, err
	}
	if q.To, err = dayIn("--to", c.Last, zone); err != nil {
		return q, err
	}
	q.Patient, err = patientFlag{c.Patient}.read(e)
	return q, err
}

// report opens everything, asks, and writes the answer.
func (c *patientReport) report(e *env, itemise bool, ask func(context.Context, *disclosure.Reporter, disclosure.Question) (patientDocument, error)) error {
	to, err := c.results.open(patientDocument{}.formats()...)
	if err != nil {
		return err
	}
	defer to.discard()
	zone, err := zoneOf(c.Zone)
	if err != nil {
		return err
	}
	q, err := c.question(e, zone)
	if err != nil {
		return err
	}
	rules, err := readGuarded(e, c.Askers, parseAskers)
	if err != nil {
		return err
	}
	words, err := parse(e, c.Register, parseRegister)
	if err != nil {
		return err
	}
	tokens, err := c.keys()
	if err != nil {
		return err
	}
	r, _, err := c.checked.open(e)
	if err != nil {
		return err
	}
	defer r.Close()
	opts := &disclosure.Options{Organisation: c.Organisation, Zone: zone, Suspensions: suspended{words}, People: words, Words: words, Itemise: itemise}
	return c.with(e, c.Tenant, tokens, func(ctx context.Context, notes *audit.Recorder) error {
		reporter, err := disclosure.New(r, tokens, words, ofReport{rules}, notes, opts)
		if err != nil {
			return refused(err)
		}
		e.step("reading %s", c.Dir)
		doc, err := ask(ctx, reporter, q)
		if err != nil {
			return reportFault(err)
		}
		if err := to.write(e, doc.formats()...); err != nil {
			return reportFault(err)
		}
		return doc.missing
	})
}

// reportFault marks what a document was refused for.
func reportFault(err error) error {
	switch {
	case errors.Is(err, disclosure.ErrRefused), errors.Is(err, disclosure.ErrIncomplete):
		return findings("%w", err)
	case errors.Is(err, disclosure.ErrQuestion), errors.Is(err, disclosure.ErrSuspension):
		return refused(err)
	}
	return err
}

// patientDocument is what a patient is given, in its formats.
type patientDocument struct {
	markdown, html func() (string, error)
	value          any
	missing        error
}

func (d patientDocument) formats() []format {
	text := func(f func() (string, error)) func(io.Writer) error {
		return func(w io.Writer) error {
			s, err := f()
			if err != nil {
				return err
			}
			_, err = io.WriteString(w, s)
			return err
		}
	}
	return []format{
		{"md", text(d.markdown)}, {"html", text(d.html)},
		{"json", func(w io.Writer) error {
			out := json.NewEncoder(w)
			out.SetIndent("", "  ")
			return out.Encode(d.value)
		}},
	}
}

type reportDisclosures struct {
	patientReport
	Itemise bool `help:"State every disclosure by itself, without the summaries that 164.528(b)(3) and (4) allow."`
}

// Run writes the accounting.
func (c *reportDisclosures) Run(e *env) error {
	return c.report(e, c.Itemise, func(ctx context.Context, r *disclosure.Reporter, q disclosure.Question) (patientDocument, error) {
		a, err := r.Accounting(ctx, q)
		if err != nil {
			return patientDocument{}, err
		}
		doc := patientDocument{markdown: a.Markdown, html: a.HTML, value: a}
		for _, m := range a.Incomplete {
			e.note("record %d: %s", m.Index, m.What)
		}
		if n := len(a.Incomplete); n > 0 {
			doc.missing = findings("%d records lack what 164.528(b) asks for: the register is to be completed", n)
		}
		return doc, nil
	})
}

type reportAccess struct{ patientReport }

// Help is the long text of --help.
func (reportAccess) Help() string {
	return `No federal rule asks for this report: the access report that was proposed in 2011 was not adopted.`
}

// Run writes the report.
func (c *reportAccess) Run(e *env) error {
	return c.report(e, false, func(ctx context.Context, r *disclosure.Reporter, q disclosure.Question) (patientDocument, error) {
		a, err := r.Access(ctx, q)
		if err != nil {
			return patientDocument{}, err
		}
		text := func(s string) func() (string, error) { return func() (string, error) { return s, nil } }
		return patientDocument{markdown: text(a.Markdown()), html: text(a.HTML()), value: a}, nil
	})
}

// purposeOf reads a purpose of use.
func purposeOf(code string) (safeguard.Purpose, error) {
	p, err := safeguard.ParsePurpose(code)
	if err != nil {
		return p, refused(fmt.Errorf("--purpose: %w", err))
	}
	return p, nil
}
