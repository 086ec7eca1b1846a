package sealsql

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// An Error is what a database answered. Its text is the operation, the
// database's code and, of an answer about names, those of the [Table] that are
// in it; the cause, whose own text may repeat values, is behind
// Unwrap.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Error struct {
	// Op is what was being done, such as "subjects: put".
	Op    string
	err   error
	names []string // of the description, in the cause
}

// Error implements error.
func (e *Error) Error() string {
	text := "sealsql: " + e.Op + ": " + detail(e.err)
	if len(e.names) > 0 {
		text += " about " + strings.Join(e.names, ", ")
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.err }

// Format writes the text of Error under every verb.
func (e *Error) Format(f fmt.State, _ rune) { fmt.Fprint(f, e.Error()) }

// A problem is what this package finds wrong itself; it holds no values.
type problem string

// Error implements error.
func (p problem) Error() string { return "sealsql: " + string(p) }

// failed returns err as an Error, and nil for nil.
func failed(op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Op: op, err: err}
}

// refused returns err as rekey.ErrRefused too, if the database is well and
// will not have a row: a constraint, a trigger or a value is against it.
func refused(err error) error {
	var state interface{ SQLState() string }
	var code interface{ Code() int }
	no := false
	switch {
	case errors.As(err, &state):
		class := state.SQLState()[:min(2, len(state.SQLState()))]
		no = slices.Contains([]string{"22", "23", "27", "44", "P0"}, class) // data, constraint, trigger, check option, PL/pgSQL
	case errors.As(err, &code):
		no = code.Code()&0xff == 19 // SQLITE_CONSTRAINT
	}
	if no {
		return fmt.Errorf("%w: %w", rekey.ErrRefused, err)
	}
	return err
}

// busy reports whether the database gave up a statement for the sake of
// another: a serialization failure or a deadlock of PostgreSQL.
func busy(err error) bool {
	var state interface{ SQLState() string }
	return errors.As(err, &state) && (state.SQLState() == "40001" || state.SQLState() == "40P01")
}

// tries bounds how often a statement is asked that gives way to others.
const tries = 20

// again does f, and does it again while the database gives it up for the sake
// of another, as it may at isolations above READ COMMITTED: what was given up
// has changed nothing. F returns all that it finds.
func again[T any](ctx context.Context, f func() (T, error)) (T, error) {
	for range tries - 1 {
		found, err := f()
		if !busy(err) || ctx.Err() != nil {
			return found, err
		}
	}
	return f()
}

// detail says of a cause what holds no values.
func detail(err error) string {
	var own problem
	var state interface{ SQLState() string } // pgx, pq
	var code interface{ Code() int }         // modernc.org/sqlite
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled.Error()
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded.Error()
	case errors.As(err, &own):
		return string(own)
	case errors.As(err, &state):
		return "SQLSTATE " + state.SQLState()
	case errors.As(err, &code):
		return fmt.Sprintf("SQLite error %d", code.Code())
	}
	return "the database could not be asked"
}
