package crypto

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
)

// ErrSchema reports a row whose stored fields do not fit the Go type that is to
// take them, or the other way round. What is returned unwraps to it and names
// the field, never what is in it.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
var ErrSchema = errors.New("crypto: row: stored fields do not fit the type")

// A Mask says which fields of a row may be opened, by the names that [Rows]
// gives them. An access decision is one. Permits is asked for every field that
// a group holds, and must be quick and safe for concurrent use.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type Mask interface {
	Permits(field string) bool
}

// Fields is the Mask of a fixed list of fields. A nil one permits nothing.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type Fields []string

// Permits reports whether field is in the list.
func (f Fields) Permits(field string) bool { return slices.Contains(f, field) }

// UnsafeAllFields is the Mask that permits every field, also those added to
// the type later. It is for jobs that serve no caller, such as a migration.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
type UnsafeAllFields struct{}

// Permits returns true.
func (UnsafeAllFields) Permits(string) bool { return true }

// RowOptions say how the fields of a type have changed since rows of it were
// sealed. The zero value, and nil, say that none was renamed or removed.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type RowOptions struct {
	// Renamed gives for a stored name the present one. Values are kept.
	Renamed map[string]string
	// Removed are stored names that the type no longer has. Their values are
	// opened with their group, given to nobody, and gone once the group is
	// sealed again.
	Removed []string
}

// Rows seals values of the struct type S in groups and opens as many of the
// groups as a [Mask] permits. It is safe for concurrent use, never prints, and
// should be made once for a type. The zero Rows returns errors.
//
// The `phi` tags of S say what is sealed: a field with a kind is, in the group
// that group= names or in the default group, whose name is ""; a field tagged
// "-" is left alone. The kinds are those of 164.514(b)(2)(i): name, geo,
// street, city, county, zip, state, date, birthdate, admission, discharge,
// death, age, phone, fax, email, ssn, mrn, healthplan, account, license,
// vehicle, device, url, ip, biometric, photo and other; and text, which may
// hold any of them, and clinical, which identifies nobody by itself. Every field needs a tag, so that one added later is
// decided on. Of an embedded or nested struct without a tag the fields count
// as fields of S; a pointer, slice or map that leads to tagged fields needs a
// tag of its own and is then one field. Unexported fields are refused, being
// out of reach.
//
// A field is named as encoding/json names it, else as Go does; below a nested
// struct with its path, "home.zip". A name is part of what is stored. Fields
// may change places, groups, and between int and int64, string and a named
// string, T and *T. One that is added is reported as absent from older rows.
// One that is renamed or removed must be named in [RowOptions]: a row with a
// field that S does not have is [ErrSchema], because sealing what was opened
// would lose it.
//
// Strings, byte slices, integers, floats, bools, [time.Time] (to the
// nanosecond, with its offset) and pointers to them keep their own form,
// whatever methods their type has; other types are sealed as encoding/json
// writes them, if it gives them back the same. A nil pointer or byte slice is
// not an empty value and comes back nil.
//
// Groups are sealed apart, each with a nonce of its own, under the place of
// the row and the group's name. Nothing binds the groups of a row to one
// another or to a moment: who can write to the database can put back an older
// group of the same row, unless the application has a version in [Ref.Row].
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
type Rows[S any] struct {
	rows *rows
}

// rows is Rows without the type.
type rows struct {
	*rowType
	sealer  *Sealer
	buffers sync.Pool // of *[]byte, for plaintext
}

// NewRows returns the Rows of the struct type S. It refuses a type without a
// sealed field, with a field that has no tag, with two fields of one name, with
// more than 256 fields, and one that a `phi` tag does not describe rightly.
// Nil opts are the defaults.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.502(b)(1); NIST CSF 2.0 PR.DS-01.
func NewRows[S any](s *Sealer, opts *RowOptions) (*Rows[S], error) {
	if s == nil {
		return nil, errors.New("crypto: rows: no Sealer")
	}
	var o RowOptions
	if opts != nil {
		o = *opts
	}
	t, err := newRowType(reflect.TypeFor[S](), o)
	if err != nil {
		return nil, err
	}
	r := &rows{sealer: s, rowType: t}
	r.buffers.New = func() any { b := make([]byte, 0, 1<<10); return &b }
	return &Rows[S]{r}, nil
}

// Format writes a redaction under every verb.
func (r *Rows[S]) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[rows]") }

var errNoRow = errors.New("crypto: row: there is no struct, or the Rows is not of NewRows")

// target returns what v points to.
func (r *Rows[S]) target(v *S) (reflect.Value, error) {
	if r.rows == nil || v == nil {
		return reflect.Value{}, errNoRow
	}
	return reflect.ValueOf(v).Elem(), nil
}

// Groups returns the names of the groups, sorted; the default group is "".
func (r *Rows[S]) Groups() []string {
	if r.rows == nil {
		return nil
	}
	names := make([]string, len(r.rows.groups))
	for i, g := range r.rows.groups {
		names[i] = g.name
	}
	return names
}

// release clears a buffer that held plaintext and puts it back.
func (r *rows) release(buf *[]byte) {
	b := (*buf)[:cap(*buf)]
	clear(b)
	if len(b) <= maxPooled {
		*buf = b[:0]
		r.buffers.Put(buf)
	}
}

// maxPooled bounds the plaintext buffers that wait for their next use.
const maxPooled = 64 << 10

func schemaError(field, what string) error {
	return fmt.Errorf("%w: %q %s", ErrSchema, field, what)
}
