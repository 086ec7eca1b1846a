package relay

import (
	"errors"
	"fmt"
	"strings"
)

// Errors that callers branch on; test for them with errors.Is.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
var (
	// ErrGap reports records that are gone from the source before they were
	// delivered, for instance pruned, or a source that ends before the cursor,
	// for instance set back.
	ErrGap = errors.New("relay: the source does not have the record that is next")
	// ErrCursor reports a cursor that is damaged, was moved by somebody else, or
	// was asked to go back.
	ErrCursor = errors.New("relay: cursor")
	// ErrRunning reports a relay that runs already.
	ErrRunning = errors.New("relay: runs already")
)

// A RefusedError is what ends [Relay.Run] when the sink refuses a record for
// good. Its text holds no byte of the record.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type RefusedError struct {
	// Index is the record's number in the source, counted from 0.
	Index uint64
	// Err is what the sink said.
	Err error
}

// Error says which record, and what the sink said.
func (e *RefusedError) Error() string {
	return fmt.Sprintf("relay: the sink refuses record %d for good: %v", e.Index, e.Err)
}

// Unwrap returns what the sink said.
func (e *RefusedError) Unwrap() error { return e.Err }

// Permanent marks an error of a sink as one that will be the same the next
// time: the record, not the moment, is what it refuses. A sink that does not
// want to import this package gives its error type a method Permanent() bool
// that returns true. A refused sign-in, a missing table or a full disk is not
// permanent in this sense. nil stays nil.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func Permanent(err error) error {
	if err == nil {
		return nil
	}
	return permanentError{err}
}

// IsPermanent reports whether an error of a sink is marked as permanent.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func IsPermanent(err error) bool {
	var p interface {
		error
		Permanent() bool
	}
	return errors.As(err, &p) && p.Permanent()
}

// isCursor reports whether an error is about a cursor that cannot be trusted. A
// cursor that does not want to import this package gives its error type a
// method CursorMoved() bool that returns true.
func isCursor(err error) bool {
	var m interface {
		error
		CursorMoved() bool
	}
	return errors.Is(err, ErrCursor) || errors.As(err, &m) && m.CursorMoved()
}

type permanentError struct{ error }

func (e permanentError) Permanent() bool { return true }

func (e permanentError) Unwrap() error { return e.error }

// wrap puts the package and the operation before an error that lacks them.
func wrap(operation string, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), "relay: ") {
		return err
	}
	return fmt.Errorf("relay: %s: %w", operation, err)
}
