package migrate

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Column is the application's view of a column in migration, with values of
// type T: a string, integer or bool, or a type with a text
// (encoding.TextMarshaler and TextUnmarshaler on its pointer), of which the
// text must be the one that PostgreSQL gives back: 1980-01-31 of a date, a UUID
// in lower case. What is sealed is what crypto.Seal seals, so that after the
// migration a crypto.Sealed[T] reads it.
//
// It is safe for concurrent use. The zero Column is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type Column[T any] struct {
	m      *Migration
	sealer *crypto.Sealer
	codec  codec[T]
}

// NewColumn returns the column of m, sealed and opened by s.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func NewColumn[T any](m *Migration, s *crypto.Sealer) (*Column[T], error) {
	if m == nil || s == nil {
		return nil, errors.New("migrate: column: no migration or no sealer")
	}
	c := &Column[T]{m: m, sealer: s}
	return c, c.codec.check()
}

// A Value is a value for the column, in both forms. It never prints. The zero
// Value is of no column and is refused.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Value[T any] struct {
	m      *Migration
	text   *string
	sealed crypto.Sealed[T]
}

// Format writes a redaction under every verb.
func (Value[T]) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[value]") }

// Seal seals v for its place, in every phase, for a transaction that will write
// it. ref must be the place that the Spec describes for the row, else a Compare
// does not open it. It returns [ErrUse], [ErrValue], or the errors of
// crypto.Seal.
func (c *Column[T]) Seal(ctx context.Context, ref crypto.Ref, v T) (Value[T], error) {
	if err := c.at(ref); err != nil {
		return Value[T]{}, failed("seal", err)
	}
	text, err := c.codec.text(v)
	if err == nil {
		_, err = c.codec.parse(text)
	}
	if err != nil {
		return Value[T]{}, failed("seal", err)
	}
	sealed, err := crypto.Seal(ctx, c.sealer, ref, v)
	if err != nil {
		return Value[T]{}, fmt.Errorf("migrate: seal: %w", err)
	}
	return Value[T]{c.m, &text, sealed}, nil
}

// Null returns the Value that is NULL.
func (c *Column[T]) Null() Value[T] { return Value[T]{m: c.m} }

// at checks the parts of a place that are the same for all rows.
func (c *Column[T]) at(ref crypto.Ref) error {
	table, column := c.m.logical()
	tenant := c.m.spec.Table.Tenant.Value
	if ref.Table != table || ref.Column != column || tenant != "" && ref.Tenant != tenant {
		return refuse(ErrUse, "the place is not one of the column")
	}
	return nil
}

// Cells returns what the phase says is to be written: the plaintext, both, or
// the sealed value. A text that is longer than a varchar(n) is [ErrValue]:
// PostgreSQL would cut spaces off, of one of the two.
func (v Value[T]) Cells(g Gate) (Cells, error) {
	if v.m == nil || g.m != v.m || !g.writing {
		return Cells{}, failed("write", ErrUse)
	}
	if g.most >= 0 && v.text != nil && utf8.RuneCountInString(*v.text) > g.most {
		return Cells{}, failed("write", refuse(ErrValue, "longer than the column"))
	}
	var c Cells
	if g.phase.writesPlain() {
		c.add(v.m.plain, g.kind, v.plain())
	}
	if g.phase.writesSealed() {
		c.add(v.m.sealed, "", v.sealed)
	}
	return c, nil
}

func (v Value[T]) plain() any {
	if v.text == nil {
		return nil
	}
	return *v.text
}

// Cells are columns and their values, for an INSERT or UPDATE. They may hold
// plaintext and never print. The zero Cells are none.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Cells struct {
	columns, kinds []string
	values         []any
}

func (c *Cells) add(column, kind string, v any) {
	c.columns, c.kinds, c.values = append(c.columns, column), append(c.kinds, kind), append(c.values, v)
}

// Format writes a redaction under every verb.
func (Cells) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[cells]") }

// Columns returns the names for an INSERT, quoted, with commas.
func (c Cells) Columns() string { return strings.Join(c.columns, ", ") }

// Args returns the values for the statement, after the given ones.
func (c Cells) Args(before ...any) []any { return append(before, c.values...) }

// Placeholders returns those of the values, from $first, with commas.
func (c Cells) Placeholders(first int) string {
	out := make([]string, len(c.columns))
	for i := range c.columns {
		out[i] = c.placeholder(first, i)
	}
	return strings.Join(out, ", ")
}

// Set returns the assignments of an UPDATE, placeholders from $first.
func (c Cells) Set(first int) string {
	out := make([]string, len(c.columns))
	for i, column := range c.columns {
		out[i] = column + " = " + c.placeholder(first, i)
	}
	return strings.Join(out, ", ")
}

func (c Cells) placeholder(first, i int) string {
	arg := fmt.Sprintf("$%d", first+i)
	if c.kinds[i] == "" { // the sealed column
		return arg
	}
	return fromText(arg, c.kinds[i])
}
