package breach

import (
	"fmt"
	"time"
)

// A Date is a calendar day without a time or a zone: the rule counts calendar
// days. The zero value is no date. Dates are comparable with ==.
//
// Controls: HIPAA 164.404(a)(2).
type Date struct {
	year, month, day int16
}

// NewDate returns the day, and an error for one that does not exist or is
// outside of the years 1900 to 2999.
//
// Controls: HIPAA 164.404(a)(2).
func NewDate(year int, month time.Month, day int) (Date, error) {
	d := dateOf(time.Date(year, month, day, 0, 0, 0, 0, time.UTC))
	if int(d.year) != year || time.Month(d.month) != month || int(d.day) != day {
		return Date{}, fmt.Errorf("breach: date: %d-%d-%d does not exist", year, month, day)
	}
	if year < 1900 || year > 2999 {
		return Date{}, fmt.Errorf("breach: date: year %d is out of range", year)
	}
	return d, nil
}

// ParseDate reads YYYY-MM-DD and nothing else.
//
// Controls: HIPAA 164.404(a)(2).
func ParseDate(s string) (Date, error) {
	var n [10]byte
	if copy(n[:], s) != 10 || len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return Date{}, fmt.Errorf("breach: date: not in the form YYYY-MM-DD")
	}
	year, ok1 := digits(s[:4])
	month, ok2 := digits(s[5:7])
	day, ok3 := digits(s[8:])
	if !ok1 || !ok2 || !ok3 {
		return Date{}, fmt.Errorf("breach: date: not in the form YYYY-MM-DD")
	}
	return NewDate(year, time.Month(month), day)
}

func digits(s string) (int, bool) {
	n := 0
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = 10*n + int(c-'0')
	}
	return n, true
}

// DateOf returns the day of t in t's own location. Give it a time in the
// location of whoever has to act: the same instant is another day elsewhere.
//
// Controls: HIPAA 164.404(a)(2).
func DateOf(t time.Time) Date { return dateOf(t) }

func dateOf(t time.Time) Date {
	year, month, day := t.Date()
	return Date{int16(year), int16(month), int16(day)}
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

func (d Date) time() time.Time {
	return time.Date(int(d.year), time.Month(d.month), int(d.day), 0, 0, 0, 0, time.UTC)
}

// AddDays returns the day n calendar days later; that of no date is no date.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	return dateOf(d.time().AddDate(0, 0, n))
}

// addYears returns the same day n years later, and March 1 where February 29
// does not exist.
func (d Date) addYears(n int) Date {
	if d.IsZero() {
		return d
	}
	return dateOf(d.time().AddDate(n, 0, 0))
}

// DaysSince returns how many days d is after o, negative if before. Both must
// be dates.
func (d Date) DaysSince(o Date) int {
	return int(d.time().Sub(o.time()) / (24 * time.Hour))
}

// Compare returns -1, 0 or 1. No date is before every date.
func (d Date) Compare(o Date) int {
	if d.IsZero() || o.IsZero() {
		return boolInt(!d.IsZero()) - boolInt(!o.IsZero())
	}
	return d.time().Compare(o.time())
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// Before reports whether d is before o.
func (d Date) Before(o Date) bool { return d.Compare(o) < 0 }

// After reports whether d is after o.
func (d Date) After(o Date) bool { return d.Compare(o) > 0 }

// String returns YYYY-MM-DD, and "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.year, d.month, d.day)
}

// MarshalText returns what String returns.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what [ParseDate] reads.
func (d *Date) UnmarshalText(text []byte) error {
	got, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = got
	return nil
}

// earliest returns the earliest of the dates that are one.
func earliest(dates ...Date) Date {
	var first Date
	for _, d := range dates {
		if !d.IsZero() && (first.IsZero() || d.Before(first)) {
			first = d
		}
	}
	return first
}

// latest returns the latest of the dates that are one.
func latest(dates ...Date) Date {
	var last Date
	for _, d := range dates {
		if d.After(last) {
			last = d
		}
	}
	return last
}
