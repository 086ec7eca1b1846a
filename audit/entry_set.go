package audit

import (
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// SetPrincipal notes who acts. A Principal that is not valid is nobody.
// What was noted before is recorded as that of the one who acted then, and
// noted again for the next; what was noted of nobody is the next one's.
func (e *Entry) SetPrincipal(p safeguard.Principal) {
	if e == nil {
		return
	}
	valid := p.Validate() == nil
	e.mu.Lock()
	if !e.ended {
		e.become(p, valid)
		e.noted++
	}
	e.mu.Unlock()
	e.settleIntent()
}

// SetRoute notes which route was matched, as its pattern. It must not be the
// URL, whose path and query may hold PHI; what has a query or a fragment is
// recorded as "(invalid)".
func (e *Entry) SetRoute(pattern string) {
	if strings.ContainsAny(pattern, "?#") {
		pattern = "(invalid)"
	}
	if e.lock() {
		e.who.route = pattern
		e.unlock()
	}
}

// SetAction notes what is done to what kind of resource, and why. The action
// also decides on the type of the record: "create", "read", "update",
// "delete", "search", "export", "print" and "receive" have their own, others
// count as "read". The purposes BTG and ETREAT note an emergency access.
func (e *Entry) SetAction(resource, action string, purpose safeguard.Purpose) {
	if e.lock() {
		e.who.resource, e.who.action, e.who.purpose = resource, action, purpose
		if purpose == safeguard.BreakGlass || purpose == safeguard.EmergencyTreatment {
			e.who.breakGlass = true
		}
		e.unlock()
	}
}

// SetDecision notes an access decision. Of several the last one of a commit
// is recorded with it. The slices of d must not be changed afterwards.
func (e *Entry) SetDecision(d Decision) {
	if e.lock() {
		e.decision = &d
		e.unlock()
	}
}

// SetBreakGlass notes that the access is an emergency override. The purposes
// BTG and ETREAT note it by themselves.
func (e *Entry) SetBreakGlass() {
	if e.lock() {
		e.who.breakGlass = true
		e.unlock()
	}
}

// Explain notes the code of the relationship that explains the access, such as
// "appointment", "care-team" or "referral". The code is a constant of the
// program; it obeys the rules of Flag.
func (e *Entry) Explain(code string) {
	if e.lock() {
		e.who.explained = flagged(code)
		e.unlock()
	}
}

// Disclose notes that the access is a disclosure that may have to be accounted
// for: from now on the records of the Entry that are no denials get
// [TypeDisclosed]. The fields of d are ids and codes of the organisation's
// registers; each is cut at 128 bytes.
func (e *Entry) Disclose(d Disclosure) {
	if e.lock() {
		e.who.disclosure = &d
		e.unlock()
	}
}

// SetTrace notes the trace context of the request, as W3C's traceparent has
// it. What is not in that form is not noted. The Handler notes none by itself:
// the header is the client's.
func (e *Entry) SetTrace(traceparent string) {
	if traced(traceparent) && e.lock() {
		e.who.trace = traceparent
		e.unlock()
	}
}

// Flag notes codes about the access, such as "same-surname", "same-household",
// "coworker", "vip", "self" or "after-hours": a program computes them, a review
// looks at them. A code has 1 to 32 bytes of a-z, 0-9 and hyphens and begins
// with a letter, so that no number and no date is one; others are recorded as
// "invalid".
func (e *Entry) Flag(codes ...string) {
	for _, code := range codes {
		_ = e.noteOnce(note{kind: flagNote, name: flagged(code)})
	}
}

// Deny notes that the request was refused, with a code such as
// "session.idle". The code is a constant of the program, never input.
func (e *Entry) Deny(code string) {
	_ = e.noteOnce(note{kind: deniedNote, name: code})
}

// AddPatient notes that the request is about p; it is recorded as a token.
// The zero Patient is not noted.
func (e *Entry) AddPatient(p safeguard.Patient) {
	if !p.IsZero() {
		_ = e.noteOnce(note{kind: patientNote, patient: p})
	}
}

// Patients returns how many patients were noted so far, each once. One that is
// noted again under another Principal, or after some thousand others, may be
// counted twice. A nil Entry has none.
func (e *Entry) Patients() int {
	if e == nil {
		return 0
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.notes.people
}

// NoteFields notes the names of the fields that leave in the answer.
func (e *Entry) NoteFields(names ...string) {
	if e == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range names {
		_ = e.take(note{kind: fieldNote, name: name})
	}
}

// NoteOpened notes that a sealed column of a patient's row was opened. A zero
// Patient stands for data that is no PHI, such as configuration or staff; a
// sign-in may open that with nobody identified yet. It returns an error if the
// note could not be taken; the caller must then keep the plaintext to itself.
func (e *Entry) NoteOpened(table, column string, p safeguard.Patient) error {
	return e.NoteOpenedAll(table, []string{column}, p)
}

// NoteOpenedAll is NoteOpened for several columns of one row.
func (e *Entry) NoteOpenedAll(table string, columns []string, p safeguard.Patient) error {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !p.IsZero() {
		if err := e.take(note{kind: patientNote, patient: p}); err != nil {
			return err
		}
	}
	for _, column := range columns {
		if err := e.take(note{kind: openedNote, phi: !p.IsZero(), table: table, name: column}); err != nil {
			return err
		}
	}
	return nil
}

// AddGate adds a condition that every commit from now on asks again.
func (e *Entry) AddGate(g Gate) {
	if e == nil || g == nil {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.gates == nil {
		e.gates = e.gatesRoom[:0]
	}
	e.gates, e.asked = append(e.gates, g), time.Time{}
}

// lock begins a note that replaces an earlier one; false if e takes none.
func (e *Entry) lock() bool {
	if e == nil {
		return false
	}
	e.mu.Lock()
	if e.ended {
		e.mu.Unlock()
		return false
	}
	return true
}

// unlock ends it.
func (e *Entry) unlock() {
	e.noted++
	e.mu.Unlock()
}

// noteOnce takes a note that adds to the others, unless it was taken before.
func (e *Entry) noteOnce(n note) error {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.take(n)
}

// take does what noteOnce says, under the lock.
func (e *Entry) take(n note) error {
	if e.ended {
		return ErrEnded
	}
	if e.broken != nil {
		return e.broken
	}
	if e.notes.has(n) {
		return nil
	}
	if !e.notes.add(n) {
		e.broken = ErrFull
		return ErrFull
	}
	e.exposed = e.exposed || n.exposes()
	e.personal = e.personal || n.kind == patientNote
	e.noted++
	return nil
}

// flagged returns code, or "invalid" for what is none.
func flagged(code string) string {
	if code == "" || len(code) > 32 || code[0] < 'a' || code[0] > 'z' {
		return "invalid"
	}
	for i := range len(code) {
		if c := code[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return "invalid"
		}
	}
	return code
}

// traced reports whether s is a traceparent of W3C Trace Context: version,
// trace id, parent id and flags in lower-case hexadecimal.
func traced(s string) bool {
	if len(s) != 55 || s[:2] == "ff" {
		return false
	}
	for i := range len(s) {
		c := s[i]
		dash := i == 2 || i == 35 || i == 52
		if dash != (c == '-') || !dash && (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
