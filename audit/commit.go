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

// slow is how long a write may take before the gates are asked once more, and
// stale how long an answer of theirs holds for output that needs no record.
const (
	slow  = 100 * time.Millisecond
	stale = 250 * time.Millisecond
)

// Commit asks the gates and makes everything that was noted durable. It stands
// before every output. After nil, what is accounted for may leave; after an
// error, which is a *[RefusalError], nothing may, now or later: the Entry is
// broken for good, and one that has ended lets nothing out either.
//
// If nothing was noted since the last commit it only asks the gates, and not
// that if they answered within the last 250 ms: so long does a stream at most
// go on after its session has ended. If making the record durable took long,
// it asks them again after that.
//
// It waits as long as Options.Deadline allows, whether or not ctx is cancelled
// meanwhile: a client that hangs up does not undo its own record. On a nil
// Entry it returns nil.
//
// A request of nobody that touched no PHI may be counted instead of recorded;
// see [Options.Unauthenticated].
func (e *Entry) Commit(ctx context.Context) error {
	if e == nil || !e.due() {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.recorder.deadline)
	defer cancel()
	select {
	case e.commits <- struct{}{}:
	case <-ctx.Done(): // another commit hangs
		return &RefusalError{codeNotDurable, ctx.Err()}
	}
	returned := false
	defer func() {
		if !returned {
			e.fall()
		}
		<-e.commits
	}()
	err := e.commit(ctx)
	returned = true
	return err
}

// errPanicked is why nothing leaves an Entry whose gate or log panicked.
var errPanicked = errors.New("audit: entry: a gate or the log panicked")

// fall breaks an Entry whose gate or log panicked.
func (e *Entry) fall() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.broken == nil {
		e.broken = &RefusalError{codeNotDurable, errPanicked}
	}
}

// commit does what Commit says, one at a time.
func (e *Entry) commit(ctx context.Context) error {
	if !e.due() {
		return nil
	}
	if err := e.settled(); err != nil {
		return err
	}
	began := time.Now()
	if refusal := e.ask(ctx); refusal != nil {
		return e.refuse(ctx, refusal)
	}
	if !e.Dirty() {
		return nil
	}
	noted, err := e.write(ctx)
	if err != nil {
		return e.lose(err)
	}
	if time.Since(began) >= slow {
		if refusal := e.ask(ctx); refusal != nil {
			return e.refuse(ctx, refusal)
		}
	}
	e.made(noted)
	return nil
}

// due reports whether a commit has anything to do.
func (e *Entry) due() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.ended || e.broken != nil || e.noted != e.durable || len(e.gates) > 0 && time.Since(e.asked) > stale
}

// settled returns why nothing leaves any more, if that is known.
func (e *Entry) settled() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if refusal, ok := errors.AsType[*RefusalError](e.broken); ok {
		return refusal
	}
	if e.ended {
		return &RefusalError{codeNotDurable, ErrEnded}
	}
	return nil
}

// ask returns the first reason why nothing may leave.
func (e *Entry) ask(ctx context.Context) *RefusalError {
	e.mu.Lock()
	gates, broken := e.gates, e.broken
	nobody := e.identity.principal.Validate() != nil
	exposed := e.pending.exposed || len(e.pending.patients) > 0 && len(e.pending.denied) == 0
	e.mu.Unlock()
	began := time.Now()
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
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.gates) == len(gates) { // none was added meanwhile
		e.asked = began
	}
	return nil
}

// refuse breaks the Entry, and records that, with a deadline of its own: a
// gate may have used up the other.
func (e *Entry) refuse(ctx context.Context, refusal *RefusalError) error {
	e.mu.Lock()
	e.broken = refusal
	if _, known := e.seen[deniedNote(refusal.Code)]; !known && e.pending.add(deniedNote(refusal.Code)) {
		e.noted++
	}
	e.mu.Unlock()
	defer func() { e.recorder.refused(refusal) }()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.recorder.deadline)
	defer cancel()
	noted, err := e.write(ctx)
	if err != nil {
		return e.lose(err)
	}
	e.made(noted)
	return refusal
}

// lose breaks the Entry because a record could not be made durable.
func (e *Entry) lose(err error) error {
	refusal := &RefusalError{codeNotDurable, err}
	e.mu.Lock()
	first := e.broken == nil
	e.broken, e.lost = refusal, true
	e.mu.Unlock()
	if first {
		e.recorder.refused(refusal)
	}
	return refusal
}

// made says that what was noted up to then is durable.
func (e *Entry) made(noted uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.durable = noted
}

// write appends what is pending and returns up to which note that was. It
// takes the notes out first, so that one that arrives meanwhile is not lost.
func (e *Entry) write(ctx context.Context) (uint64, error) {
	e.mu.Lock()
	pending, who, part, noted := e.pending, e.identity, e.parts, e.noted
	e.pending = notes{}
	e.mu.Unlock()
	returned := false
	defer func() {
		if !returned { // panicked: the notes are gone
			e.mu.Lock()
			e.lost = true
			e.mu.Unlock()
		}
	}()

	now := time.Now()
	if e.recorder.nobody.counts(who, pending, now) {
		returned = true
		return noted, nil
	}
	records, err := e.records(ctx, who, pending, part, now)
	if err == nil {
		err = e.recorder.append(ctx, records...)
	}
	returned = true
	if err != nil {
		return 0, err
	}
	e.mu.Lock()
	e.parts += len(records)
	e.mu.Unlock()
	return noted, nil
}

// End records how e ended; the first call counts. Notes that are pending are
// made durable with it, without asking the gates. It does not wait: the record
// is handed to the Recorder. A crash, or a log that fails, before it is durable
// leaves an Entry without an end; the Recorder counts those that it lost.
func (e *Entry) End(outcome Outcome, status int, bytes int64) {
	if e == nil {
		return
	}
	select {
	case e.commits <- struct{}{}:
		defer func() { <-e.commits }()
	case <-time.After(e.recorder.deadline): // a commit hangs
		e.recorder.counters.lost.Add(1)
		return
	}
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
		if _, err := e.write(ctx); err != nil {
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
