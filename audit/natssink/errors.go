package natssink

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Errors that callers branch on; test for them with errors.Is. The errors of
// Deliver that unwrap to ErrRecord or ErrTooLarge have a method Permanent that
// returns true: they will be the same the next time.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
var (
	// ErrRecord reports a record that is no JSON object with a source and an id.
	ErrRecord = errors.New("natssink: a record is not an event")
	// ErrTooLarge reports a record that the server or the stream does not take.
	ErrTooLarge = errors.New("natssink: a record is too large")
	// ErrStream reports a stream that is not there, or that must not hold records.
	ErrStream = errors.New("natssink: the stream is not fit")
	// ErrInsecure reports a connection that must not carry records.
	ErrInsecure = errors.New("natssink: the connection is not over checked TLS")
	// ErrDisconnected reports that there is no connection to a server now.
	ErrDisconnected = errors.New("natssink: not connected")
)

// A recordError is the error of one record of a call.
type recordError struct {
	index int
	cause error
}

func (e *recordError) Error() string {
	return e.cause.Error() + ": number " + strconv.Itoa(e.index) + " of the call"
}

func (e *recordError) Unwrap() error { return e.cause }

func (e *recordError) Permanent() bool { return true }

// tooLarge is the server's code for a message larger than the stream takes.
const tooLarge jetstream.ErrorCode = 10054

// publishError makes the error of a record that was not acknowledged. The text
// that a server sends is left out.
func publishError(index int, err error) error {
	var api *jetstream.APIError
	switch {
	case errors.Is(err, nats.ErrMaxPayload), errors.As(err, &api) && api.ErrorCode == tooLarge:
		return &recordError{index, ErrTooLarge}
	case errors.As(err, &api):
		return fmt.Errorf("natssink: deliver: the server refused with code %d", api.ErrorCode)
	}
	return plainError("deliver", err)
}

// plainError names a cause that cannot hold anything of a record.
func plainError(what string, err error) error {
	for _, known := range []error{
		context.Canceled, context.DeadlineExceeded, jetstream.ErrStreamNotFound, jetstream.ErrNoStreamResponse, jetstream.ErrJetStreamNotEnabled,
		nats.ErrConnectionClosed, nats.ErrDisconnected, nats.ErrTimeout, nats.ErrNoResponders, nats.ErrAuthorization, nats.ErrPermissionViolation,
	} {
		if errors.Is(err, known) {
			return fmt.Errorf("natssink: %s: %w", what, known)
		}
	}
	if errors.Is(err, jetstream.ErrAsyncPublishTimeout) {
		return fmt.Errorf("natssink: %s: %w", what, context.DeadlineExceeded)
	}
	return fmt.Errorf("natssink: %s: the server did not acknowledge", what)
}
