package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

// auditReview helps a person to review a log.
type auditReview struct {
	Findings reviewFindings `cmd:"" help:"Run the rules that need no other register over a ledger and list what is to be looked at; exit 1 if there is something."`
	Sample   reviewSample   `cmd:"" help:"Write the items of a range for a person to judge: what is flagged, and a sample that nobody chose."`
	Sign     reviewSign     `cmd:"" help:"Sign the judged items and record that."`
	Coverage reviewCoverage `cmd:"" help:"Say of every day which review covers it, or that none does; exit 1 if one is not."`
}

// Help is the long text of --help.
func (auditReview) Help() string {
	return `164.308(a)(1)(ii)(D) asks to review records of activity regularly; it names no interval and no number. A command does not review: a person does.

The askers file must allow the question "review". 'review sample' writes a file in which the reviewer sets "verdict" (appropriate, inappropriate, unclear) and "code" (a code of the organisation's list, no free text) of every item. 'review sign' prepares the same range under the same checkpoint again, so the file can change nothing but those two.

A review counts once it stands in the reviewed ledger itself. If a service has that open, let it record the signed file: review.ParseSignOff and SignOff.Record.

The reviewers file says whose signature counts, and when:

  {"reviewers": [{"id": "ben", "tenant": "clinic-a", "key": "MCowBQYDK2VwAyEA…", "from": "2026-01-01"}]}

"key" is the middle line of what 'evidence key' writes.`
}

// reviewing are the flags of a look at the log.
type reviewing struct {
	checked
	Askers string `required:"" placeholder:"FILE" help:"Who may ask what."`
	Tenant string `placeholder:"TENANT" help:"The organisation of the reviewer."`
	recording
}

// look opens the ledger for somebody who may, and records that first.
func (c *reviewing) look(e *env, what string, f func(ctx context.Context, r *ledger.Reader, key string) error) error {
	rules, err := readGuarded(e, c.Askers, parseAskers)
	if err != nil {
		return err
	}
	r, key, err := c.checked.open(e)
	if err != nil {
		return err
	}
	defer r.Close()
	return c.with(e, c.Tenant, nil, func(ctx context.Context, notes *audit.Recorder) error {
		who, _ := safeguard.PrincipalFrom(ctx)
		denied := rules.may(who, askReview, safeguard.Operations)
		data, err := json.Marshal(map[string]any{"question": askReview, "what": what, "allowed": denied == nil})
		if err != nil {
			return err
		}
		if _, err := notes.Record(ctx, audit.Notice{Type: audit.TypeLogQueried, Purpose: safeguard.Operations, Data: data}); err != nil {
			return err
		}
		if denied != nil {
			return findings("%w", denied)
		}
		return f(ctx, r, key)
	})
}

type reviewFindings struct {
	reviewing
	Since uint64 `placeholder:"INDEX" help:"List only what was set off by this record or a later one."`
	JSON  bool   `name:"json" help:"Write JSON, one object a line."`
}

// Run lists what the rules find.
func (c *reviewFindings) Run(e *env) error {
	rules, err := offline()
	if err != nil {
		return err
	}
	engine, err := review.New(rules, nil)
	if err != nil {
		return err
	}
	n := 0
	err = c.look(e, "findings", func(ctx context.Context, r *ledger.Reader, _ string) error {
		for record, err := range r.Records(ctx, 0) {
			if err != nil {
				return auditFault(err)
			}
			alerts, err := engine.Observe(ctx, record.Index, record.Data)
			if err != nil {
				return err
			}
			for i := range alerts {
				if alerts[i].Index < c.Since {
					continue
				}
				n++
				if err := c.write(e, &alerts[i]); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil && n > 0 {
		err = findings("%d findings are to be looked at", n)
	}
	return err
}

func (c *reviewFindings) write(e *env, a *review.Alert) error {
	if c.JSON {
		return e.jsonLine(a)
	}
	_, err := fmt.Fprintf(e.out, "%s %d %s %s %s %d/%d\n",
		a.At.UTC().Format(time.RFC3339), a.Index, quoted(a.Actor.ID), a.Rule, quoted(a.Reason), a.Count, a.Limit)
	return err
}

// offline are the rules that need nothing but the log.
func offline() (all []review.Rule, err error) {
	add := func(r review.Rule, failed error) {
		if failed != nil {
			err = failed
		}
		all = append(all, r)
	}
	bulk, failed := review.NewBulk(nil)
	add(bulk, failed)
	exports, failed := review.NewExports(nil)
	add(exports, failed)
	fan, failed := review.NewFanOut(nil)
	add(fan, failed)
	probing, failed := review.NewProbing(nil)
	add(probing, failed)
	flagged, failed := review.NewFlagged(nil)
	add(flagged, failed)
	glass, failed := review.NewBreakGlass(0)
	add(glass, failed)
	department, failed := review.NewDepartment(nil)
	add(department, failed)
	return all, err
}

type reviewCoverage struct {
	checked
	Reviewers string        `required:"" placeholder:"FILE" help:"Whose signatures count."`
	First     string        `name:"from" required:"" placeholder:"YYYY-MM-DD" help:"The first day."`
	Last      string        `name:"to" required:"" placeholder:"YYYY-MM-DD" help:"The last day."`
	Every     time.Duration `default:"168h" help:"How old a record may become before a review is due. The rule names no interval."`
	Zone      string        `default:"UTC" help:"The time zone in which days begin."`
	results
}

// Run says which days are covered. It shows no records.
func (c *reviewCoverage) Run(e *env) error {
	zone, err := zoneOf(c.Zone)
	if err != nil {
		return err
	}
	from, err := dayIn("--from", c.First, zone)
	if err != nil {
		return err
	}
	to, err := dayIn("--to", c.Last, zone)
	if err != nil {
		return err
	}
	who, err := parse(e, c.Reviewers, parseReviewers)
	if err != nil {
		return err
	}
	r, key, err := c.checked.open(e)
	if err != nil {
		return err
	}
	defer r.Close()
	tracker, err := review.NewTracker(r, who, key, &review.TrackerOptions{Every: c.Every, Zone: zone})
	if err != nil {
		return refused(err)
	}
	if err := tracker.Read(e.ctx); err != nil {
		return auditFault(err)
	}
	covered, err := tracker.Coverage(from, to)
	if err != nil {
		return refused(err)
	}
	gaps := covered.Gaps()
	err = c.write(e,
		format{"md", func(w io.Writer) error { _, err := io.WriteString(w, covered.Markdown()); return err }},
		format{"json", func(w io.Writer) error {
			out := json.NewEncoder(w)
			out.SetIndent("", "  ")
			return out.Encode(coverageFile{covered.Origin, covered.From, covered.To, covered.Floor, covered.Size, gaps, len(covered.Reviews), len(covered.Rejected)})
		}},
	)
	if n := len(covered.Rejected); err == nil && n > 0 {
		e.note("%d records claim to be a review and do not count", n)
	}
	if err == nil && len(gaps) > 0 {
		err = findings("%d gaps: days that no review covers as a whole", len(gaps))
	}
	return err
}

// coverageFile is a coverage in JSON.
type coverageFile struct {
	Origin   string       `json:"origin"`
	From     time.Time    `json:"from"`
	To       time.Time    `json:"to"`
	Floor    uint64       `json:"floor"`
	Size     uint64       `json:"size"`
	Gaps     []review.Gap `json:"gaps"`
	Reviews  int          `json:"reviews"`
	Rejected int          `json:"rejected"`
}
