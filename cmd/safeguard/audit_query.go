package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/query"
)

// auditQuery asks a ledger.
type auditQuery struct {
	WhoSaw   queryWhoSaw   `cmd:"" help:"List the records about a patient."`
	WhatDid  queryWhatDid  `cmd:"" help:"List the records of what somebody did, or had done."`
	OfType   queryOfType   `cmd:"" help:"List the records of some types, such as those of questions."`
	Affected queryAffected `cmd:"" help:"Count the individuals whose records somebody touched, and name them from a list of patients."`
	Resolve  queryResolve  `cmd:"" help:"Say which patients of a list stand behind tokens."`
}

// Help is the long text of --help.
func (auditQuery) Help() string {
	return `The ledger is verified first. Every page of an answer is allowed by the askers file and recorded in the operator's ledger before it is written, and so is what was denied. A rule that is not in the file denies:

  {"askers": [
    {"id": "anna", "tenants": ["clinic-a"], "questions": ["who-saw", "what-did", "affected", "resolve"], "purposes": ["HOPERAT"]}
  ]}

The questions are who-saw, what-did, of-type, affected, resolve, accounting, access-report and review; "*" stands for every tenant, and for none. "methods" and "unsafe_methods" say which ways of knowing who asks count, as in 'safeguard keys shred --help'.

Patients are read from a file or standard input, never from an argument. Answers name them by tokens, but for affected --resolve and resolve, which write references of patients: what they write is PHI.

An answer ends with a line that says how much of the ledger it covers; without that line it is not whole. The run book is docs/audit-questions.md.`
}

// asking are the flags of a question.
type asking struct {
	checked
	tokenFlags
	Askers  string `required:"" placeholder:"FILE" help:"Who may ask what."`
	Tenant  string `placeholder:"TENANT" help:"Whose records are asked for. Default: those of a service that works for one organisation only."`
	Purpose string `required:"" placeholder:"CODE" help:"Why, as a code of purposes of use, for instance HOPERAT."`
	JSON    bool   `name:"json" help:"Write JSON, one object a line."`
	indexFlags
	recording
}

// indexFlags name an index.
type indexFlags struct {
	Index     string `placeholder:"DIR" help:"Directory of the index, if there is one. What has no index is read as a whole."`
	IndexKey  string `placeholder:"FILE" help:"The key of the index, 32 random bytes at least."`
	Unindexed bool   `help:"Read every record and believe no index."`
}

func (f indexFlags) options(e *env) (*query.Options, error) {
	if (f.Index == "") != (f.IndexKey == "") {
		return nil, refused(errors.New("--index and --index-key belong together"))
	}
	if f.Index == "" {
		return nil, nil
	}
	b, err := e.read(f.IndexKey)
	return &query.Options{IndexDir: f.Index, IndexKey: b}, err
}

// ask opens everything and calls f.
func (c *asking) ask(e *env, f func(context.Context, *query.Log, safeguard.Purpose) error) error {
	purpose, err := purposeOf(c.Purpose)
	if err != nil {
		return err
	}
	rules, err := readGuarded(e, c.Askers, parseAskers)
	if err != nil {
		return err
	}
	tokens, err := c.keys()
	if err != nil {
		return err
	}
	opts, err := c.options(e)
	if err != nil {
		return err
	}
	r, key, err := c.open(e)
	if err != nil {
		return err
	}
	defer r.Close()
	return c.with(e, c.Tenant, tokens, func(ctx context.Context, notes *audit.Recorder) error {
		ledgers := []query.Ledger{{Name: "ledger", Reader: r, VerifierKey: key}}
		l, err := query.New(ledgers, tokens, ofQuery{rules}, notes, opts)
		if err != nil {
			return refused(err)
		}
		return queryFault(f(ctx, l, purpose))
	})
}

// queryFault marks what a question was refused for. What was denied and what
// is not as it should be in a ledger are findings.
func queryFault(err error) error {
	switch {
	case errors.Is(err, query.ErrDenied):
		return findings("%w", err)
	case errors.Is(err, query.ErrQuestion), errors.Is(err, query.ErrTooMany):
		return refused(err)
	}
	return err
}

type queryWhoSaw struct {
	asking
	Patient string `required:"" placeholder:"FILE" help:"File with the reference of the patient, as the service notes it; - for standard input."`
	span
}

// Run asks.
func (c *queryWhoSaw) Run(e *env) error {
	p, err := patientFlag{c.Patient}.read(e)
	if err != nil {
		return err
	}
	return c.pages(e, c.span, func(q *query.Question) { q.Kind, q.Patient = query.AskWhoSaw, p })
}

type queryWhatDid struct {
	asking
	Actor string `required:"" placeholder:"ID" help:"The account, as it stands in records."`
	span
}

// Run asks.
func (c *queryWhatDid) Run(e *env) error {
	return c.pages(e, c.span, func(q *query.Question) { q.Kind, q.Actor = query.AskWhatDid, c.Actor })
}

type queryOfType struct {
	asking
	Type []string `required:"" sep:"none" placeholder:"TYPE" help:"A type of records, as a whole; may be given several times."`
	span
}

// Run asks.
func (c *queryOfType) Run(e *env) error {
	return c.pages(e, c.span, func(q *query.Question) { q.Kind, q.Types = query.AskOfType, c.Type })
}

// pages writes all pages of an answer.
func (c *asking) pages(e *env, s span, fill func(*query.Question)) error {
	from, to, err := s.times()
	if err != nil {
		return err
	}
	return c.ask(e, func(ctx context.Context, l *query.Log, purpose safeguard.Purpose) error {
		q := query.Question{Purpose: purpose, From: from, To: to, Limit: 1000, Unindexed: c.Unindexed}
		fill(&q)
		w := answers{env: e, json: c.JSON}
		for {
			a, err := l.Ask(ctx, q)
			if err != nil {
				return err
			}
			if err := w.page(a); err != nil {
				return err
			}
			if q.After = a.Next; q.After == "" {
				return w.end(a.Ledgers)
			}
			e.step("%d records", w.hits)
		}
	})
}

type queryAffected struct {
	asking
	Actor string `required:"" placeholder:"ID" help:"The account, as it stands in records."`
	List  string `name:"resolve" placeholder:"LIST" help:"File with the references of all patients of the tenant, one a line, - for standard input: the references of those affected are written, which is PHI."`
	span
}

// Help is the long text of --help.
func (queryAffected) Help() string {
	return `The list that a breach assessment starts from (164.402 asks for more). Without --resolve it counts tokens: one individual has as many as there were token keys. Exit 1 if somebody may be missing in it.`
}

// Run asks.
func (c *queryAffected) Run(e *env) error {
	from, to, err := c.times()
	if err != nil {
		return err
	}
	return c.ask(e, func(ctx context.Context, l *query.Log, purpose safeguard.Purpose) error {
		q := query.WhatDid(purpose, c.Actor, from, to)
		q.Unindexed = c.Unindexed
		a, err := l.Affected(ctx, q)
		if err != nil {
			return err
		}
		out := affectedAnswer{
			Record: a.ID, Tokens: a.Tokens, Records: a.Records, Denied: a.Denied,
			Unreadable: a.Unreadable, Unread: a.Unread, Ledgers: extents(a.Ledgers),
		}
		if c.List != "" && len(a.Tokens) > 0 {
			found, err := l.Resolve(ctx, purpose, a.Tokens, e.people(c.List))
			if err != nil {
				return err
			}
			out.resolve(found)
		}
		return out.write(e, c.JSON, c.List != "")
	})
}

type queryResolve struct {
	asking
	Of   string `required:"" placeholder:"FILE" help:"File with the tokens, one a line, at most a million; - for standard input."`
	List string `required:"" placeholder:"LIST" help:"File with the references of all patients of the tenant, one a line."`
}

// Run asks. References of patients are written.
func (c *queryResolve) Run(e *env) error {
	b, err := e.read(c.Of)
	if err != nil {
		return err
	}
	tokens, err := parseTokens(b)
	if err != nil {
		return refused(fmt.Errorf("%s: %w", c.Of, err))
	}
	return c.ask(e, func(ctx context.Context, l *query.Log, purpose safeguard.Purpose) error {
		found, err := l.Resolve(ctx, purpose, tokens, e.people(c.List))
		if err != nil {
			return err
		}
		out := affectedAnswer{Record: found.ID, Tokens: tokens}
		out.resolve(found)
		return out.write(e, c.JSON, true)
	})
}

// jsonLine writes one object.
func (e *env) jsonLine(v any) error { return json.NewEncoder(e.out).Encode(v) }
