package audit

import (
	"context"
	"errors"
	"time"
)

// A RefusalError says why a commit was refused: nothing of the answer may
// leave. It unwraps to its cause. The text names no patient.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04.
type RefusalError struct {
	// Code is "audit.not-durable", "audit.unidentified" or "audit.gate".
	Code string
	err  error
}

// Error returns the code and the cause.
func (e *RefusalError) Error() string { return "audit: refused: " + e.Code + ": " + e.err.Error() }

// Unwrap returns the cause.
func (e *RefusalError) Unwrap() error { return e.err }

// The codes of a RefusalError.
const (
	codeNotDurable   = "audit.not-durable"
	codeUnidentified = "audit.unidentified"
	codeGate         = "audit.gate"
)

// Commit asks the gates and makes everything that was noted durable. It
// returns nil at once if nothing was noted since the last commit, so it may
// stand before every output. After nil, what is accounted for may leave; after
// an error, which is a *[RefusalError], nothing may, now or later: the Entry is
// broken for good.
//
// It waits as long as Options.Deadline allows, whether or not ctx is cancelled
// meanwhile: a client that hangs up does not undo its own record. On a nil
// Entry it returns nil.
//
// A denied request of nobody may be counted instead of recorded; see
// [Options.Unauthenticated].
func (e *Entry) Commit(ctx context.Context) error {
	if !e.Dirty() {
		return nil
	}
	e.commits <- struct{}{}
	defer func() { <-e.commits }()
	if !e.Dirty() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.recorder.deadline)
	defer cancel()
	refusal := e.ask(ctx)
	if refusal != nil {
		e.Deny(refusal.Code)
	}
	err := e.write(ctx)
	if err != nil {
		refusal = &RefusalError{codeNotDurable, err}
	}
	if refusal == nil {
		return nil
	}
	e.mu.Lock()
	e.broken, e.lost = refusal, err != nil
	e.mu.Unlock()
	e.recorder.counters.refused.Add(1)
	return refusal
}

// ask returns the first reason why nothing may leave.
func (e *Entry) ask(ctx context.Context) *RefusalError {
	e.mu.Lock()
	gates, broken := e.gates, e.broken
	nobody := e.identity.principal.Validate() != nil
	exposed := e.pending.exposed
	e.mu.Unlock()
	if refusal, ok := errors.AsType[*RefusalError](broken); ok {
		return refusal
	}
	if broken != nil {
		return &RefusalError{codeNotDurable, broken}
	}
	if nobody && exposed {
		return &RefusalError{codeUnidentified, ErrUnidentified}
	}
	for _, gate := range gates {
		if err := gate(ctx); err != nil {
			return &RefusalError{codeGate, err}
		}
	}
	return nil
}

// write appends what is pending. It takes the notes out first, so that a note
// that arrives meanwhile makes the Entry dirty again.
func (e *Entry) write(ctx context.Context) error {
	e.mu.Lock()
	pending, who, part, noted := e.pending, e.identity, e.parts, e.noted
	e.pending = notes{}
	e.mu.Unlock()

	now := time.Now()
	var records [][]byte
	if !e.recorder.nobody.counts(who, pending, now) {
		var err error
		if records, err = e.records(ctx, who, pending, part, now); err != nil {
			return err
		}
		if err = e.recorder.append(ctx, records...); err != nil {
			return err
		}
	}
	e.mu.Lock()
	e.parts += len(records)
	e.durable = noted
	e.mu.Unlock()
	return nil
}

// End records how e ended; the first call counts. Notes that are pending are
// made durable with it, without asking the gates. It does not wait: the record
// is handed to the Recorder, which makes it durable and never drops it. A
// crash before that leaves an Entry without an end, which is what happened.
func (e *Entry) End(outcome Outcome, status int, bytes int64) {
	if e == nil {
		return
	}
	e.commits <- struct{}{}
	defer func() { <-e.commits }()
	e.mu.Lock()
	if e.ended {
		e.mu.Unlock()
		return
	}
	e.ended = true
	pending := e.noted != e.durable && !e.lost
	e.mu.Unlock()
	if pending {
		ctx, cancel := context.WithTimeout(context.Background(), e.recorder.deadline)
		defer cancel()
		if e.write(ctx) != nil {
			e.recorder.counters.lost.Add(1)
		}
	}
	if e.parts == 0 {
		return
	}
	now := time.Now()
	e.recorder.end(Ended{
		Entry: e.id, Parts: e.parts, Outcome: outcome, Status: status, Bytes: bytes,
		Milliseconds: now.Sub(e.opened).Milliseconds(),
	}, now)
}
