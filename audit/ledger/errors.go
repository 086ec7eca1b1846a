package ledger

import (
	"errors"
	"fmt"
)

// Errors that callers branch on; test for them with errors.Is. An error of
// [Ledger.Append] of any other kind, a context error included, is a refusal
// too: the records must not be counted on.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.DS-01, PR.PS-04.
var (
	// ErrClosed reports a ledger that was closed.
	ErrClosed = errors.New("ledger: closed")
	// ErrPoisoned reports a ledger on which a write or a sync failed, or from
	// which somebody took a file that it writes to (then a DamageError is its
	// cause). It takes no more records, ever, and signs none. A failure of the
	// disk loses nothing that was acknowledged: open the directory again, after
	// the cause is gone.
	ErrPoisoned = errors.New("ledger: poisoned")
	// ErrDamaged reports a directory that holds something else than what a
	// ledger wrote; see DamageError.
	ErrDamaged = errors.New("ledger: damaged")
	// ErrLocked reports a directory that another ledger has open.
	ErrLocked = errors.New("ledger: the directory is open elsewhere")
	// ErrWrongKey reports a directory or a checkpoint signed by another key.
	ErrWrongKey = errors.New("ledger: signed by another key")
	// ErrSize reports a record or a call outside the limits.
	ErrSize = errors.New("ledger: record size out of bounds")
)

// A DamageError says where a ledger stops being what was written: the first
// entry that is missing, changed or out of place. It unwraps to [ErrDamaged].
// Its text holds no byte of any record.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type DamageError struct {
	// Index is the number of the first entry that cannot be trusted, counted
	// from 0.
	Index uint64
	// Segment is the file that holds it, without directory; empty if no file
	// can be named.
	Segment string
	// Offset is the byte offset in Segment.
	Offset int64
	// Reason is what is wrong, in plain words.
	Reason string
}

// Error says where and what.
func (e *DamageError) Error() string {
	if e.Segment == "" {
		return fmt.Sprintf("ledger: damaged: entry %d: %s", e.Index, e.Reason)
	}
	return fmt.Sprintf("ledger: damaged: entry %d in %s at byte %d: %s", e.Index, e.Segment, e.Offset, e.Reason)
}

// Unwrap returns ErrDamaged.
func (e *DamageError) Unwrap() error { return ErrDamaged }
