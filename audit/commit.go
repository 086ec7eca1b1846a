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

// Error returns the code, and the cause if the log or this package gave it;
// what a gate or the tokens say is left to Unwrap.
func (e *RefusalError) Error() string {
	if e.Code == codeGate || errors.Is(e.err, errTokens) {
		return "audit: refused: " + e.Code
	}
	return "audit: refused: " + e.Code + ": " + e.err.Error()
}

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
// see [Options.Unauthenticated]. In mode [Async] the records of an Entry
// without PHI, patient, disclosure and emergency access wait in a queue.
func (e *Entry) Commit(ctx context.Context) error {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	if !e.due() {
		e.mu.Unlock()
		return nil
	}
	now := time.Now()
	if err := e.claim(now.Add(e.recorder.deadline)); err != nil { // another commit hangs
		e.mu.Unlock()
		return &RefusalError{codeNotDurable, err}
	}
	returned := false
	defer func() {
		if !returned {
			e.fall()
		}
		e.release()
	}()
	err := e.commit(ctx, now)
	returned = true
	return err
}

// claim makes the caller the one that commits, or returns an error if that
// takes too long. It is called under the lock, and returns under it.
func (e *Entry) claim(until time.Time) error {
	for e.busy {
		if e.idle == nil {
			e.idle = make(chan struct{})
		}
		idle := e.idle
		e.mu.Unlock()
		timer := time.NewTimer(time.Until(until))
		late := false
		select {
		case <-idle:
		case <-timer.C:
			late = true
		}
		timer.Stop()
		e.mu.Lock()
		if late && e.busy {
			return context.DeadlineExceeded
		}
	}
	e.busy = true
	return nil
}

// release lets the next one commit.
func (e *Entry) release() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.busy = false
	if e.idle != nil {
		close(e.idle)
		e.idle = nil
	}
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

// due reports whether a commit has anything to do.
func (e *Entry) due() bool {
	return e.ended || e.broken != nil || e.noted != e.durable || len(e.gates) > 0 && time.Since(e.asked) > stale
}

// commit does what Commit says, one at a time. It is called under the lock and
// returns without it.
func (e *Entry) commit(ctx context.Context, now time.Time) error {
	if !e.due() {
		e.mu.Unlock()
		return nil
	}
	if err := e.settled(); err != nil {
		e.mu.Unlock()
		return err
	}
	limit := e.limit(ctx, now)
	defer limit.end()
	gates, refusal := e.gates, e.barred()
	e.mu.Unlock()
	if refusal == nil {
		refusal = e.ask(limit, gates, now)
	}
	if refusal != nil {
		return e.refuse(ctx, refusal)
	}
	if !e.Dirty() {
		return nil
	}
	noted, err := e.write(limit, now)
	if err != nil {
		return e.lose(err)
	}
	if len(gates) > 0 && time.Since(now) >= slow {
		if refusal := e.askAgain(limit); refusal != nil {
			return e.refuse(ctx, refusal)
		}
	}
	e.made(noted)
	return nil
}

// limit returns the context of one commit: the one inside of e for the first,
// since a log may look at the context of another after it has returned.
func (e *Entry) limit(ctx context.Context, now time.Time) *deadline {
	limit := &e.waiting
	if e.waited {
		limit = new(deadline)
	}
	e.waited = true
	limit.start(ctx, now, e.recorder.deadline)
	return limit
}

// settled returns why nothing leaves any more, if that is known.
func (e *Entry) settled() error {
	if refusal, ok := errors.AsType[*RefusalError](e.broken); ok {
		return refusal
	}
	if e.ended {
		return &RefusalError{codeNotDurable, ErrEnded}
	}
	return nil
}

// barred returns why nothing may leave whatever the gates say.
func (e *Entry) barred() *RefusalError {
	if e.broken != nil {
		return &RefusalError{codeNotDurable, e.broken}
	}
	if e.who.known {
		return nil
	}
	var exposed, named, denied bool
	pending := e.notes.pending()
	for i := range e.former {
		pending = append(pending[:len(pending):len(pending)], e.former[i].notes...)
	}
	for _, n := range pending {
		exposed = exposed || n.exposes()
		named = named || n.kind == patientNote
		denied = denied || n.kind == deniedNote
	}
	if exposed || named && !denied {
		return &RefusalError{codeUnidentified, ErrUnidentified}
	}
	return nil
}

// ask returns the first gate's reason why nothing may leave.
func (e *Entry) ask(ctx context.Context, gates []Gate, began time.Time) *RefusalError {
	if len(gates) == 0 {
		return nil
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

// askAgain is ask after a write that took long.
func (e *Entry) askAgain(ctx context.Context) *RefusalError {
	e.mu.Lock()
	gates, refusal := e.gates, e.barred()
	e.mu.Unlock()
	if refusal != nil {
		return refusal
	}
	return e.ask(ctx, gates, time.Now())
}

// refuse breaks the Entry, and records that, with a deadline of its own: a
// gate may have used up the other.
func (e *Entry) refuse(ctx context.Context, refusal *RefusalError) error {
	e.mu.Lock()
	e.broken = refusal
	if n := (note{kind: deniedNote, name: refusal.Code}); !e.notes.has(n) && e.notes.add(n) {
		e.noted++
	}
	now := time.Now()
	limit := e.limit(ctx, now)
	e.mu.Unlock()
	defer limit.end()
	defer func() { e.recorder.refused(refusal) }()
	noted, err := e.write(limit, now)
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
func (e *Entry) write(ctx context.Context, now time.Time) (uint64, error) {
	e.mu.Lock()
	v := view{entry: e, who: e.who, notes: e.notes.take(), decision: e.decision, part: e.parts, intended: e.intended, now: now}
	former, refused := e.former, e.broken != nil
	noted, quiet := e.noted, e.quiet()
	e.decision, e.former = nil, nil
	e.mu.Unlock()
	returned := false
	defer func() {
		if !returned { // panicked: the notes are gone
			e.mu.Lock()
			e.lost = true
			e.mu.Unlock()
		}
	}()
	for i := range former {
		former[i].part, former[i].intended, former[i].now, former[i].denied = v.part, v.intended, now, refused
		parts, err := e.account(ctx, &former[i], quiet)
		if err != nil {
			returned = true
			return 0, err
		}
		v.part += parts
	}
	_, err := e.account(ctx, &v, quiet)
	returned = true
	return noted, err
}

// quiet reports whether the records of e may wait in a queue.
func (e *Entry) quiet() bool {
	return e.recorder.mode == Async && !e.exposed && !e.personal && e.who.disclosure == nil && !e.who.breakGlass
}

// account makes v durable and counts its parts.
func (e *Entry) account(ctx context.Context, v *view, quiet bool) (parts int, err error) {
	parts, err = e.recorder.account(ctx, v, quiet)
	if err != nil {
		return 0, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.parts += parts
	return parts, nil
}

// End records how e ended; the first call counts. Notes that are pending are
// made durable with it, without asking the gates. It does not wait: the record
// is handed to the Recorder. A crash, or a log that fails for long, before it
// is durable leaves an Entry without an end; the Recorder counts those that it
// lost.
func (e *Entry) End(outcome Outcome, status int, bytes int64) {
	if e == nil {
		return
	}
	now := time.Now()
	e.mu.Lock()
	if err := e.claim(now.Add(e.recorder.deadline)); err != nil { // a commit hangs
		e.mu.Unlock()
		e.recorder.counters.lost.Add(1)
		return
	}
	defer e.release()
	if e.ended {
		e.mu.Unlock()
		return
	}
	e.ended = true
	pending := e.noted != e.durable && !e.lost
	parts := e.parts
	e.mu.Unlock()
	if pending {
		parts = e.endWith(now)
	}
	if parts == 0 {
		return
	}
	e.recorder.end(&ended{
		entry: e.id, parts: parts, outcome: outcome, status: status, bytes: bytes,
		milliseconds: now.Sub(e.opened).Milliseconds(), at: now,
	})
}

// endWith makes durable what is pending at the end, and returns how many
// records there are.
func (e *Entry) endWith(now time.Time) int {
	e.mu.Lock()
	limit := e.limit(context.Background(), now)
	e.mu.Unlock()
	defer limit.end()
	if _, err := e.write(limit, now); err != nil {
		e.recorder.counters.lost.Add(1)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.parts
}
