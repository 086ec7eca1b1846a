package gcpkms

import (
	"context"
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// An Error is an operation that failed. Its text holds the operation and the
// gRPC code. It unwraps to the context's error; the service's message, which
// can name principals, is in neither.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Error struct {
	// Op is "encrypt" or "decrypt".
	Op string
	// Code is the service's, or codes.OK if there is none, as when an answer
	// failed its checksum.
	Code codes.Code

	reason    string
	temporary bool
	err       error
}

// Error implements error.
func (e *Error) Error() string {
	switch {
	case e.err != nil:
		return fmt.Sprintf("gcpkms: %s: %v", e.Op, e.err)
	case e.Code != codes.OK:
		return fmt.Sprintf("gcpkms: %s: %s", e.Op, e.Code)
	}
	return fmt.Sprintf("gcpkms: %s: %s", e.Op, e.reason)
}

// Unwrap returns the context's error, or nil.
func (e *Error) Unwrap() error { return e.err }

// Temporary reports an outage: no answer, a quota, a failure within Cloud KMS
// or an answer that was damaged on its way. A refusal is not temporary.
func (e *Error) Temporary() bool { return e.temporary }

func newError(ctx context.Context, op string, err error) *Error {
	if ctx.Err() != nil {
		return &Error{Op: op, temporary: true, err: ctx.Err()}
	}
	answer, ok := status.FromError(err)
	if !ok {
		return &Error{Op: op, reason: "the answer is damaged or another key's", temporary: true}
	}
	return &Error{Op: op, Code: answer.Code(), temporary: outage(answer.Code())}
}

// outage reports whether a code is of the kind that passes.
func outage(c codes.Code) bool {
	switch c {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Internal, codes.Aborted, codes.Unknown, codes.DataLoss:
		return true
	}
	return false
}
