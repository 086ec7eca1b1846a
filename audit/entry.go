package audit

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// An Entry is the account of one request, or of one job of a program: who
// acted, on what, for which purpose, what was decided, which patients, fields
// and sealed columns were touched, and how it ended.
//
// The packages note in it what they do, and nothing leaves before the notes
// are durable ([Entry.Commit]). A note that is taken after a commit makes the
// Entry dirty again, so one Entry may become several records of the log, told
// apart by a part number. What has been noted once in an Entry is not noted
// again.
//
// All methods are safe for concurrent use. On a nil *Entry the notes do
// nothing, so a package can note without asking whether there is a log; what
// must have one asks [EntryFrom].
//
// It does not see what a handler does without telling: an unsealed column, a
// file, a call to another service.
//
// Controls: HIPAA 164.312(b), 164.528(a); NIST CSF 2.0 PR.PS-04.
type Entry struct {
	recorder *Recorder
	id       string
	opened   time.Time

	commits chan struct{} // holds one token while a commit is under way

	mu       sync.Mutex
	identity identity
	gates    []Gate
	seen     map[any]struct{}
	pending  notes
	noted    uint64 // grows with every note
	durable  uint64 // what noted was when the last durable commit began
	parts    int
	ended    bool
	broken   error     // why nothing may leave any more
	lost     bool      // a commit could not be made durable
	exposed  bool      // PHI was touched at any time
	asked    time.Time // when the gates last were
}

// A Gate is asked at every commit whether what was allowed at the start is
// allowed still: is the session live, does the user still have the role. An
// error refuses the output, and its text must hold no PHI. A Gate must not count as the user's activity and
// must return when ctx is done.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
type Gate func(ctx context.Context) error

// A Decision is what an access decision leaves in the log. It names rules and
// fields, never values.
//
// Controls: HIPAA 164.312(b), 164.308(a)(4)(ii)(B); NIST CSF 2.0 PR.PS-04.
type Decision struct {
	// Allowed is the effect.
	Allowed bool `json:"allowed"`
	// Code says why, for instance "access.no-rule".
	Code string `json:"code,omitempty"`
	// Rules are the ids of the rules that decided.
	Rules []string `json:"rules,omitempty"`
	// Policy is the hash of the policy that was in force.
	Policy string `json:"policy,omitempty"`
	// Fields are the names of the fields that may be seen.
	Fields []string `json:"fields,omitempty"`
}

// Errors that refuse a note or a commit.
//
// Controls: HIPAA 164.312(b).
var (
	// ErrEnded reports a note to an Entry that has ended.
	ErrEnded = errors.New("audit: entry: has ended")
	// ErrFull reports more notes before one commit than an Entry holds.
	ErrFull = errors.New("audit: entry: too many notes before a commit")
	// ErrUnidentified reports that sealed or projected fields were touched
	// with nobody identified.
	ErrUnidentified = errors.New("audit: entry: PHI without an identified caller")
)

type entryKey struct{}

// EntryFrom returns the Entry of the request, or nil if no Handler or
// [Recorder.Begin] has opened one. If the Entry names nobody yet and ctx has a
// Principal, it notes that one: a service with its own sign-in need only call
// safeguard.WithPrincipal.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func EntryFrom(ctx context.Context) *Entry {
	e, _ := ctx.Value(entryKey{}).(*Entry)
	if e == nil {
		return nil
	}
	if p, ok := safeguard.PrincipalFrom(ctx); ok {
		e.identify(p)
	}
	return e
}

// identify notes p if nobody is noted yet.
func (e *Entry) identify(p safeguard.Principal) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.ended && e.identity.principal.Validate() != nil {
		e.become(p)
		e.noted++
	}
}

// ID returns the id that all records of e share, or "" for a nil Entry.
func (e *Entry) ID() string {
	if e == nil {
		return ""
	}
	return e.id
}

// SetPrincipal notes who acts. A Principal that is not valid is nobody.
// What was noted for one is noted again for the next.
func (e *Entry) SetPrincipal(p safeguard.Principal) {
	e.note(func() { e.become(p) })
}

// become makes p the one who acts.
func (e *Entry) become(p safeguard.Principal) {
	was := e.identity.principal
	if was.ID != p.ID || was.Kind != p.Kind || was.Tenant != p.Tenant {
		clear(e.seen)
	}
	e.identity.principal = p
}

// SetRoute notes which route was matched, as its pattern. It must not be the
// URL, whose path and query may hold PHI.
func (e *Entry) SetRoute(pattern string) {
	e.note(func() { e.identity.route = pattern })
}

// SetAction notes what is done to what kind of resource, and why.
func (e *Entry) SetAction(resource, action string, purpose safeguard.Purpose) {
	e.note(func() {
		e.identity.resource, e.identity.action, e.identity.purpose = resource, action, purpose
	})
}

// SetDecision notes an access decision. Of several the last one of a commit
// is recorded with it.
func (e *Entry) SetDecision(d Decision) {
	e.note(func() { e.pending.decision = &d })
}

// Deny notes that the request was refused, with a code such as
// "session.idle". The code is a constant of the program, never input.
func (e *Entry) Deny(code string) {
	e.noteOnce(deniedNote(code))
}

// AddPatient notes that the request is about p; it is recorded as a token.
// The zero Patient is not noted.
func (e *Entry) AddPatient(p safeguard.Patient) {
	if !p.IsZero() {
		e.noteOnce(p)
	}
}

// NoteFields notes the names of the fields that leave in the answer.
func (e *Entry) NoteFields(names ...string) {
	for _, name := range names {
		e.noteOnce(fieldNote(name))
	}
}

// NoteOpened notes that a sealed column of a patient's row was opened. A zero
// Patient stands for data that is no PHI, such as configuration or staff; a
// sign-in may open that with nobody identified yet. It returns an error if the
// note could not be taken; the caller must then keep the plaintext to itself.
func (e *Entry) NoteOpened(table, column string, p safeguard.Patient) error {
	if e == nil {
		return nil
	}
	if !p.IsZero() {
		if err := e.noteOnce(p); err != nil {
			return err
		}
	}
	return e.noteOnce(openedNote{table, column, !p.IsZero()})
}

// AddGate adds a condition that every commit from now on asks again.
func (e *Entry) AddGate(g Gate) {
	if e == nil || g == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.gates, e.asked = append(e.gates, g), time.Time{}
}

// note takes a note that replaces an earlier one.
func (e *Entry) note(set func()) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return
	}
	set()
	e.noted++
}

// noteOnce takes a note that adds to the others, unless it was taken before.
func (e *Entry) noteOnce(n any) error {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.ended {
		return ErrEnded
	}
	if e.broken != nil {
		return e.broken
	}
	if _, known := e.seen[n]; known {
		return nil
	}
	if !e.pending.add(n) {
		e.broken = ErrFull
		return ErrFull
	}
	e.exposed = e.exposed || e.pending.exposed
	if len(e.seen) >= maxSeen {
		clear(e.seen)
	}
	e.seen[n] = struct{}{}
	e.noted++
	return nil
}

// TouchesPHI reports whether data of a patient was opened or let out at any
// time. A nil Entry has touched none, as far as anybody noted.
func (e *Entry) TouchesPHI() bool {
	if e == nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.exposed
}

// Dirty reports whether something was noted that is not durable yet. A nil
// Entry is never dirty.
func (e *Entry) Dirty() bool {
	if e == nil {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.noted != e.durable || e.broken != nil
}
