package query

import (
	"fmt"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// A Kind is what a [Question] asks for.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Kind string

// The kinds of question. They stand in the log as they are here.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
const (
	// AskWhoSaw asks for the records about one patient.
	AskWhoSaw Kind = "who-saw"
	// AskWhatDid asks for the records of what one actor did, or what was done
	// on its behalf.
	AskWhatDid Kind = "what-did"
	// AskOfType asks for the records of some types, for instance those of
	// questions (audit.TypeLogQueried).
	AskOfType Kind = "of-type"
	// AskAffected asks whose records an actor touched; see [Log.Affected].
	AskAffected Kind = "affected"
	// AskResolve asks which patients stand behind tokens; see [Log.Resolve].
	AskResolve Kind = "resolve"
	// AskProof asks for the proofs of an answer; see [Answer.Bundle].
	AskProof Kind = "proof"
)

// A Question is what is asked of the log, and why. [WhoSaw], [WhatDid] and
// [OfType] make one. Who asks is the Principal of the context, and its tenant
// is the one whose records are looked at. It never prints a patient.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
type Question struct {
	// Kind is what is asked for.
	Kind Kind
	// Purpose is why. A question without one is denied.
	Purpose safeguard.Purpose
	// Patient is who AskWhoSaw is about.
	Patient safeguard.Patient
	// Actor is the ID of a Principal of the asker's tenant, for AskWhatDid and
	// AskAffected.
	Actor string
	// Types are the types that AskOfType is about. In other questions they
	// leave out what is of no such type; none leaves out nothing. 32 at most.
	Types []string
	// From and To bound the time of what happened: not before From, and before
	// To. A zero value is no bound.
	From, To time.Time
	// Limit is how many hits one page has at most; 0 is 100. Options.MaxPage
	// bounds it.
	Limit int
	// After is Answer.Next of the page before.
	After string
	// Unindexed reads every record and asks no index: for whoever distrusts
	// those who keep the index and its key. It takes a second for about a
	// million records.
	Unindexed bool
}

// WhoSaw asks for the records about p between from and to.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func WhoSaw(purpose safeguard.Purpose, p safeguard.Patient, from, to time.Time) Question {
	return Question{Kind: AskWhoSaw, Purpose: purpose, Patient: p, From: from, To: to}
}

// WhatDid asks for the records of an actor's acts between from and to.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func WhatDid(purpose safeguard.Purpose, actor string, from, to time.Time) Question {
	return Question{Kind: AskWhatDid, Purpose: purpose, Actor: actor, From: from, To: to}
}

// OfType asks for the records of some types between from and to.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func OfType(purpose safeguard.Purpose, from, to time.Time, types ...string) Question {
	return Question{Kind: AskOfType, Purpose: purpose, Types: types, From: from, To: to}
}

// Bounds of a Question.
const (
	defaultLimit = 100
	maxTypes     = 32
	maxText      = 256
)

// check returns an error for a question that has no answer.
func (q *Question) check(maxPage int) error {
	what := ""
	long := func(s string) bool { return s == "" || len(s) > maxText }
	switch {
	case q.Kind == AskWhoSaw && q.Patient.IsZero():
		what = "of no patient"
	case (q.Kind == AskWhatDid || q.Kind == AskAffected) && long(q.Actor):
		what = "of no actor, or a name longer than 256 bytes"
	case q.Kind == AskOfType && len(q.Types) == 0:
		what = "of no type"
	case len(q.Types) > maxTypes || slices.ContainsFunc(q.Types, long):
		what = "more than 32 types, or one that is empty or longer than 256 bytes"
	case !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To):
		what = "From is not before To"
	case q.Limit < 0 || q.Limit > maxPage:
		what = fmt.Sprintf("Limit is not within 0 and %d", maxPage)
	}
	if what != "" {
		return fmt.Errorf("%w: %s", ErrQuestion, what)
	}
	return nil
}

// limit is the size of a page.
func (q *Question) limit(maxPage int) int {
	if q.Limit == 0 {
		return min(defaultLimit, maxPage)
	}
	return q.Limit
}
