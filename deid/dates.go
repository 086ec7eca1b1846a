package deid

import (
	"strconv"
	"strings"
	"time"
)

// maxAge is the highest age that 164.514(b)(2)(i)(C) lets stand. Above it
// everything is one category, "90 or older".
const maxAge = 89

// aggregated is the value that stands for every age over maxAge.
const aggregated = 90

// clock holds the reference year of a run.
type clock struct{ year int }

func newClock(asOf time.Time) clock {
	if asOf.IsZero() {
		asOf = time.Now()
	}
	return clock{asOf.Year()}
}

// reveals reports whether a year indicates an age over 89: whoever was alive
// in it is, or is about to be, older. The month of birth is not known to the
// reader of a year, so the whole year counts.
func (c clock) reveals(year int) bool { return c.year-year > maxAge }

// keeps reports whether the year may stand. A year that is far in the future
// is no year but some other number.
func (c clock) keeps(year int) bool { return !c.reveals(year) && year <= c.year+20 }

// yearOf returns the year of a date in the forms of FHIR (YYYY, YYYY-MM,
// YYYY-MM-DD, and the last with a time of day) or of RFC 3339, and 0 for
// anything else. It does not guess.
func yearOf(s string) int {
	day, clockTime, timed := strings.Cut(s, "T")
	if !timed {
		day, clockTime, timed = strings.Cut(s, " ")
	}
	layout := ""
	switch len(day) {
	case len("2006"):
		layout = "2006"
	case len("2006-01"):
		layout = "2006-01"
	case len("2006-01-02"):
		layout = "2006-01-02"
	}
	if layout == "" || timed && (len(day) != 10 || !timeOfDay(clockTime)) {
		return 0
	}
	t, err := time.Parse(layout, day)
	if err != nil || t.Year() < 1000 {
		return 0
	}
	return t.Year()
}

// timeOfDay reports whether s consists of nothing but a time of day and zone.
func timeOfDay(s string) bool {
	return len(s) >= 5 && len(s) <= 40 && strings.Trim(s, "0123456789:.+-Z ") == "" && s[2] == ':'
}

// digitsOf returns n in decimal.
func digitsOf(n int) string { return strconv.Itoa(n) }
