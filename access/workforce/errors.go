package workforce

import (
	"errors"
	"fmt"
)

// Errors that callers branch on. All are denials.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
var (
	// ErrOptions reports settings that a Registry cannot be built with.
	ErrOptions = errors.New("workforce: options: not usable")
	// ErrNotLive reports a Registry that does not know the present: it has
	// not read the facts yet, its lease is over, or Run has ended.
	ErrNotLive = errors.New("workforce: not live")
	// ErrFacts reports a fact that this version of the program does not
	// understand, or a State that lacks what was read from it: one that was
	// restored from a backup, for instance. Nobody is allowed anything any
	// more, since a termination may have been missed: end the process, and
	// start it anew.
	ErrFacts = errors.New("workforce: a fact is not understood")
	// ErrAccount reports an account that was never opened.
	ErrAccount = errors.New("workforce: no such account")
	// ErrRefused reports a change that the rules do not allow. Its text says
	// which rule; it names nobody.
	ErrRefused = errors.New("workforce: refused")
	// ErrUnknown reports a change of which it is unknown whether it was
	// made. Look at the account, or make the change again.
	ErrUnknown = errors.New("workforce: it is unknown whether the change was made")
	// ErrUnrecorded reports a change that was made, of which the audit log
	// has no record.
	ErrUnrecorded = errors.New("workforce: the change stands without its audit record")
)

// refuse returns an ErrRefused that says which rule.
func refuse(rule string) error { return fmt.Errorf("%w: %s", ErrRefused, rule) }
