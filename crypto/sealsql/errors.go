package sealsql

import (
	"context"
	"errors"
	"fmt"
)

// An Error is what a database answered. Its text is the operation and the
// database's code; the cause, whose own text may repeat values, is behind
// Unwrap.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Error struct {
	// Op is what was being done, such as "subjects: put".
	Op  string
	err error
}

// Error implements error.
func (e *Error) Error() string { return "sealsql: " + e.Op + ": " + detail(e.err) }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Format writes the text of Error under every verb.
func (e *Error) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }

// failed returns err as an Error, and nil for nil.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, err: err}
}

// detail says of a cause what holds no values.
func detail(err error) string {
	var state interface{ SQLState() string } // pgx, pq
	var code interface{ Code() int }         // modernc.org/sqlite
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded.Error()
	case errors.As(err, &state):
		return "SQLSTATE " + state.SQLState()
	case errors.As(err, &code):
		return fmt.Sprintf("SQLite error %d", code.Code())
	}
	return "the database could not be asked"
}
