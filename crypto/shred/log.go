package shred

import (
	"context"
	"fmt"
)

// MaxEntry bounds an entry of a [Log], in bytes.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
const MaxEntry = 4 << 20

// A Log is where a [Register] keeps its entries, numbered from 1 without gaps.
// A [DirLog] keeps them in files; implement it over a database of your own,
// and run the cases of package shredtest against it. One table does:
// number primary key, entry. The rules:
//
//   - Append stores entry under number if nothing is there, as one atomic step
//     against other processes, and otherwise returns [ErrConflict] and changes
//     nothing. It refuses a number whose predecessor is missing.
//   - Read returns the entry under number, or [ErrNoEntry] where none is, which
//     must never be mixed up with an outage.
//   - What Append acknowledges survives a crash. What it failed on may be there.
//   - A slice belongs to the caller; the log copies.
//   - All methods are safe for concurrent use and honour ctx.
//
// Controls: HIPAA 164.312(c)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Log interface {
	Append(ctx context.Context, number uint64, entry []byte) error
	Read(ctx context.Context, number uint64) ([]byte, error)
}

// An IdentifiedLog is a Log that can be told from another while both are
// empty. [DirLog] is one; make yours one too, or a backup that is made before
// the first entry does not tell its register from any other.
//
// Identity returns what was drawn at random when the log was made, and is the
// same for ever, wherever the log is moved. It is "" of a log that has none.
//
// Controls: HIPAA 164.312(c)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type IdentifiedLog interface {
	Log
	Identity(ctx context.Context) (string, error)
}

// origin returns the hash of a log's identity, "" if it has none.
func origin(ctx context.Context, log Log) (string, error) {
	identified, ok := log.(IdentifiedLog)
	if !ok {
		return "", nil
	}
	id, err := identified.Identity(ctx)
	if err != nil || id == "" {
		return "", err
	}
	return hashOf([]byte(id)), nil
}

// wrap says what failed. Context errors and the package's own pass through it
// to errors.Is.
func wrap(what string, err error) error { return fmt.Errorf("shred: %s: %w", what, err) }
