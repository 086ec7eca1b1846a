package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"
)

// Bounds of a replica.
//
// Controls: none, sizes.
const (
	MaxReplica = 128
	MaxLease   = time.Hour
)

// ErrReplica reports a replica without a name or with one that is too long,
// or a lease out of bounds.
//
// Controls: none, it reports a mistake of the program.
var ErrReplica = errors.New("state: not a replica")

// Check returns an error that unwraps to [ErrFact] unless a State can take
// the facts: 1 to [MaxAppend], each within its bounds, of valid UTF-8 without
// U+0000, with a kind, a Body that is one JSON document, and neither Seq nor
// At. Every State calls it.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func Check(facts ...Fact) error {
	if len(facts) == 0 || len(facts) > MaxAppend {
		return fmt.Errorf("%w: none, or more than %d at once", ErrFact, MaxAppend)
	}
	for i := range facts {
		if what := facts[i].fault(); what != "" {
			return fmt.Errorf("%w: %s", ErrFact, what)
		}
	}
	return nil
}

func (f *Fact) fault() string {
	switch {
	case f.Seq != 0 || !f.At.IsZero():
		return "it has a sequence or a time of its own"
	case f.Kind == "" || len(f.Kind) > MaxKind || !text(f.Kind):
		return "its kind"
	case len(f.Subject) > MaxSubject || !text(f.Subject):
		return "its subject"
	case len(f.Body) > MaxBody || !json.Valid(f.Body) || !utf8.Valid(f.Body):
		return "its body"
	}
	return ""
}

// CheckReplica returns an error that unwraps to [ErrReplica] unless a State
// can keep such a lease: a name of 1 to [MaxReplica] bytes of valid UTF-8
// without control characters, and a lease above zero and at most [MaxLease].
// Every State calls it.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func CheckReplica(replica string, lease time.Duration) error {
	if replica == "" || len(replica) > MaxReplica || !text(replica) || lease <= 0 || lease > MaxLease {
		return ErrReplica
	}
	return nil
}

// text reports whether s is UTF-8 without control characters.
func text(s string) bool {
	for _, r := range s {
		if r < 0x20 || r == 0x7f {
			return false
		}
	}
	return utf8.ValidString(s)
}
