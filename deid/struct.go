package deid

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// Struct returns a copy of in, a struct or a pointer, slice, array or map of
// structs, in which the fields are treated as their phi tags say. The copy
// shares no memory with in.
//
//   - identifiers, free text and unmarked fields become zero;
//   - mrn and other become random codes if they are strings or
//     [safeguard.Patient] and [Options] has Codes;
//   - dates keep the year: a time.Time becomes January 1 of it, midnight UTC,
//     a string its four digits, an integer must be a year; a year that tells
//     an age over 89 becomes zero;
//   - ages over 89 become 90; lower ones of somebody over 89 become zero, by
//     the birth date of the struct or of the nearest around it that has one,
//     else by any of the record, which is the struct that no other is around;
//     a birth date that is missing or cannot be read may be that of somebody
//     over 89; in a record without one an age must not come to more than 89 by
//     now, had it been stated in the oldest year of the record;
//   - an age that is a string has at most three digits and two decimals;
//   - zip becomes three digits or "000", state stays if it is one;
//   - clinical and "-" stay; a struct below that has tags speaks for itself;
//     interfaces, functions and channels become nil;
//   - string keys of a map of such structs become random codes; a map of them
//     with other keys becomes nil. Unexported fields become zero.
//
// The tags are declarations and are believed: a name in a field that says
// "clinical" stays. It returns [ErrUnsupported] for a type without a phi tag
// and for values nested deeper than 64 or of more than 4,194,304 parts, a
// slice of numbers counting as one; an error that names type and field for
// tags that do not hold; and the error of ctx, which is asked once a struct. On an error it returns the zero value. It is safe for concurrent
// use as long as nobody changes in meanwhile.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.514(c), 164.502(d).
func Struct[T any](ctx context.Context, e *Engine, in T) (T, *Report, error) {
	var zero T
	v := reflect.ValueOf(&in).Elem()
	out, report, err := e.value(ctx, v)
	if err != nil {
		return zero, nil, err
	}
	return out.Interface().(T), report, nil
}

// value transforms v, which Struct keeps typed.
func (e *Engine) value(ctx context.Context, v reflect.Value) (reflect.Value, *Report, error) {
	if e.types == nil {
		return v, nil, ErrUnsupported
	}
	typ, err := e.types.Of(v.Type())
	if err != nil {
		return v, nil, fmt.Errorf("deid: struct: %w", err)
	}
	if typ == nil || !typ.Bearing {
		return v, nil, ErrUnsupported
	}
	c := &copier{e: e, ctx: ctx, codes: e.codes(), clock: newClock(e.opts.AsOf), tally: tally{}}
	if c.path = append(c.path, typ.Go.Name()...); len(c.path) == 0 {
		c.path = append(c.path, "struct"...)
	}
	out := c.nested(v, typ, 0)
	if c.err != nil {
		return v, nil, c.err
	}
	audit.EntryFrom(ctx).NoteFields("deid:" + e.fingerprint)
	return out, &Report{
		Policy: e.fingerprint, ZipTable: zipTable, ReferenceYear: c.clock.year,
		Resources: c.structs, Counts: c.tally.counts(),
	}, nil
}

// copier is one call of Struct.
type copier struct {
	e       *Engine
	ctx     context.Context
	codes   *Codes
	clock   clock
	tally   tally
	path    []byte
	record  *record
	life    life // of whom the nearest struct with a birth date is about
	structs int
	values  int
	err     error
}

func (c *copier) count(k phitag.Kind, a Action) {
	n := Count{Paragraph: k.Paragraph(), Action: a, Path: string(c.path)}
	if k != phitag.Unmarked {
		n.Kind = k.String()
	}
	c.tally[n]++
}

// zero counts a removal, unless there was nothing, and returns the zero value.
func (c *copier) zero(v reflect.Value, k phitag.Kind, a Action) reflect.Value {
	if !v.IsZero() {
		c.count(k, a)
	}
	return reflect.Zero(v.Type())
}

// nested copies what leads to structs of a type that bears PHI.
func (c *copier) nested(v reflect.Value, typ *phitag.Type, depth int) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	if !c.within(depth) {
		return out
	}
	switch v.Kind() {
	case reflect.Struct:
		c.fields(out, v, typ, depth)
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(c.nested(v.Elem(), typ, depth+1))
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		}
		c.elements(out, v, typ, depth)
	case reflect.Array:
		c.elements(out, v, typ, depth)
	case reflect.Map:
		c.mapped(out, v, typ, depth)
	}
	return out
}

// within reports whether the copy may go on: a value that refers to itself has
// no end, and with two references doubles at each step.
func (c *copier) within(depth int) bool {
	if c.values++; c.err == nil && (depth > maxDepth || c.values > maxNodes) {
		c.err = fmt.Errorf("deid: struct: too deep or too large: %w", ErrUnsupported)
	}
	return c.err == nil
}

func (c *copier) elements(out, v reflect.Value, typ *phitag.Type, depth int) {
	for i := range v.Len() {
		out.Index(i).Set(c.nested(v.Index(i), typ, depth+1))
	}
}

// mapped copies a map of structs. Its keys have no tag, so they count as PHI.
func (c *copier) mapped(out, v reflect.Value, typ *phitag.Type, depth int) {
	if v.IsNil() {
		return
	}
	if v.Type().Key().Kind() != reflect.String {
		c.count(phitag.Unmarked, Unmapped)
		return
	}
	out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
	for it := v.MapRange(); it.Next(); {
		code := c.code(it.Key().String())
		if c.err != nil {
			return
		}
		c.count(phitag.Other, Coded)
		key := reflect.New(v.Type().Key()).Elem()
		key.SetString(code)
		out.SetMapIndex(key, c.nested(it.Value(), typ, depth+1))
	}
}

func (c *copier) code(value string) string {
	code, err := c.codes.code(value)
	if err != nil {
		c.err = err
	}
	return code
}

func (c *copier) fields(out, v reflect.Value, typ *phitag.Type, depth int) {
	if err := c.ctx.Err(); err != nil {
		c.err = err
		return
	}
	c.structs++
	if c.record == nil {
		c.record = new(record)
		values := c.values
		c.survey(v, typ, depth)
		c.values = values // the copy is counted, not the look at it
		defer func() { c.record = nil }()
	}
	outer := c.life
	if born := c.born(v, typ, depth); outer != lifeOld && born != lifeUnknown {
		c.life = born
	}
	mark := len(c.path)
	for _, f := range typ.Fields {
		c.path = append(append(c.path[:mark], '.'), f.Name...)
		c.field(out.Field(f.Index), v.Field(f.Index), f, depth)
	}
	c.path = c.path[:mark]
	c.life = outer
}

// field copies one field by its tag.
func (c *copier) field(out, v reflect.Value, f phitag.Field, depth int) {
	if f.Embedded && !out.CanSet() && f.Nested() && v.Kind() == reflect.Struct {
		c.fields(out, v, f.Elem, depth+1) // of an unexported type: fields of it can be set
		return
	}
	if !out.CanSet() {
		c.zero(v, phitag.Unmarked, Unmapped)
		return
	}
	switch k := f.Tag.Kind; {
	case f.Nested():
		out.Set(c.nested(v, f.Elem, depth+1))
	case k == phitag.Clinical || k == phitag.NotPHI:
		out.Set(c.plain(v, depth+1))
	case k == phitag.Unmarked:
		out.Set(c.zero(v, k, Unmapped))
	default:
		out.Set(c.leaf(v, k, depth+1))
	}
}

// leaf treats a value by the kind of its tag, through pointers and, element
// by element, through slices and arrays.
func (c *copier) leaf(v reflect.Value, k phitag.Kind, depth int) reflect.Value {
	if !c.within(depth) {
		return reflect.Zero(v.Type())
	}
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		to := c.leaf(v.Elem(), k, depth+1)
		if to.IsZero() {
			return reflect.Zero(v.Type())
		}
		out := reflect.New(v.Type().Elem())
		out.Elem().Set(to)
		return out
	}
	switch {
	case k.IsDate():
		return c.date(v, k, depth)
	case k == phitag.Age:
		return c.age(v)
	case k == phitag.Zip && v.Kind() == reflect.String:
		return c.zip(v)
	case k == phitag.State && v.Kind() == reflect.String && isState(strings.TrimSpace(v.String())):
		c.count(k, Kept)
		return v
	case k == phitag.MRN || k == phitag.Other:
		return c.identifier(v, k)
	}
	return c.zero(v, k, Removed)
}

// identifier gives a record number its code if the caller keeps the table.
func (c *copier) identifier(v reflect.Value, k phitag.Kind) reflect.Value {
	if c.e.opts.Codes == nil || v.IsZero() {
		return c.zero(v, k, Removed)
	}
	if p, ok := v.Interface().(safeguard.Patient); ok {
		c.count(k, Coded)
		return reflect.ValueOf(safeguard.NewPatient(c.code(p.Reveal())))
	}
	if v.Kind() != reflect.String {
		return c.zero(v, k, Removed)
	}
	c.count(k, Coded)
	out := reflect.New(v.Type()).Elem()
	out.SetString(c.code(v.String()))
	return out
}

func (c *copier) zip(v reflect.Value) reflect.Value {
	z := zip3(strings.TrimSpace(v.String()))
	switch z {
	case "":
		return c.zero(v, phitag.Zip, Removed)
	case "000":
		c.count(phitag.Zip, Zip000)
	default:
		c.count(phitag.Zip, Zip3)
	}
	out := reflect.New(v.Type()).Elem()
	out.SetString(z)
	return out
}
