package deid

import (
	"reflect"
	"strconv"
	"strings"

	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// record is what a first pass finds out about one record: a struct that no
// other struct is around, and everything below it.
type record struct {
	births bool // a birth date is declared somewhere
	old    bool // of somebody over 89, or of an age that cannot be told
	oldest int  // the oldest year that stays, of anything but a birth; 0 for none
}

// life returns what the record says of somebody without a birth date beside.
func (r *record) life() life {
	if !r.births {
		return lifeUnknown
	}
	return lifeOf(r.old)
}

// survey reads a struct and what is below it.
func (c *copier) survey(v reflect.Value, typ *phitag.Type, depth int) {
	if !c.within(depth) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c.survey(v.Elem(), typ, depth+1)
		}
	case reflect.Slice, reflect.Array:
		for i := 0; i < v.Len() && c.err == nil; i++ {
			c.survey(v.Index(i), typ, depth+1)
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next() && c.err == nil; {
			c.survey(it.Value(), typ, depth+1)
		}
	case reflect.Struct:
		c.surveyFields(v, typ, depth)
	}
}

func (c *copier) surveyFields(v reflect.Value, typ *phitag.Type, depth int) {
	if born := c.born(v, typ, depth); born != lifeUnknown {
		c.record.births = true
		c.record.old = c.record.old || born == lifeOld
	}
	for _, f := range typ.Fields {
		field := v.Field(f.Index)
		switch k := f.Tag.Kind; {
		case f.Nested():
			c.survey(field, f.Elem, depth+1)
		case k.IsDate() && k != phitag.Birthdate:
			c.eachDate(field, depth, func(year int, _ bool) {
				if year != 0 && c.clock.keeps(year) && (c.record.oldest == 0 || year < c.record.oldest) {
					c.record.oldest = year
				}
			})
		}
	}
}

// born returns what the birth dates of a struct itself, embedded structs
// included, say of the age: lifeUnknown if it declares none. One that cannot
// be read may be that of somebody over 89, and so may none at all.
func (c *copier) born(v reflect.Value, typ *phitag.Type, depth int) life {
	declared, read, old := false, false, false
	for _, f := range typ.Fields {
		field := v.Field(f.Index)
		switch {
		case f.Tag.Kind == phitag.Birthdate:
			declared = true
			c.eachDate(field, depth, func(year int, empty bool) {
				read = read || year != 0
				old = old || !empty && (year == 0 || c.clock.reveals(year))
			})
		case f.Embedded && f.Nested() && field.Kind() == reflect.Struct:
			if inner := c.born(field, f.Elem, depth+1); inner != lifeUnknown {
				declared, read, old = true, true, old || inner == lifeOld
			}
		}
	}
	if !declared {
		return lifeUnknown
	}
	return lifeOf(old || !read)
}

// eachDate calls f for each date of a field, with year 0 for one that cannot
// be read.
func (c *copier) eachDate(v reflect.Value, depth int, f func(year int, empty bool)) {
	if !c.within(depth) {
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c.eachDate(v.Elem(), depth+1, f)
		}
	case reflect.Slice, reflect.Array:
		for i := 0; i < v.Len() && c.err == nil; i++ {
			c.eachDate(v.Index(i), depth+1, f)
		}
	default:
		f(year(v), v.IsZero())
	}
}

// age aggregates an age over 89, and removes a lower one of somebody over 89
// or of somebody unknown who would be over 89 by now, had it been stated in
// the oldest year of the record.
func (c *copier) age(v reflect.Value) reflect.Value {
	n, ok := ageOf(v)
	if !ok || !(n >= 0 && n <= 200) { // NaN too
		return c.zero(v, phitag.Age, Removed)
	}
	if n > maxAge {
		c.count(phitag.Age, Aggregated)
		return setAge(v.Type())
	}
	life := c.life
	if life == lifeUnknown {
		life = c.record.life()
	}
	oldest := c.record.oldest
	if life == lifeOld || life == lifeUnknown && oldest != 0 && n+float64(c.clock.year-oldest) > maxAge {
		return c.zero(v, phitag.Age, Removed)
	}
	if v.Kind() == reflect.String {
		out := reflect.New(v.Type()).Elem()
		out.SetString(strings.TrimSpace(v.String()))
		return out
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
		return ageText(strings.TrimSpace(v.String()))
	}
	return 0, false
}

// ageText reads an age of up to three digits and two decimals. What has more
// of them, or zeros before them, is some other number.
func ageText(s string) (float64, bool) {
	whole, decimals, point := strings.Cut(s, ".")
	if len(whole) > 3 || !only(whole, "0123456789") || whole[0] == '0' && whole != "0" {
		return 0, false
	}
	if point && (len(decimals) > 2 || !only(decimals, "0123456789")) {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
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
