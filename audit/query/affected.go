package query

import (
	"context"
	"fmt"
	"slices"
)

// Affected are the individuals whose records an actor touched, as tokens.
//
// Controls: HIPAA 164.312(b), 164.308(a)(6)(ii); NIST CSF 2.0 PR.PS-04.
type Affected struct {
	// ID is the id of the record that accounts for the question.
	ID string
	// Tokens are those of the individuals, in order, each once. One individual
	// has as many as there were epochs of token keys: [Log.Resolve] counts
	// individuals.
	Tokens []string
	// Records counts the records that name them, Denied those of requests that
	// were refused before anything was opened, whose patients are not in Tokens.
	// A refusal of which another record is missing counts as one that exposed.
	Records, Denied int
	// Unreadable counts records that may belong to the answer and cannot be
	// read: if it is not 0, the list may be too short.
	Unreadable int
	// Unread names up to 16 of them as ledger and index.
	Unread []string
	// Ledgers say how much of each ledger the answer covers.
	Ledgers []Extent
}

// Affected answers whose records an actor touched, or somebody on its behalf,
// between from and to: q is made by [WhatDid]. What was refused before anything
// was opened does not count; what may have been seen does, also if the answer
// was cut off.
//
// It is the list that a breach assessment starts from, not the result of one:
// 164.402 asks for more. It returns [ErrTooMany] for more than
// Options.MaxTokens individuals; ask for a shorter time then. Other errors are
// those of [Log.Ask].
//
// Controls: HIPAA 164.312(b), 164.308(a)(6)(ii); NIST CSF 2.0 PR.PS-04.
func (l *Log) Affected(ctx context.Context, q Question) (*Affected, error) {
	if q.Kind == AskWhatDid {
		q.Kind = AskAffected
	}
	who, err := l.admit(ctx, &q, "")
	if err != nil {
		return nil, err
	}
	if _, err := l.askable(&q, AskAffected); err != nil {
		return nil, err
	}
	if q.After != "" {
		return nil, fmt.Errorf("%w: After: it has no pages", ErrQuestion)
	}
	m, err := l.matcher(&q, who)
	if err != nil {
		return nil, l.fail(ctx, &q, who, err)
	}
	out, err := l.affected(ctx, &q, m)
	if err != nil {
		return nil, l.fail(ctx, &q, who, err)
	}
	distrusted := l.count(out.Ledgers)
	out.ID, err = l.record(ctx, &q, who, account{allowed: true, count: len(out.Tokens), distrusted: distrusted})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (l *Log) affected(ctx context.Context, q *Question, m *matcher) (*Affected, error) {
	views, err := l.look(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &Affected{}
	c := &census{log: l, out: out, tokens: map[string]struct{}{}}
	var unread Answer
	for _, v := range views {
		for h, err := range v.hits(ctx, &unread, m, 0) {
			if err == nil {
				err = c.take(ctx, v, h)
			}
			if err != nil {
				return nil, err
			}
		}
		if err := c.settle(ctx, v); err != nil {
			return nil, err
		}
		out.Ledgers = append(out.Ledgers, v.extent)
	}
	out.Unreadable, out.Unread = unread.Unreadable, unread.Unread
	out.Tokens = make([]string, 0, len(c.tokens))
	for t := range c.tokens {
		out.Tokens = append(out.Tokens, t)
	}
	slices.Sort(out.Tokens)
	return out, nil
}

// A census counts individuals.
type census struct {
	log    *Log
	out    *Affected
	tokens map[string]struct{}
	refuse []Hit // refusals of which another part may tell what was opened
}

// maxRefusals bounds census.refuse.
const maxRefusals = 256

// take counts a record. A refusal waits until its whole request is known.
func (c *census) take(ctx context.Context, v *view, h Hit) error {
	switch {
	case len(h.Access.Patients) == 0:
		return nil
	case h.Exposed():
		return c.count(&h)
	}
	if c.refuse = append(c.refuse, h); len(c.refuse) < maxRefusals {
		return nil
	}
	return c.settle(ctx, v)
}

// settle counts the refusals that wait. A name of what was opened stands in one
// record of a request only; where records are missing, it may be in those.
func (c *census) settle(ctx context.Context, v *view) error {
	if err := v.join(ctx, c.refuse); err != nil {
		return err
	}
	for i := range c.refuse {
		h := &c.refuse[i]
		missing := h.Parts <= h.Access.Part || h.Ended != nil && h.Parts < h.Ended.Parts
		if !h.Exposed() && !missing {
			c.out.Denied++
			continue
		}
		if err := c.count(h); err != nil {
			return err
		}
	}
	c.refuse = c.refuse[:0]
	return nil
}

// count takes in those whom a record names.
func (c *census) count(h *Hit) error {
	c.out.Records++
	for _, t := range h.Access.Patients {
		c.tokens[t] = struct{}{}
	}
	if len(c.tokens) > c.log.opts.MaxTokens {
		return fmt.Errorf("%w: more than %d tokens", ErrTooMany, c.log.opts.MaxTokens)
	}
	return nil
}
