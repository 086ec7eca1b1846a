package migrate

import (
	"context"
	"fmt"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Cell reads one value of the column: the plaintext or the sealed one, as the
// phase says. It is a sql.Scanner, for one row at a time, and never prints. The
// zero Cell is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
type Cell[T any] struct {
	column *Column[T]
	gate   Gate
	text   *string
	sealed crypto.Sealed[T]
}

// Cell returns a Cell to read into in the transaction of g.
func (c *Column[T]) Cell(g Gate) (*Cell[T], error) {
	if g.m != c.m {
		return nil, failed("read", ErrUse)
	}
	return &Cell[T]{column: c, gate: g}, nil
}

// Format writes a redaction under every verb.
func (Cell[T]) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[cell]") }

// Select returns the expression to select.
func (x *Cell[T]) Select() string {
	if x.gate.phase.readsSealed() {
		return x.column.m.sealed
	}
	return asText(x.column.m.plain, x.gate.kind)
}

// Scan implements sql.Scanner.
func (x *Cell[T]) Scan(src any) error {
	x.text = nil
	if x.gate.phase.readsSealed() {
		return x.sealed.Scan(src)
	}
	var text string
	switch src := src.(type) {
	case nil:
		return nil
	case string:
		text = src
	case []byte:
		text = string(src)
	default:
		return failed("read", ErrValue)
	}
	x.text = &text
	return nil
}

// IsNull reports whether the row has no value.
func (x *Cell[T]) IsNull() bool { return x.text == nil && x.sealed.IsNull() }

// Open returns the value. After the cut-over it opens it at ref, as
// crypto.Sealed.Open does, which notes it in the Entry of ctx; before, the
// program accounts for its reading as it did. It returns crypto.ErrNull if
// there is none.
func (x *Cell[T]) Open(ctx context.Context, ref crypto.Ref) (T, error) {
	if x.gate.phase.readsSealed() {
		return x.sealed.Open(ctx, x.column.sealer, ref)
	}
	var none T
	if x.text == nil {
		return none, crypto.ErrNull
	}
	v, err := x.column.codec.parse(*x.text)
	return v, failed("read", err)
}
