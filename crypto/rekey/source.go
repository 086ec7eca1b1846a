package rekey

import (
	"context"

	"github.com/safeguard-sdk/safeguard/crypto"
)

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
//   - All methods honour ctx. One run calls them one after another.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Source interface {
	Tenant() string
	Stale(ctx context.Context, current uint32, after string, max int) (Page, error)
	All(ctx context.Context, after string, max int) (Page, error)
	Replace(ctx context.Context, changes []Change) (changed []bool, err error)
}
