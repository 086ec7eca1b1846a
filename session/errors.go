package session

import (
	"errors"
	"net/http"
)

// The refusals that callers branch on with errors.Is. ErrIdle, ErrAbsolute
// and ErrEnded say why a session that was there is over; ErrUnknown covers a
// token that is missing, malformed, wrong or forgotten, and does not say
// which; ErrStore means that the state could not be learned, which is a
// denial too; ErrConflict that a session exists already or was changed
// meanwhile.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
var (
	ErrIdle     = errors.New("session: ended by inactivity")
	ErrAbsolute = errors.New("session: ended by the absolute limit")
	ErrEnded    = errors.New("session: ended")
	ErrUnknown  = errors.New("session: unknown")
	ErrStore    = errors.New("session: store failed")
	ErrConflict = errors.New("session: conflict")
)

// A Reason says why a session ended. The first one stays. The zero value is
// none.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Reason uint8

// The reasons. Idle and Absolute are given by the clock alone; SignedOut is
// the user's own doing, Revoked an administrator's or a security event's, and
// Terminated means that the user may no longer have access at all.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-01, PR.AA-05.
const (
	Idle Reason = iota + 1
	Absolute
	SignedOut
	Revoked
	Terminated
)

// reasons is how many values a Reason has, with none.
const reasons = Terminated + 1

// String returns a name for logs and counters: "idle", "absolute",
// "signed_out", "revoked", "terminated" or "none".
func (r Reason) String() string {
	switch r {
	case Idle:
		return "idle"
	case Absolute:
		return "absolute"
	case SignedOut:
		return "signed_out"
	case Revoked:
		return "revoked"
	case Terminated:
		return "terminated"
	}
	return "none"
}

// given reports whether a caller may end a session for this reason.
func (r Reason) given() bool { return r == SignedOut || r == Revoked || r == Terminated }

// A denial is one of the ways to be refused; it indexes the counters.
type denial uint8

const (
	denyMissing denial = iota
	denyUnknown
	denyAmbiguous
	denyIdle
	denyAbsolute
	denyEnded
	denyStore
	denyCrossOrigin
	denyMisplaced

	denials
)

// kind says what a denial looks like from outside.
func (d denial) kind() (code string, status int, is error) {
	switch d {
	case denyMissing:
		return "session.missing", http.StatusUnauthorized, ErrUnknown
	case denyUnknown:
		return "session.unknown", http.StatusUnauthorized, ErrUnknown
	case denyAmbiguous:
		return "session.ambiguous", http.StatusUnauthorized, ErrUnknown
	case denyIdle:
		return "session.idle", http.StatusUnauthorized, ErrIdle
	case denyAbsolute:
		return "session.absolute", http.StatusUnauthorized, ErrAbsolute
	case denyEnded:
		return "session.ended", http.StatusUnauthorized, ErrEnded
	case denyCrossOrigin:
		return "session.cross_origin", http.StatusForbidden, nil
	case denyMisplaced:
		return "session.misplaced", http.StatusInternalServerError, nil
	}
	return "session.store", http.StatusServiceUnavailable, ErrStore
}

// An Error is a refusal. It unwraps to one of the sentinels and, where the
// store failed, to the store's own error, whose text it does not repeat.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-05.
type Error struct {
	// Code is stable and made for machines: "session.idle",
	// "session.absolute", "session.ended", "session.missing",
	// "session.unknown", "session.ambiguous", "session.store",
	// "session.cross_origin" or "session.misplaced".
	Code string
	// Reason is why the session ended, zero if it did not or is unknown.
	Reason Reason

	kind  denial
	cause error
}

func refusal(d denial, cause error) *Error {
	code, _, _ := d.kind()
	return &Error{Code: code, kind: d, cause: cause}
}

func over(r Reason) *Error {
	e := refusal(denyEnded, nil)
	switch r {
	case Idle:
		e = refusal(denyIdle, nil)
	case Absolute:
		e = refusal(denyAbsolute, nil)
	}
	e.Reason = r
	return e
}

// Error returns the code in words, without any identifier.
func (e *Error) Error() string { return "session: refused: " + e.Code }

// Unwrap returns the sentinel and the cause.
func (e *Error) Unwrap() []error {
	_, _, is := e.kind.kind()
	switch {
	case is == nil:
		return nil
	case e.cause == nil:
		return []error{is}
	}
	return []error{is, e.cause}
}

// HTTPStatus returns the status that an HTTP answer to this refusal has: 401,
// 403, 500 or 503.
func (e *Error) HTTPStatus() int {
	_, status, _ := e.kind.kind()
	return status
}
