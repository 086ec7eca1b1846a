package disclosure

import (
	"errors"
	"fmt"
	"time"
)

// A Timetable says by when a request for an accounting must be acted on
// (164.528(c)(1)). Dates are the beginnings of local days; the last day counts
// as a whole.
//
// Controls: HIPAA 164.528(c).
type Timetable struct {
	// Received is the day of the request, Act the last day to act on it: 60 days
	// later.
	Received, Act time.Time
	// Latest is the last day that an extension can name: 30 days after Act.
	Latest time.Time
	// Extended is the day that the individual was told, zero without an
	// extension; it then stands in place of Act.
	Extended time.Time
}

// ErrExtension reports an extension that 164.528(c)(1)(ii) does not allow.
//
// Controls: HIPAA 164.528(c).
var ErrExtension = errors.New("disclosure: extension: once, told in writing within 60 days, with reasons, by at most 30 days")

// Times returns the Timetable of a request. A nil zone is UTC.
//
// Controls: HIPAA 164.528(c).
func Times(received time.Time, zone *time.Location) Timetable {
	if zone == nil {
		zone = time.UTC
	}
	return Timetable{Received: dayAfter(received, 0, zone), Act: dayAfter(received, 60, zone), Latest: dayAfter(received, 90, zone)}
}

// Extend returns the Timetable after the one extension: told is when the
// individual got a written statement with reasons, until the day by which the
// accounting will be provided. It returns [ErrExtension].
func (t Timetable) Extend(told, until time.Time, reasons string) (Timetable, error) {
	zone := t.Received.Location()
	until = dayAfter(until, 0, zone)
	late := !told.Before(dayAfter(t.Act, 1, zone)) || told.Before(t.Received)
	if late || reasons == "" || !t.Extended.IsZero() || until.After(t.Latest) || !until.After(t.Act) {
		return t, ErrExtension
	}
	t.Extended = until
	return t, nil
}

// Due is the last day to act.
func (t Timetable) Due() time.Time {
	if t.Extended.IsZero() {
		return t.Act
	}
	return t.Extended
}

// Late reports whether that day is over.
func (t Timetable) Late(now time.Time) bool {
	return !now.Before(dayAfter(t.Due(), 1, t.Received.Location()))
}

// sixYearsBefore is the first day of the accounting (164.528(a)(1)). Of 29
// February it is the 28th.
func sixYearsBefore(day time.Time) time.Time { return yearsBefore(day, 6) }

func yearsBefore(day time.Time, years int) time.Time {
	y, m, d := day.Date()
	out := time.Date(y-years, m, d, 0, 0, 0, 0, day.Location())
	if out.Month() != m {
		out = time.Date(y-years, m, d-1, 0, 0, 0, 0, day.Location())
	}
	return out
}

// Free reports whether an accounting that is requested at received must be
// without charge: no earlier one was provided in the 12 months before
// (164.528(c)(2)). A fee for another must be reasonable and cost-based, and the
// individual must be told of it in advance and may withdraw or modify the
// request.
//
// Controls: HIPAA 164.528(c).
func Free(received time.Time, provided []time.Time, zone *time.Location) bool {
	if zone == nil {
		zone = time.UTC
	}
	begin := yearsBefore(dayAfter(received, 0, zone), 1)
	for _, p := range provided {
		if !p.Before(begin) && p.Before(dayAfter(received, 1, zone)) {
			return false
		}
	}
	return true
}

func ymd(t time.Time) string { return t.Format("2 January 2006") }

func span(from, to time.Time) string { return fmt.Sprintf("%s to %s", ymd(from), ymd(to)) }
