package deid

import (
	"reflect"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// plain copies a value without sharing memory. An interface could hold
// anything, so what is in it does not stay.
func (c *copier) plain(v reflect.Value, depth int) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	if !c.within(depth) {
		return out
	}
	if t, ok := v.Interface().(time.Time); ok {
		out.Set(reflect.ValueOf(t))
		return out
	}
	switch v.Kind() {
	case reflect.Interface, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return c.zero(v, phitag.Unmarked, Unmapped)
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(c.plain(v.Elem(), depth+1))
		}
	case reflect.Slice:
		if !v.IsNil() {
			out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		}
		c.plainElements(out, v, depth)
	case reflect.Array:
		c.plainElements(out, v, depth)
	case reflect.Map:
		c.plainMap(out, v, depth)
	case reflect.Struct:
		c.plainStruct(out, v, depth)
	default:
		out.Set(v)
	}
	return out
}

// plainElements copies the elements of a slice or array, numbers all at once.
func (c *copier) plainElements(out, v reflect.Value, depth int) {
	if k := v.Type().Elem().Kind(); k >= reflect.Bool && k <= reflect.Complex128 {
		reflect.Copy(out, v)
		return
	}
	for i := 0; i < v.Len() && c.err == nil; i++ {
		out.Index(i).Set(c.plain(v.Index(i), depth+1))
	}
}

func (c *copier) plainMap(out, v reflect.Value, depth int) {
	if v.IsNil() {
		return
	}
	out.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
	for it := v.MapRange(); it.Next(); {
		out.SetMapIndex(c.plain(it.Key(), depth+1), c.plain(it.Value(), depth+1))
	}
}

func (c *copier) plainStruct(out, v reflect.Value, depth int) {
	if _, ok := v.Interface().(safeguard.Patient); ok {
		return // a patient is an identifier, whatever the tag says
	}
	for i := range v.NumField() {
		if out.Field(i).CanSet() {
			out.Field(i).Set(c.plain(v.Field(i), depth+1))
		} else {
			c.zero(v.Field(i), phitag.Unmarked, Unmapped)
		}
	}
}
