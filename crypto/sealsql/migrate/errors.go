package migrate

import (
	"context"
	"errors"
	"fmt"
)

// Errors that callers branch on.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
var (
	// ErrPhase reports a step that the phase does not allow, or a phase that
	// changed meanwhile. Ask [Migration.Status].
	ErrPhase = errors.New("not in this phase, or changed meanwhile")
	// ErrNotClean reports values that are not sealed, or not known to be the
	// same in both columns: Backfill and Compare.
	ErrNotClean = errors.New("both columns are not known to hold the same")
	// ErrDependents reports indexes, constraints or views over the plaintext
	// column, which would go with it.
	ErrDependents = errors.New("indexes, constraints or views depend on the plaintext column")
	// ErrHidden reports row level security that is active for the database's
	// role: what it does not see would be lost. Give it BYPASSRLS.
	ErrHidden = errors.New("row level security hides rows from the role, which needs BYPASSRLS")
	// ErrValue reports a value that is not of the type asked for, or that does
	// not come back the same from its text.
	ErrValue = errors.New("value and text do not convert")
	// ErrUse reports a Gate, a Value or a Ref of another migration, a Gate that
	// was entered for reading only, or a table that cannot be migrated as it is.
	ErrUse = errors.New("not of this migration, or not fit for one")
)

// An Error is a step that failed. Its text is the step and, of what a database
// answered, the code; the cause, whose own text may repeat values, is behind
// Unwrap.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Error struct {
	// Op is the step, such as "backfill".
	Op  string
	err error
}

// Error implements error.
func (e *Error) Error() string { return "migrate: " + e.Op + ": " + detail(e.err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Format writes the text of Error under every verb.
func (e *Error) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }

// failed returns err as an Error, and nil for nil.
func failed(op string, err error) error {
	var known *Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return &Error{Op: op, err: err}
}

// A plainError is an error whose own text may be shown.
type plainError struct{ error }

func (e plainError) Unwrap() error { return e.error }

// refuse returns a plainError that unwraps to cause.
func refuse(cause error, format string, a ...any) error {
	return plainError{fmt.Errorf("%w: "+format, append([]any{cause}, a...)...)}
}

// told returns err, whose text holds no values because it is of this module, as
// one that may be shown.
func told(what string, err error) error {
	if err == nil {
		return nil
	}
	return plainError{fmt.Errorf("%s: %w", what, err)}
}

// detail says of a cause what holds no values.
func detail(err error) string {
	for _, known := range []error{ErrPhase, ErrNotClean, ErrDependents, ErrHidden, ErrValue, ErrUse, context.Canceled, context.DeadlineExceeded} {
		var own plainError
		switch {
		case errors.As(err, &own):
			return own.Error()
		case errors.Is(err, known):
			return known.Error()
		}
	}
	if code := sqlState(err); code != "" {
		return "SQLSTATE " + code
	}
	return "the database could not be asked"
}

// sqlState returns PostgreSQL's code, or nothing.
func sqlState(err error) string {
	var state interface{ SQLState() string } // pgx, pq
	if errors.As(err, &state) {
		return state.SQLState()
	}
	return ""
}

// Codes of PostgreSQL after which the same may be tried again.
const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeLockTimeout   = "55P03"
)

func transient(err error) bool {
	code := sqlState(err)
	return code == codeSerialization || code == codeDeadlock || code == codeLockTimeout
}
