package awskms

import (
	"context"
	"errors"
	"fmt"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// An Error is an operation that failed. Its text holds the operation and the
// service's code. It unwraps to the context's error or to that of the
// connection; the service's message, which can name principals, is in
// neither.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Error struct {
	// Op is "encrypt" or "decrypt".
	Op string
	// Code is the service's, such as "AccessDeniedException", or what this
	// package refused; "" if there was no answer.
	Code string
	// RequestID is by which CloudTrail and AWS Support find the request.
	RequestID string

	temporary bool
	err       error
}

// Error implements error.
func (e *Error) Error() string {
	switch {
	case e.Code != "":
		return fmt.Sprintf("awskms: %s: %s", e.Op, e.Code)
	case e.err != nil:
		return fmt.Sprintf("awskms: %s: %v", e.Op, e.err)
	}
	return fmt.Sprintf("awskms: %s: no answer", e.Op)
}

// Unwrap returns the error of the context or of the connection, or nil.
func (e *Error) Unwrap() error { return e.err }

// Temporary reports an outage: no answer, throttling or a failure within KMS.
// A refusal is not temporary.
func (e *Error) Temporary() bool { return e.temporary }

func newError(ctx context.Context, op string, err error) *Error {
	if ctx.Err() != nil {
		return &Error{Op: op, temporary: true, err: ctx.Err()}
	}
	e, status := &Error{Op: op, temporary: true}, 0
	if answer := (*awshttp.ResponseError)(nil); errors.As(err, &answer) {
		e.RequestID, status = answer.ServiceRequestID(), answer.HTTPStatusCode()
	}
	refusal, sent := smithy.APIError(nil), (*smithyhttp.RequestSendError)(nil)
	switch {
	case errors.As(err, &refusal):
		e.Code = bounded(refusal.ErrorCode())
		e.temporary = status >= 500 || outage(refusal)
	case errors.As(err, &sent):
		e.err = sent.Err
	case status == 0:
		e.Code, e.err = "request not sent: credentials or endpoint", err
	}
	return e
}

// outage reports whether the service's answer is of the kind that passes.
func outage(e smithy.APIError) bool {
	switch e.ErrorCode() {
	case "ThrottlingException", "DependencyTimeoutException", "KMSInternalException", "KeyUnavailableException",
		"RequestTimeoutException", "InternalFailure", "ServiceUnavailable", "ServiceUnavailableException":
		return true
	}
	return e.ErrorFault() == smithy.FaultServer
}

// bounded returns a code that is one, so that a text in its place does not
// get into errors.
func bounded(code string) string {
	for _, r := range code {
		if (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '.' {
			return "unknown code"
		}
	}
	if len(code) > 64 {
		return "unknown code"
	}
	return code
}
