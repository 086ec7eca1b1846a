package query

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// A Queried is the data of an audit.TypeLogQueried record, beside the members
// "principal" and "patients": who asked, and the token of whom.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
type Queried struct {
	// Question is its Kind, Of the kind of the question that AskProof was about.
	Question Kind `json:"question"`
	Of       Kind `json:"of,omitempty"`
	// Actor, Types, Tokens, From, To, After and Unindexed are what was asked.
	// Tokens are those of the patient, at most 16.
	Actor     string    `json:"actor,omitempty"`
	Types     []string  `json:"types,omitempty"`
	Tokens    []string  `json:"tokens,omitempty"`
	From      time.Time `json:"from,omitzero"`
	To        time.Time `json:"to,omitzero"`
	After     string    `json:"after,omitempty"`
	Unindexed bool      `json:"unindexed,omitempty"`
	// Ledgers is how many were asked, Asked how many tokens AskResolve had.
	Ledgers int `json:"ledgers"`
	Asked   int `json:"asked,omitempty"`
	// Allowed, Failed and Count are what came of it: a question that was
	// allowed and not failed was answered with Count hits, individuals or
	// proofs.
	Allowed bool `json:"allowed"`
	Failed  bool `json:"failed,omitempty"`
	Count   int  `json:"count"`
	// Distrusted counts index files that were not believed.
	Distrusted int `json:"distrusted,omitempty"`
}

// maxTokensNoted bounds Queried.Tokens.
const maxTokensNoted = 16

// An asker is who asks.
type asker struct {
	principal safeguard.Principal
	self      safeguard.Patient
	patient   bool
	of        Kind // of AskProof
}

// An account is what came of a question.
type account struct {
	allowed, failed bool
	count           int
	asked           int
	distrusted      int
	cause           string
}

// record makes a question durable and returns the id of its record.
func (l *Log) record(ctx context.Context, q *Question, who asker, a account) (string, error) {
	d := Queried{
		Question: q.Kind, Of: who.of, From: q.From, To: q.To, After: q.After, Unindexed: q.Unindexed, Types: q.Types,
		Ledgers: len(l.shards), Asked: a.asked,
		Allowed: a.allowed, Failed: a.failed, Count: a.count, Distrusted: a.distrusted,
	}
	n := audit.Notice{
		Type: audit.TypeLogQueried, Principal: who.principal, CausationID: a.cause,
		Controls: []safeguard.Control{safeguard.AuditControls, safeguard.InformationSystemActivityReview},
	}
	if q.Purpose.Valid() {
		n.Purpose = q.Purpose
	}
	if q.check(maxMaxPage) == nil && len(q.After) <= maxCursor {
		d.Actor = q.Actor
	} else { // what cannot be asked is not repeated
		d.Types, d.After = nil, ""
	}
	if !q.Patient.IsZero() && who.principal.Validate() == nil {
		n.Patients = []safeguard.Patient{q.Patient}
		tokens := l.tokens.FindPatient(who.principal.Tenant, q.Patient)
		d.Tokens = tokens[:min(len(tokens), maxTokensNoted)]
	}
	var err error
	if n.Data, err = json.Marshal(d); err != nil {
		return "", fmt.Errorf("query: record: %w", err)
	}
	id, err := l.notes.Record(ctx, n)
	if err != nil {
		l.counters.failed.Add(1)
		return "", fmt.Errorf("query: the question could not be recorded: %w", err)
	}
	l.counters.asked.Add(1)
	return id, nil
}

// refuse records a denial and returns ErrDenied, and what kept it from being
// recorded.
func (l *Log) refuse(ctx context.Context, q *Question, who asker, cause string) error {
	l.counters.denied.Add(1)
	ctx = context.WithoutCancel(ctx) // who goes away at once is recorded too
	if _, err := l.record(ctx, q, who, account{cause: cause}); err != nil {
		return fmt.Errorf("%w; %w", ErrDenied, err)
	}
	return ErrDenied
}

// fail records a question that was allowed and has no answer, and returns why.
func (l *Log) fail(ctx context.Context, q *Question, who asker, why error) error {
	l.counters.failed.Add(1)
	ctx = context.WithoutCancel(ctx) // the Noter has a deadline of its own
	if _, err := l.record(ctx, q, who, account{allowed: true, failed: true}); err != nil {
		return fmt.Errorf("%w; %w", why, err)
	}
	return why
}

// admit returns who asks, if the question is allowed. A denial is recorded.
func (l *Log) admit(ctx context.Context, q *Question, of Kind) (asker, error) {
	p, ok := safeguard.PrincipalFrom(ctx)
	if of == q.Kind {
		of = ""
	}
	who := asker{principal: p, of: of}
	if !ok || !q.Purpose.Valid() || !l.ownOnly(ctx, q, &who) || l.asks.Authorize(ctx, p, *q) != nil {
		return who, l.refuse(ctx, q, who, "")
	}
	return who, nil
}

// ownOnly reports whether a patient asks about itself and nothing else, or
// somebody who is no patient asks.
func (l *Log) ownOnly(ctx context.Context, q *Question, who *asker) bool {
	if l.opts.Self == nil {
		return q.Purpose != safeguard.PatientRequest
	}
	self, err := l.opts.Self(ctx, who.principal)
	if err != nil {
		return false
	}
	who.self, who.patient = self, !self.IsZero()
	if !who.patient {
		return true
	}
	asksWho := q.Kind == AskWhoSaw || q.Kind == AskProof && who.of == AskWhoSaw
	return asksWho && q.Purpose == safeguard.PatientRequest && q.Patient == self
}
