package keyset

import (
	"context"
	"errors"
	"net"
)

// refused reports whether an error of a KEK says that it refuses, rather than
// that it does not answer. What says nothing is no refusal.
func refused(err error) bool {
	if !errors.Is(err, ErrUnwrap) || outage(err) {
		return false
	}
	var says interface{ Temporary() bool }
	return errors.As(err, &says)
}

// outage reports whether any error in the tree of err says that there was no
// answer: of two KEKs of which one refuses and one is away, nothing is known.
func outage(err error) bool {
	var network net.Error
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) {
		return true
	}
	if says, ok := err.(interface{ Temporary() bool }); ok && says.Temporary() {
		return true
	}
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		inner := err.Unwrap()
		return inner != nil && outage(inner)
	case interface{ Unwrap() []error }:
		for _, inner := range err.Unwrap() {
			if outage(inner) {
				return true
			}
		}
	}
	return false
}

// A refusal is an error that another try would not mend.
type refusal string

func (r refusal) Error() string { return string(r) }

// Temporary returns false: see [Ring].
func (r refusal) Temporary() bool { return false }
