package shred

import (
	"errors"
	"fmt"
)

// Errors that callers branch on. No error text of this package holds a
// patient, a name of a person or what an [Order] holds.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.DS-01.
var (
	// ErrOrder reports an Order that is incomplete, or not the one that was
	// requested.
	ErrOrder = errors.New("shred: order: not usable")
	// ErrUnknown reports an id under which nothing was requested.
	ErrUnknown = errors.New("shred: order: no such request")
	// ErrExpired reports a request that was not approved in time.
	ErrExpired = errors.New("shred: order: expired")
	// ErrDenied reports that nobody is identified, or that a person may not do
	// this: not authorised, not a person, or of another tenant.
	ErrDenied = errors.New("shred: denied")
	// ErrSamePerson reports an approval by who made the request.
	ErrSamePerson = errors.New("shred: denied: needs a second person")
	// ErrHeld reports a patient under legal hold, or a tenant with one.
	ErrHeld = errors.New("shred: under legal hold")
	// ErrUnderway reports that the destruction of the same keys is approved
	// already, by another order, or, to who holds or cancels, that it has begun.
	ErrUnderway = errors.New("shred: destruction is under way already")
	// ErrCancelled reports an order that was taken back.
	ErrCancelled = errors.New("shred: order: cancelled")
	// ErrNotHeld reports the release of a hold that is not there.
	ErrNotHeld = errors.New("shred: no such hold")
	// ErrRegister reports a register that is not as it was written.
	ErrRegister = errors.New("shred: register: altered, cut or not a register")
	// ErrReturned reports a tenant key that is there again and is certified as
	// destroyed in every copy: destroy it, with the backup that it came from.
	ErrReturned = errors.New("shred: apply: a tenant key is back that is certified as destroyed")
	// ErrCertificate reports a certificate that is malformed, altered, or signed
	// by another key.
	ErrCertificate = errors.New("shred: certificate: not as it was signed")
	// ErrNoEntry is what a [Log] returns where no entry is.
	ErrNoEntry = errors.New("shred: log: no such entry")
	// ErrConflict is what a [Log] returns where an entry is already.
	ErrConflict = errors.New("shred: log: another entry is there")
)

func badOrder(what string) error { return fmt.Errorf("%w: %s", ErrOrder, what) }

func badRegister(what string) error { return fmt.Errorf("%w: %s", ErrRegister, what) }

func badCertificate(what string) error { return fmt.Errorf("%w: %s", ErrCertificate, what) }
