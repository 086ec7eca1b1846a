package crypto

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// maxRowFields bounds the sealed fields of a type; a rowSet holds as many.
const maxRowFields = 256

// A rowType is what is known of a struct type. It is immutable.
type rowType struct {
	fields  []rowField // by group, then by name
	groups  []rowGroup // by name
	byName  map[string]int
	renamed map[string]string
	removed map[string]bool
}

// A rowField is one sealed field.
type rowField struct {
	name  string
	group string
	index []int        // for reflect.Value.FieldByIndex
	typ   reflect.Type // without the pointer
	code  byte
	ptr   bool
	// A string is read at its offset: reflection takes longer than encryption.
	text   bool
	offset uintptr
}

// A rowGroup is the fields that are sealed together.
type rowGroup struct {
	name        string
	first, last int    // fields[first:last]
	plan        []int  // the same, as the plan of a stored group
	schema      []byte // what is stored about the fields
}

func newRowType(t reflect.Type, o RowOptions) (*rowType, error) {
	if t.Kind() != reflect.Struct {
		return nil, errors.New("crypto: rows: not a struct type")
	}
	var tags phitag.Cache
	declared, err := tags.Of(t)
	if err != nil {
		return nil, fmt.Errorf("crypto: rows: %w", err)
	}
	rt := &rowType{byName: map[string]int{}, renamed: map[string]string{}, removed: map[string]bool{}}
	if err := rt.collect(declared, "", nil, 0); err != nil {
		return nil, err
	}
	if len(rt.fields) == 0 || len(rt.fields) > maxRowFields {
		return nil, fmt.Errorf("crypto: rows: %d sealed fields; must be 1 to %d", len(rt.fields), maxRowFields)
	}
	slices.SortFunc(rt.fields, func(a, b rowField) int {
		return cmp.Or(strings.Compare(a.group, b.group), strings.Compare(a.name, b.name))
	})
	if err := rt.settle(); err != nil {
		return nil, err
	}
	return rt, rt.changed(o)
}

// collect adds the fields of a struct, below path.
func (rt *rowType) collect(t *phitag.Type, path string, index []int, offset uintptr) error {
	for _, f := range t.Fields {
		at := slices.Concat(index, []int{f.Index})
		sf := t.Go.Field(f.Index)
		name := path + jsonName(sf)
		switch {
		case f.Name == "_" || f.Tag.Kind == phitag.NotPHI:
		case !f.Exported:
			return rowFault(name, "is unexported; keep it out of the struct")
		case f.Tag.Kind != phitag.Unmarked:
			if err := rt.add(f, name, at, offset+sf.Offset); err != nil {
				return err
			}
		case !f.Nested():
			return rowFault(name, `has no phi tag; phi:"-" leaves it alone`)
		case f.Go.Kind() != reflect.Struct:
			return rowFault(name, "leads to tagged fields and needs a tag of its own")
		default:
			below := name + "."
			if f.Embedded && name == path+f.Name {
				below = path
			}
			if err := rt.collect(f.Elem, below, at, offset+sf.Offset); err != nil {
				return err
			}
		}
	}
	return nil
}

func (rt *rowType) add(f phitag.Field, name string, index []int, offset uintptr) error {
	field := rowField{name: name, group: f.Tag.Group, index: index, typ: f.Go, offset: offset}
	field.text = f.Go.Kind() == reflect.String
	field.code = codeOf(field.typ)
	if f.Go.Kind() == reflect.Pointer {
		if elem := f.Go.Elem(); codeOf(elem) != codeJSON && elem.Kind() != reflect.Slice {
			field.typ, field.code, field.ptr = elem, codeOf(elem), true
		}
	}
	if field.code == 0 {
		return rowFault(name, "is of a type that cannot be sealed")
	}
	if len(name) > 255 {
		return rowFault(name[:64], "has a name longer than 255 bytes")
	}
	rt.fields = append(rt.fields, field)
	return nil
}

// settle finds the groups, once the fields are sorted.
func (rt *rowType) settle() error {
	for i := range rt.fields {
		f := &rt.fields[i]
		if _, taken := rt.byName[f.name]; taken {
			return rowFault(f.name, "is the name of two fields")
		}
		rt.byName[f.name] = i
		if i == 0 || rt.groups[len(rt.groups)-1].name != f.group {
			rt.groups = append(rt.groups, rowGroup{name: f.group, first: i})
		}
		g := &rt.groups[len(rt.groups)-1]
		g.last, g.plan = i+1, append(g.plan, i)
		g.schema = append(g.schema, f.code, byte(len(f.name)))
		g.schema = append(g.schema, f.name...)
	}
	for _, g := range rt.groups {
		if len(g.schema) > maxSchema {
			return fmt.Errorf("crypto: rows: names of group %q are too long", g.name)
		}
	}
	return nil
}

// maxSchema fits the two-byte length of an associated part.
const maxSchema = 1<<16 - 1

// changed takes over what RowOptions say.
func (rt *rowType) changed(o RowOptions) error {
	for stored, name := range o.Renamed {
		if _, ok := rt.byName[name]; !ok {
			return rowFault(name, "is no field, but another is renamed to it")
		}
		if _, ok := rt.byName[stored]; ok {
			return rowFault(stored, "is a field and renamed at once")
		}
		rt.renamed[stored] = name
	}
	for _, stored := range o.Removed {
		_, present := rt.byName[stored]
		if _, renamed := rt.renamed[stored]; present || renamed {
			return rowFault(stored, "is removed, and a field or renamed at once")
		}
		rt.removed[stored] = true
	}
	return nil
}

// groupAt returns the place of a group, or -1.
func (rt *rowType) groupAt(name string) int {
	return slices.IndexFunc(rt.groups, func(g rowGroup) bool { return g.name == name })
}

// gone stands in a plan for a stored field that the type no longer has.
const gone = -1

// plan returns which field each value of a stored group is for.
func (rt *rowType) plan(item rowItem) ([]int, error) {
	if i := rt.groupAt(string(item.name)); i >= 0 && bytes.Equal(rt.groups[i].schema, item.schema) {
		return rt.groups[i].plan, nil
	}
	var plan []int
	for rest := item.schema; len(rest) > 0; {
		var code byte
		var name string
		code, name, rest = cutField(rest)
		i, err := rt.stored(code, name)
		if err != nil {
			return nil, err
		}
		plan = append(plan, i)
	}
	return plan, nil
}

func (rt *rowType) stored(code byte, name string) (int, error) {
	if rt.removed[name] {
		return gone, nil
	}
	if to, ok := rt.renamed[name]; ok {
		name = to
	}
	i, ok := rt.byName[name]
	if !ok {
		return 0, schemaError(name, "is stored but no field of the type")
	}
	if rt.fields[i].code != code {
		return 0, schemaError(name, "is stored as another type")
	}
	return i, nil
}

// cutField takes the first field off a well-formed schema.
func cutField(schema []byte) (code byte, name string, rest []byte) {
	n := 2 + int(schema[1])
	return schema[0], string(schema[2:n]), schema[n:]
}

// wellFormedSchema accepts one or more fields: code (1) | n (1) | name (n).
func wellFormedSchema(b []byte) bool {
	if len(b) == 0 {
		return false
	}
	for len(b) > 0 {
		if len(b) < 2 || b[1] == 0 || len(b) < 2+int(b[1]) || !isCode(b[0]) {
			return false
		}
		b = b[2+int(b[1]):]
	}
	return true
}

// jsonName returns the name that encoding/json gives a field, or that of Go.
func jsonName(f reflect.StructField) string {
	tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if tag == "" || tag == "-" {
		return f.Name
	}
	return tag
}

func rowFault(field, what string) error {
	return fmt.Errorf("crypto: rows: %q %s", field, what)
}

// A rowSet is a set of fields of a rowType.
type rowSet [maxRowFields / 64]uint64

// add reports whether i was not in the set before.
func (s *rowSet) add(i int) bool {
	word, bit := &s[i/64], uint64(1)<<(i%64)
	fresh := *word&bit == 0
	*word |= bit
	return fresh
}

func (s *rowSet) has(i int) bool { return s[i/64]&(1<<(i%64)) != 0 }

func appendLength(dst []byte, n int) []byte {
	return binary.AppendUvarint(extend(dst, binary.MaxVarintLen64+n), uint64(n)+1)
}
