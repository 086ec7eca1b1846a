package syslogsink

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
)

// Errors that callers branch on; test for them with errors.Is. The errors of
// Deliver that unwrap to ErrRecord or ErrTooLarge have a method Permanent that
// returns true: they will be the same the next time.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
var (
	// ErrRecord reports a record that is no JSON object with an id and a source.
	ErrRecord = errors.New("syslogsink: a record is not an event")
	// ErrTooLarge reports a record that does not fit into MaxMessage.
	ErrTooLarge = errors.New("syslogsink: a record is too large")
	// ErrUnconfirmed reports that the receiver did not end the session in the
	// way that says that it has read everything.
	ErrUnconfirmed = errors.New("syslogsink: the receiver did not confirm")
	// ErrClosed reports a Deliver after Close.
	ErrClosed = errors.New("syslogsink: closed")
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

// connError makes the error of a connection. Only causes that cannot hold what
// the other side sent are named.
func connError(ctx context.Context, what string, err error) error {
	what = "syslogsink: " + what + ": "
	var unknown x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var alert tls.AlertError
	var late net.Error
	var op *net.OpError
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf(what+"%w", ctx.Err())
	case errors.Is(err, ErrUnconfirmed):
		return err
	case errors.As(err, &unknown):
		return errors.New(what + "the receiver's certificate is of an unknown authority")
	case errors.As(err, &name):
		return errors.New(what + "the receiver's certificate is for another name")
	case errors.As(err, &invalid):
		return errors.New(what + "the receiver's certificate is not valid")
	case errors.As(err, &alert):
		return fmt.Errorf(what+"TLS: %w", alert)
	case errors.As(err, &late) && late.Timeout():
		return fmt.Errorf(what+"%w", context.DeadlineExceeded)
	case errors.As(err, &op):
		return fmt.Errorf(what+"no connection: %w", op)
	}
	return errors.New(what + "the connection failed")
}
