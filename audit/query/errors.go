package query

import (
	"errors"
	"fmt"
)

// Errors that callers tell apart.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05.
var (
	// ErrDenied reports a question that was refused. Why is in the log and not
	// in the error.
	ErrDenied = errors.New("query: denied")
	// ErrQuestion reports a question that cannot be asked. It is no secret.
	ErrQuestion = errors.New("query: question")
	// ErrUnproven reports hits that no signed checkpoint covers yet.
	ErrUnproven = errors.New("query: not covered by a signed checkpoint yet")
	// ErrTooMany reports an answer that does not fit into the bounds of Options.
	ErrTooMany = errors.New("query: more than the bounds of the options allow")
)

// A LedgerError reports which ledger could not be asked. There is then no
// answer: a smaller one would look whole.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
type LedgerError struct {
	// Ledger is its name.
	Ledger string
	// Err is what is wrong.
	Err error
}

// Error says which ledger and why.
func (e *LedgerError) Error() string { return fmt.Sprintf("query: ledger %q: %v", e.Ledger, e.Err) }

// Unwrap returns the cause.
func (e *LedgerError) Unwrap() error { return e.Err }
