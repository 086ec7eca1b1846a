package deid

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// year returns the year of a field that holds a date, and 0 if it cannot
// tell: a time.Time, a string in the forms of yearOf, or an integer that is a
// year. A count of seconds is no year.
func year(v reflect.Value) int {
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
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

// bornLongAgo reports whether a birthdate in the struct tells an age over 89.
func (c *copier) bornLongAgo(v reflect.Value, typ *phitag.Type) bool {
	for _, f := range typ.Fields {
		field := v.Field(f.Index)
		if f.Tag.Kind == phitag.Birthdate && c.clock.reveals(birthOr(year(field))) {
			return true
		}
		if f.Embedded && f.Nested() && field.Kind() == reflect.Struct && c.bornLongAgo(field, f.Elem) {
			return true
		}
	}
	return false
}

// birthOr returns the year, or for none a year that reveals nothing.
func birthOr(y int) int {
	if y == 0 {
		return 1 << 20
	}
	return y
}

// date keeps the year of a date.
func (c *copier) date(v reflect.Value, k phitag.Kind) reflect.Value {
	if v.Kind() == reflect.Slice || v.Kind() == reflect.Array {
		return c.dates(v, k)
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

func (c *copier) dates(v reflect.Value, k phitag.Kind) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	if v.Kind() == reflect.Slice {
		if v.IsNil() {
			return out
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
	}
	for i := range v.Len() {
		out.Index(i).Set(c.leaf(v.Index(i), k))
	}
	return out
}

// age aggregates an age over 89. A text must be a number and nothing else.
func (c *copier) age(v reflect.Value) reflect.Value {
	n, ok := ageOf(v)
	switch {
	case !ok || !(n >= 0 && n <= 200): // NaN too
		return c.zero(v, phitag.Age, Removed)
	case n > maxAge:
		c.count(phitag.Age, Aggregated)
		return setAge(v.Type())
	case c.aged:
		return c.zero(v, phitag.Age, Removed)
	}
	return v
}

func ageOf(v reflect.Value) (float64, bool) {
	switch {
	case v.CanInt():
		return float64(v.Int()), true
	case v.CanUint():
		return float64(v.Uint()), true
	case v.CanFloat():
		return v.Float(), true
	case v.Kind() == reflect.String:
		n, err := strconv.ParseFloat(strings.TrimSpace(v.String()), 64)
		return n, err == nil
	}
	return 0, false
}

func setAge(t reflect.Type) reflect.Value {
	out := reflect.New(t).Elem()
	switch {
	case out.CanInt():
		out.SetInt(aggregated)
	case out.CanUint():
		out.SetUint(aggregated)
	case out.CanFloat():
		out.SetFloat(aggregated)
	default:
		out.SetString(digitsOf(aggregated))
	}
	return out
}
