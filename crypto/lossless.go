package crypto

import (
	"reflect"
	"time"
)

// lossless reports whether b, which JSON gave back, is what a was. A type may
// encode itself as something else on purpose, for instance as a redaction, and
// sealing that would lose the value for good. Left out of the comparison is
// what encoding/json leaves out: unexported fields and those tagged "-". Empty
// and nil slices and maps count as the same.
func lossless(a, b reflect.Value) bool {
	if a.IsValid() != b.IsValid() || a.IsValid() && a.Type() != b.Type() {
		return false
	}
	switch a.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Interface, reflect.Pointer:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return lossless(a.Elem(), b.Elem())
	case reflect.Struct:
		return losslessStruct(a, b)
	case reflect.Slice, reflect.Array:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !lossless(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	case reflect.Map:
		if a.Len() != b.Len() {
			return false
		}
		for _, key := range a.MapKeys() {
			if other := b.MapIndex(key); !other.IsValid() || !lossless(a.MapIndex(key), other) {
				return false
			}
		}
		return true
	case reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return false
	}
	return a.Equal(b)
}

func losslessStruct(a, b reflect.Value) bool {
	if a.Type() == reflect.TypeFor[time.Time]() && a.CanInterface() {
		return a.Interface().(time.Time).Equal(b.Interface().(time.Time))
	}
	exported := false
	for _, f := range reflect.VisibleFields(a.Type()) {
		if len(f.Index) != 1 || !f.IsExported() && !f.Anonymous {
			continue
		}
		exported = true
		if f.Tag.Get("json") == "-" || !f.IsExported() && f.Type.Kind() != reflect.Struct {
			continue
		}
		if !lossless(a.FieldByIndex(f.Index), b.FieldByIndex(f.Index)) {
			return false
		}
	}
	if exported || a.NumField() == 0 {
		return true
	}
	// A type that keeps its state to itself, such as netip.Addr.
	return a.CanInterface() && reflect.DeepEqual(a.Interface(), b.Interface())
}
