package httpsink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"
)

// ErrRecord reports a record that is not one JSON object. Nothing of its call
// was sent.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
var ErrRecord = errors.New("httpsink: deliver: a record is not a JSON object")

// A recordError is the ErrRecord of one record of a call.
type recordError int

func (e recordError) Error() string {
	return ErrRecord.Error() + ": number " + strconv.Itoa(int(e)) + " of the call"
}

func (e recordError) Unwrap() error { return ErrRecord }

func (e recordError) Permanent() bool { return true }

// A StatusError is an answer that accepts nothing: any status but 2xx.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type StatusError struct {
	// Status is the HTTP status.
	Status int
	// Wait is how long the receiver asked to be left alone (Retry-After with
	// 429 or 503, at most an hour), 0 if it did not.
	Wait time.Duration
}

// Error names the status and nothing else of the answer.
func (e *StatusError) Error() string {
	return "httpsink: deliver: the receiver answered " + strconv.Itoa(e.Status)
}

// RetryAfter returns Wait. Until then the Sink answers every Deliver with this
// error and sends nothing.
func (e *StatusError) RetryAfter() time.Duration { return e.Wait }

// Permanent reports whether the status is about what was sent: 400, 413 and
// 422. Another one, such as 401 or 404, may be mended without a change to the
// records.
func (e *StatusError) Permanent() bool {
	switch e.Status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// A hiddenError carries a cause that a caller may test for and whose text stays
// out of sight.
type hiddenError struct {
	text  string
	cause error
}

func (e *hiddenError) Error() string { return e.text }

func (e *hiddenError) Unwrap() error { return e.cause }

// transportError makes the error of a request that got no answer. The text of
// the cause may hold the URL or bytes that the other side sent, so only causes
// that cannot are named.
func transportError(err error) error {
	const what = "httpsink: deliver: "
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var alert tls.AlertError
	var op *net.OpError
	var late net.Error // context.DeadlineExceeded is one
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf(what+"%w", context.Canceled)
	case errors.As(err, &late) && late.Timeout():
		return fmt.Errorf(what+"%w", context.DeadlineExceeded)
	case errors.As(err, &unknown):
		return errors.New(what + "the receiver's certificate is of an unknown authority")
	case errors.As(err, &name):
		return errors.New(what + "the receiver's certificate is for another name")
	case errors.As(err, &invalid):
		return errors.New(what + "the receiver's certificate is not valid")
	case errors.As(err, &alert):
		return fmt.Errorf(what+"TLS: %w", alert)
	case errors.As(err, &op):
		return fmt.Errorf(what+"no connection: %w", op)
	}
	return errors.New(what + "the request got no proper answer")
}

// maxWait bounds what a receiver may ask for.
const maxWait = time.Hour

// retryAfter reads Retry-After (RFC 9110, section 10.2.3): seconds or a date.
func retryAfter(status int, h http.Header) time.Duration {
	if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable {
		return 0
	}
	v := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(v, 10, 32); err == nil {
		return min(time.Duration(seconds)*time.Second, maxWait)
	}
	if at, err := http.ParseTime(v); err == nil {
		return min(max(time.Until(at), 0), maxWait)
	}
	return 0
}
