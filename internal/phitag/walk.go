package phitag

import (
	"iter"
	"reflect"
)

// All yields every field below t with its path, such as "Visits[].At" or
// "Contacts[].Name": "[]" stands for the elements of a slice, array or map.
// It descends where [Field.Nested] says so. A type that leads back to itself
// is entered once in all, because the paths through such types have no end;
// any other is entered at each place where it stands.
func (t *Type) All() iter.Seq2[string, Field] {
	return func(yield func(string, Field) bool) {
		w := walker{yield: yield, entered: map[*Type]bool{}}
		w.walk(t, "")
	}
}

// walker is one walk over the fields below a type.
type walker struct {
	yield   func(string, Field) bool
	entered map[*Type]bool // types that lead back to themselves
}

// walk returns false when the caller has had enough.
func (w *walker) walk(t *Type, path string) bool {
	if w.entered[t] {
		return true
	}
	if t.leadsTo(t, map[*Type]bool{}) {
		w.entered[t] = true
	}
	for _, f := range t.Fields {
		at := path + f.Name
		if !w.yield(at, f) {
			return false
		}
		if f.Nested() && !w.walk(f.Elem, at+brackets(f.Go)+".") {
			return false
		}
	}
	return true
}

// leadsTo reports whether a walk below t comes to goal.
func (t *Type) leadsTo(goal *Type, seen map[*Type]bool) bool {
	for _, f := range t.Fields {
		if !f.Nested() || seen[f.Elem] {
			continue
		}
		seen[f.Elem] = true
		if f.Elem == goal || f.Elem.leadsTo(goal, seen) {
			return true
		}
	}
	return false
}

// brackets returns "[]" once for each slice, array or map around a struct.
func brackets(t reflect.Type) string {
	s := ""
	for {
		switch t.Kind() {
		case reflect.Pointer:
		case reflect.Slice, reflect.Array, reflect.Map:
			s += "[]"
		default:
			return s
		}
		t = t.Elem()
	}
}
