package kekexec

import "fmt"

// An Error is a call that failed. Its text is the operation and a fixed code;
// what the program wrote is not in it. It unwraps to the error of the context
// or of the operating system, if one is the cause.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Error struct {
	// Op is "encrypt", "decrypt" or "location".
	Op string
	// Code says what happened, such as "refused"; "" where a context ended.
	Code string

	temporary bool
	err       error
}

// Error implements error.
func (e *Error) Error() string {
	switch {
	case e.err == nil:
		return fmt.Sprintf("kekexec: %s: %s", e.Op, e.Code)
	case e.Code == "":
		return fmt.Sprintf("kekexec: %s: %v", e.Op, e.err)
	}
	return fmt.Sprintf("kekexec: %s: %s: %v", e.Op, e.Code, e.err)
}

// Unwrap returns the error of the context or of the operating system, or nil.
func (e *Error) Unwrap() error { return e.err }

// Temporary reports an outage: the program said so, did not run, or gave no
// answer. A refusal is not temporary.
func (e *Error) Temporary() bool { return e.temporary }
