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
// must have one asks [EntryFrom]. The zero value is not usable.
//
// It does not see what a handler does without telling: an unsealed column, a
// file, a call to another service.
//
// Controls: HIPAA 164.312(b), 164.528(a); NIST CSF 2.0 PR.PS-04.
type Entry struct {
	recorder *Recorder
	ctx      entryContext
	id       [36]byte
	opened   time.Time
	waiting  deadline // of the first commit

	mu        sync.Mutex
	who       identity
	gates     []Gate
	gatesRoom [2]Gate
	notes     notes
	decision  *Decision
	former    []view // what was noted under principals before this one
	noted     uint64 // grows with every note
	durable   uint64 // what noted was when the last durable commit began
	parts     int
	intended  bool // an intent is durable
	owed      bool // an intent is due once somebody is identified
	ended     bool
	lost      bool  // a commit could not be made durable
	exposed   bool  // PHI was touched at any time
	personal  bool  // a patient was named at any time
	broken    error // why nothing may leave any more
	asked     time.Time
	waited    bool // waiting was used

	busy bool          // a commit is under way
	idle chan struct{} // closed at its end, if somebody waits
}

// A Gate is asked at every commit whether what was allowed at the start is
// allowed still: is the session live, does the user still have the role. An
// error refuses the output, and its text must hold no PHI. Where it has a method
// HTTPStatus() int or ProblemCode() string, the answer has these: a code of small
// letters, digits, dots and hyphens. A Gate must not count as the user's activity
// and must return when ctx is done.
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
	// Basis is what it was decided on, in words of the policy, such as
	// "role:nurse" or "relation:care-team". With the policy it suffices to
	// decide again.
	Basis []string `json:"basis,omitempty"`
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

// An entryContext is the context that holds an Entry, and stands inside of it.
type entryContext struct {
	context.Context
	entry *Entry
}

// Value returns the Entry, or what the parent holds.
func (c *entryContext) Value(key any) any {
	if key == (entryKey{}) {
		return c.entry
	}
	return c.Context.Value(key)
}

// EntryFrom returns the Entry of the request, or nil if no Handler or
// [Recorder.Begin] has opened one. If the Entry names nobody yet and ctx has a
// Principal, it notes that one: a service with its own sign-in need only call
// safeguard.WithPrincipal.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func EntryFrom(ctx context.Context) *Entry {
	e, _ := ctx.Value(entryKey{}).(*Entry)
	if e == nil || e.identified() {
		return e
	}
	if p, ok := safeguard.PrincipalFrom(ctx); ok {
		e.identify(p)
	}
	return e
}

// identified reports whether e needs no Principal any more.
func (e *Entry) identified() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.who.known || e.ended
}

// identify notes p, which is valid, if nobody is noted yet.
func (e *Entry) identify(p safeguard.Principal) {
	e.mu.Lock()
	if !e.ended && !e.who.known {
		e.become(p, true)
		e.noted++
	}
	e.mu.Unlock()
	e.settleIntent()
}

// become makes p the one who acts.
func (e *Entry) become(p safeguard.Principal, valid bool) {
	was := &e.who.principal
	if was.ID != p.ID || was.Kind != p.Kind || was.Tenant != p.Tenant || was.OnBehalfOf != p.OnBehalfOf {
		e.leave()
		e.notes.forget()
	}
	e.who.principal, e.who.known = p, valid
}

// leave keeps what was noted under the one who acts apart, for a record that
// names that one and not the next.
func (e *Entry) leave() {
	if !e.who.known || len(e.notes.pending()) == 0 && e.decision == nil {
		return
	}
	if len(e.former) == maxFormer {
		if e.broken == nil {
			e.broken = ErrFull
		}
		return
	}
	e.former = append(e.former, view{entry: e, who: e.who, notes: e.notes.take(), decision: e.decision})
	e.decision = nil
}

// ID returns the id that all records of e share, or "" for a nil Entry.
func (e *Entry) ID() string {
	if e == nil {
		return ""
	}
	return string(e.id[:])
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
