package rekey

import (
	"context"
	"errors"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// ErrRefused says of a Replace or Move that the Source is well and will not
// have one of the changes, for instance because a constraint or a trigger
// forbids it. The changes are then done one by one.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
var ErrRefused = errors.New("rekey: source: a change was refused")

// A Cell is one sealed value and its place: a field, a row sealed whole
// (crypto.SealedRow) or the header of a blob, all of which are renewed alike.
// Sealed is nil where the value is NULL.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Cell struct {
	Ref    crypto.Ref
	Sealed []byte
}

// stale reports whether the cell is not under the tenant key current. A cell
// that is no sealed value is.
func (c Cell) stale(current uint32) bool {
	id, ok := crypto.KeyID(c.Sealed)
	return c.Sealed != nil && (!ok || id != current)
}

// A Row is the sealed cells that change together. Position names the row to
// its Source alone; it may hold the row's key in the database, so treat it as
// you treat that.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Row struct {
	Position string
	Cells    []Cell
}

// A Change is a row as it was read, and the values that take the place of its
// cells. A nil value leaves its cell as it is.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Change struct {
	Row    Row
	Sealed [][]byte
}

// A Page is some rows and the position after them, which is empty where the
// Source has no more. A page may be empty and not the last.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Page struct {
	Rows []Row
	Next string
}

// A Census is what a Source counts by itself.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Census struct {
	// Rows are all rows, as All has them.
	Rows uint64
	// Keys counts cells by the tenant key that crypto.KeyID finds in their
	// first five bytes, Misshapen those that have a value and no such id.
	Keys      map[uint32]uint64
	Misshapen uint64
}

// Add counts one row.
func (c *Census) Add(row Row) {
	c.Rows++
	for _, cell := range row.Cells {
		c.AddCells(cell.Sealed, 1)
	}
}

// AddCells counts n cells that have a value whose first five bytes are, or
// begin, the given ones. Nil is no value.
func (c *Census) AddCells(prefix []byte, n uint64) {
	id, ok := crypto.KeyID(prefix)
	switch {
	case prefix == nil:
	case !ok:
		c.Misshapen += n
	default:
		if c.Keys == nil {
			c.Keys = make(map[uint32]uint64)
		}
		c.Keys[id] += n
	}
}

// beyond returns how many cells c has, of those that are not under the key
// current, which seen does not have.
func (c *Census) beyond(seen *Census, current uint32) uint64 {
	n := max(c.Misshapen, seen.Misshapen) - seen.Misshapen
	for id, counted := range c.Keys {
		if id != current {
			n += max(counted, seen.Keys[id]) - seen.Keys[id]
		}
	}
	return n
}

// A Source is the stored rows of one tenant. Package sealsql has one over a
// table. The rules:
//
//   - Tenant is the tenant of every Ref that the Source gives.
//   - Stale returns rows with a cell of which crypto.KeyID, that of its first
//     five bytes, is not current, or that has none: the next at most max of them
//     after the position after, which is empty or the Next of an earlier Page,
//     also of another process. It should use an index. A row that is stale all
//     the time is on at least one page, and should be on one only.
//   - All returns all rows in the same manner, each once.
//   - Replace changes every row whose cells with a new value are still, byte
//     for byte, what was read, and leaves the others as they are; it returns
//     which it changed, in the order of changes. A row changes whole or not
//     at all, also in a crash. After an error any of them may have changed.
//     The new values belong to the caller again once Replace has returned.
//     It returns [ErrRefused] if it is well and will not have a change.
//   - Census counts all rows and cells in a manner that has nothing in common
//     with pages: not by their key. It shows what All has passed over. It
//     returns an error rather than the count of a part.
//   - All methods honour ctx. One run calls them one after another.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Source interface {
	Tenant() string
	Stale(ctx context.Context, current uint32, after string, max int) (Page, error)
	All(ctx context.Context, after string, max int) (Page, error)
	Replace(ctx context.Context, changes []Change) (changed []bool, err error)
	Census(ctx context.Context) (Census, error)
}
