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

// wrap says what failed. Context errors and the package's own pass through it
// to errors.Is.
func wrap(what string, err error) error { return fmt.Errorf("shred: %s: %w", what, err) }
