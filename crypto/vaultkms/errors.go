package vaultkms

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

// An Error is an operation that failed. Its text holds the operation and the
// status. It unwraps to the error of the context or of the connection; what
// Vault wrote is in neither.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Error struct {
	// Op is "encrypt" or "decrypt".
	Op string
	// Status is of HTTP, or 0 if there was no answer.
	Status int

	reason    string
	temporary bool
	err       error
}

// Error implements error.
func (e *Error) Error() string {
	if e.err != nil {
		return fmt.Sprintf("vaultkms: %s: %v", e.Op, e.err)
	}
	return fmt.Sprintf("vaultkms: %s: %s", e.Op, e.reason)
}

// Unwrap returns the error of the context or of the connection, or nil.
func (e *Error) Unwrap() error { return e.err }

// Temporary reports an outage: no answer, no token, Vault sealed or overloaded,
// a standby that names another node, or an answer that is not transit's. A refusal is not temporary.
func (e *Error) Temporary() bool { return e.temporary }

// unanswered is of a request that got no whole answer.
func unanswered(ctx context.Context, op string, err error) *Error {
	if ctx.Err() != nil {
		return &Error{Op: op, temporary: true, err: ctx.Err()}
	}
	if outer := (*url.Error)(nil); errors.As(err, &outer) {
		err = outer.Err // without the address
	}
	return &Error{Op: op, temporary: true, err: err}
}

// refused is of an answer that is no success.
func refused(op string, status int) *Error {
	e := &Error{Op: op, Status: status, reason: fmt.Sprintf("status %d", status)}
	switch {
	case status == http.StatusBadRequest:
		e.reason = "refused: another key or associated data, an altered ciphertext, or no such key"
	case status == http.StatusForbidden:
		e.reason = "permission denied"
	case status == http.StatusNotFound:
		e.reason = "no transit engine is mounted there"
	case status == http.StatusServiceUnavailable:
		e.reason = "sealed, or in maintenance"
	case status >= 300 && status < 400:
		e.reason = "redirect not followed: give the address of the active node or a load balancer"
	}
	// A redirect is a standby's; 412 is a replica that is behind, 429 a quota,
	// 472 and 473 a standby of another cluster. None says no.
	e.temporary = status >= 500 || status/100 == 3 || status == 412 || status == 429 || status == 472 || status == 473
	return e
}
