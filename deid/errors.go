package deid

import (
	"errors"
	"strconv"
)

// The errors that callers tell apart. ErrInput: the input is not what it says
// it is, or exceeds a limit. ErrUnsupported: there is no map for the resource
// or the Go type, so nothing of it could be let through. ErrCodes: the table
// of codes is full. Their texts and those of the errors that wrap them never
// repeat the input.
//
// Controls: none, names of failures; each of them means that nothing left.
var (
	ErrInput       = errors.New("deid: input refused")
	ErrUnsupported = errors.New("deid: no map for this type")
	ErrCodes       = errors.New("deid: codes: table full")
)

// An InputError says where the input is wrong and unwraps to [ErrInput]. It
// holds no part of the input.
//
// Controls: none, it reports a refusal.
type InputError struct {
	// Offset is the place in bytes from the start of the input.
	Offset int
	// Reason is a short phrase.
	Reason string
}

// Error returns "deid: fhir: byte N: reason".
func (e *InputError) Error() string {
	return "deid: fhir: byte " + strconv.Itoa(e.Offset) + ": " + e.Reason
}

// Unwrap returns ErrInput.
func (e *InputError) Unwrap() error { return ErrInput }
