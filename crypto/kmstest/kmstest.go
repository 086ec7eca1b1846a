package kmstest

import (
	"testing"
)

// A Case is one rule of [crypto.KEK] and the check of it.
//
// Controls: none, it is test support.
type Case struct {
	Name string
	// Rule is what the case protects.
	Rule  string
	Check func(t *testing.T, f Fixture)
}

// Run runs all cases, each on a fixture of its own.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func Run(t *testing.T, fresh func(t *testing.T) Fixture) {
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			t.Log(c.Rule)
			c.Check(t, fresh(t))
		})
	}
}

// Cases returns the cases of the suite.
//
// Controls: none, it is test support.
func Cases() []Case {
	return []Case{
		{"round trip", "what was encrypted comes back, at every size that is stated", roundTrip},
		{"limits", "a plaintext out of the stated limits is an error, not a cut", limits},
		{"associated data", "any other associated data is refused", associatedData},
		{"no associated data", "nil and empty are the same, and differ from everything else", noAssociatedData},
		{"altered", "a ciphertext with any byte changed is refused", altered},
		{"cut", "a ciphertext that is cut, extended or empty is refused", cut},
		{"foreign", "another key's ciphertext is refused", foreign},
		{"fresh", "two encryptions of one plaintext differ", fresh},
		{"slices", "inputs are neither kept nor altered, outputs are the caller's", ownSlices},
		{"concurrent", "any number of calls at once do not mix", concurrent},
		{"location", "the KEK says where it is kept", location},
		{"redaction", "nothing secret prints, under any verb", redaction},
		{"errors", "no error holds a plaintext or a secret", errorTexts},
		{"cancelled", "a context that is done is an error, and reaches no service", cancelled},
		{"calls", "one call of the service for one operation", calls},
		{"hang", "cancellation and deadline end a call that the service does not answer", hang},
		{"outage", "an outage is a temporary error, and what was encrypted opens after it", outage},
	}
}
