package deid

import (
	"reflect"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// year returns the year of a field that holds a date, and 0 if it cannot
// tell: a time.Time, a string in the forms of yearOf, or an integer that is a
// year. A count of seconds is no year.
func year(v reflect.Value) int {
	if v.CanInterface() {
		if t, ok := v.Interface().(time.Time); ok && !t.IsZero() {
			return t.Year()
		}
	}
	switch {
	case v.Kind() == reflect.String:
		return yearOf(strings.TrimSpace(v.String()))
	case v.CanInt() && v.Int() >= 1800 && v.Int() < 2200:
		return int(v.Int())
	case v.CanUint() && v.Uint() >= 1800 && v.Uint() < 2200:
		return int(v.Uint())
	}
	return 0
}

// date keeps the year of a date.
func (c *copier) date(v reflect.Value, k phitag.Kind, depth int) reflect.Value {
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Array {
		return c.dates(v, k, depth)
	}
	y := year(v)
	switch {
	case y == 0:
		return c.zero(v, k, Removed)
	case c.clock.reveals(y):
		return c.zero(v, k, OldYear)
	case !c.clock.keeps(y):
		return c.zero(v, k, Removed)
	}
	out := reflect.New(v.Type()).Elem()
	switch {
	case v.Type() == reflect.TypeFor[time.Time]():
		out.Set(reflect.ValueOf(time.Date(y, 1, 1, 0, 0, 0, 0, time.UTC)))
	case v.Kind() == reflect.String:
		out.SetString(digitsOf(y))
	case v.CanInt():
		out.SetInt(int64(y))
	case v.CanUint():
		out.SetUint(uint64(y))
	default:
		return c.zero(v, k, Removed)
	}
	c.count(k, Year)
	return out
}

func (c *copier) dates(v reflect.Value, k phitag.Kind, depth int) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	if v.Kind() == reflect.Slice {
		if v.IsNil() {
			return out
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
	}
	for i := 0; i < v.Len() && c.err == nil; i++ {
		out.Index(i).Set(c.leaf(v.Index(i), k, depth+1))
	}
	return out
}
