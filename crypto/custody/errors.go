package custody

import (
	"errors"
	"fmt"
)

// Errors that callers branch on. No error text holds a key, a share's value, a
// tenant or a patient.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
var (
	// ErrBundle reports what is not a whole bundle, or was altered.
	ErrBundle = errors.New("custody: bundle: not a whole backup, or altered")
	// ErrShare reports a share that is malformed, of another bundle, there
	// twice or altered. The error is also a [*ShareError], which says which.
	ErrShare = errors.New("custody: share: not usable")
	// ErrShares reports fewer shares than the bundle needs.
	ErrShares = errors.New("custody: shares: fewer than the bundle needs")
	// ErrDifferent reports a target that holds something else for a tenant
	// than the bundle. Nothing was written.
	ErrDifferent = errors.New("custody: restore: the target holds another keyset or index")
	// ErrOtherRegister reports a register that does not contain what it had when
	// the backup was made: it is another one, or an older copy, or was cut.
	ErrOtherRegister = errors.New("custody: the register is not the one of the backup, or not whole")
	// ErrEnded reports a tenant key in the bundle of which two persons stated
	// that all copies are destroyed. Nothing was written.
	ErrEnded = errors.New("custody: the backup holds a tenant key that is certified as destroyed in every copy")
	// ErrRegister reports a restore of subjects' keys without what says which
	// of them were shredded since.
	ErrRegister = errors.New("custody: restore: subjects need their store and the register of what was shredded")
)

// A ShareError says which share is not usable, and why.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
type ShareError struct {
	// Number is the share's number; 0 if it cannot be read.
	Number int
	// Why is a fixed text, with the number of the line where that is known.
	Why string
}

// Error says which share, and why.
func (e *ShareError) Error() string {
	if e.Number == 0 {
		return "custody: share: " + e.Why
	}
	return fmt.Sprintf("custody: share %d: %s", e.Number, e.Why)
}

// Unwrap returns [ErrShare].
func (e *ShareError) Unwrap() error { return ErrShare }
