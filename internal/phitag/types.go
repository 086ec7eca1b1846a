package phitag

import (
	"reflect"
	"strconv"
	"sync"
)

// A Type is what the tags of a struct type say. It is immutable and safe for
// concurrent use.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.502(b)(1).
type Type struct {
	// Go is the struct type.
	Go reflect.Type
	// Bearing: the struct or one that it leads to has a tag other than "-",
	// so that its unmarked fields count as PHI.
	Bearing bool
	// Fields are the fields of the struct in order, embedded and unexported
	// ones too.
	Fields []Field
}

// A Field is one field of a struct.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.502(b)(1).
type Field struct {
	// Name is its name in Go.
	Name string
	// Index is its place in the struct, for reflect.Value.Field.
	Index int
	// Go is its type.
	Go reflect.Type
	// Tag is the parsed tag; its Kind is Unmarked if there is none.
	Tag Tag
	// Exported: reflection can set it, or, for an embedded struct of an
	// unexported type, the exported fields in it.
	Exported bool
	// Embedded: it is an embedded field.
	Embedded bool
	// Elem is the struct that the field is, or leads to through pointers,
	// slices, arrays and maps; nil if there is none, or if the field has a tag
	// of its own, which then speaks for everything below it.
	Elem *Type
}

// PHI reports whether the field counts as PHI itself: it has a tag other than
// "-", or it has none and owner bears PHI and there is no struct below it
// that tells its own fields apart.
func (f Field) PHI(owner *Type) bool {
	if f.Tag.Kind != Unmarked {
		return f.Tag.Kind != NotPHI
	}
	return owner.Bearing && !f.Nested()
}

// Nested reports whether the fields below f speak for themselves: f has no
// tag and leads to a struct that bears PHI.
func (f Field) Nested() bool { return f.Elem != nil && f.Elem.Bearing }

// A Cache remembers the types that it has read. The zero value is ready. It
// is safe for concurrent use and grows with the number of types only.
//
// Controls: none, it saves work.
type Cache struct {
	known sync.Map // reflect.Type to *Type
}

// Of returns what the tags of a type say, for a struct or what leads to one
// through pointers, slices, arrays and maps. Key types of maps are not looked
// into. It returns nil for a type that leads to no struct, and an *[Error]
// for a declaration that does not hold: a tag that [Parse] refuses or that is
// not written as package reflect wants it, a tag on an unexported field, two
// phi tags on one field, and "-" or clinical on a field below which a struct
// declares PHI of its own.
//
// Controls: HIPAA 164.514(b)(2)(i), 164.502(b)(1).
func (c *Cache) Of(t reflect.Type) (*Type, error) {
	if t == nil {
		return nil, nil
	}
	if t = structBelow(t); t == nil {
		return nil, nil
	}
	if known, ok := c.known.Load(t); ok {
		return known.(*Type), nil
	}
	r := reader{seen: map[reflect.Type]*Type{}}
	out, err := r.read(t)
	if err != nil {
		return nil, err
	}
	if err := r.settle(); err != nil {
		return nil, err
	}
	for _, typ := range r.order {
		c.known.LoadOrStore(typ.Go, typ)
	}
	return out, nil
}

// structBelow returns the struct type that t is or leads to, or nil.
func structBelow(t reflect.Type) reflect.Type {
	for depth := 0; depth < 32; depth++ {
		switch t.Kind() {
		case reflect.Struct:
			return t
		case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
			t = t.Elem()
		default:
			return nil
		}
	}
	return nil // a type such as "type T []T"
}

// reader reads one type and all that it leads to.
type reader struct {
	seen  map[reflect.Type]*Type
	order []*Type
}

func (r *reader) read(t reflect.Type) (*Type, error) {
	if typ, ok := r.seen[t]; ok {
		return typ, nil
	}
	typ := &Type{Go: t, Fields: make([]Field, 0, t.NumField())}
	r.seen[t] = typ
	r.order = append(r.order, typ)
	for i := range t.NumField() {
		f, err := r.field(t, t.Field(i), i)
		if err != nil {
			return nil, err
		}
		typ.Fields = append(typ.Fields, f)
	}
	return typ, nil
}

func (r *reader) field(owner reflect.Type, sf reflect.StructField, i int) (Field, error) {
	f := Field{Name: sf.Name, Index: i, Go: sf.Type, Embedded: sf.Anonymous}
	f.Exported = sf.IsExported() || sf.Anonymous && sf.Type.Kind() == reflect.Struct
	text, ok, reason := lookup(string(sf.Tag))
	if reason != "" {
		return f, fault(owner, sf.Name, reason)
	}
	if ok {
		tag, err := Parse(text)
		if err != nil {
			return f, fault(owner, sf.Name, err.(*Error).Reason)
		}
		if !sf.IsExported() {
			return f, fault(owner, sf.Name, "tag on an unexported field")
		}
		f.Tag = tag
	}
	below := structBelow(sf.Type)
	if below == nil || !f.Exported {
		return f, nil
	}
	elem, err := r.read(below)
	f.Elem = elem
	return f, err
}

func fault(t reflect.Type, field, reason string) *Error {
	name := t.String()
	if t.Name() == "" {
		name = "struct" // a type literal would print the tags of its fields
	}
	return &Error{Type: name, Field: field, Reason: reason}
}

// settle finds which types bear PHI, refuses tags that contradict what is
// below them, and lets the other tags speak for what is below them.
func (r *reader) settle() error {
	for _, t := range r.order {
		for _, f := range t.Fields {
			k := f.Tag.Kind
			t.Bearing = t.Bearing || k != Unmarked && k != NotPHI
		}
	}
	for changed := true; changed; {
		changed = false
		for _, t := range r.order {
			if !t.Bearing && leadsToPHI(t) {
				t.Bearing, changed = true, true
			}
		}
	}
	for _, t := range r.order {
		for i := range t.Fields {
			if err := t.Fields[i].settle(t); err != nil {
				return err
			}
		}
	}
	return nil
}

func leadsToPHI(t *Type) bool {
	for _, f := range t.Fields {
		if f.Tag.Kind == Unmarked && f.Nested() {
			return true
		}
	}
	return false
}

func (f *Field) settle(owner *Type) error {
	k := f.Tag.Kind
	if k == Unmarked {
		return nil
	}
	if f.Nested() && (k == NotPHI || k == Clinical) {
		return fault(owner.Go, f.Name, strconv.Quote(k.String())+" on a type that declares PHI of its own")
	}
	f.Elem = nil
	return nil
}
