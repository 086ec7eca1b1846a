package risk

import (
	"errors"
	"time"
)

// ErrDate reports a text that is no date of the calendar.
//
// Controls: none, an error about the input.
var ErrDate = errors.New("risk: date: not a date in the form YYYY-MM-DD")

// A Date is a day of the calendar without a time zone, which is what records
// of decisions carry. The zero value is no date; its text is "". A Date is
// comparable.
//
// Controls: HIPAA 164.316(b)(1).
type Date struct {
	year  int16
	month time.Month
	day   int8
}

// ParseDate reads a date in the form 2026-11-21, from year 1 to 9999. A day
// that the calendar does not have, such as 2026-02-29, is ErrDate.
//
// Controls: HIPAA 164.316(b)(1).
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil || len(s) != len(time.DateOnly) || t.Year() < 1 {
		return Date{}, ErrDate
	}
	return DateOf(t), nil
}

// DateOf returns the day of t in t's own location.
//
// Controls: HIPAA 164.316(b)(1).
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{int16(y), m, int8(d)}
}

// Time returns midnight UTC of the day, and the zero Time for no date.
func (d Date) Time() time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(int(d.year), d.month, int(d.day), 0, 0, 0, 0, time.UTC)
}

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String returns the form that ParseDate reads, and "" for no date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return d.Time().Format(time.DateOnly)
}

// Compare returns -1, 0 or +1 as d is before, on or after o. No date is
// before every date.
func (d Date) Compare(o Date) int { return d.Time().Compare(o.Time()) }

// Before reports whether d is before o.
func (d Date) Before(o Date) bool { return d.Compare(o) < 0 }

// AddDays returns the date n days later.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	return DateOf(d.Time().AddDate(0, 0, n))
}

// AddMonths returns the same day n months later, or that month's last day if
// it is shorter: three months after November 30 are over on the last of
// February. It is for periods that must not be exceeded.
func (d Date) AddMonths(n int) Date {
	if d.IsZero() {
		return d
	}
	first := time.Date(int(d.year), d.month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return DateOf(first.AddDate(0, 0, min(int(d.day), last)-1))
}

// AddYears returns the same day n years later, and March 1 for a February 29
// that the year does not have. It is for periods that must be kept in full.
func (d Date) AddYears(n int) Date {
	if d.IsZero() {
		return d
	}
	return DateOf(d.Time().AddDate(n, 0, 0))
}

// Days returns how many days later o is than d; negative if it is earlier.
func (d Date) Days(o Date) int { return int(o.Time().Sub(d.Time()) / (24 * time.Hour)) }

// MarshalText returns what String returns.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what ParseDate reads. An empty text is refused too:
// leave the field out.
func (d *Date) UnmarshalText(text []byte) error {
	p, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = p
	return nil
}
