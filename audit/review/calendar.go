package review

import (
	"context"
	"fmt"
	"time"
)

// A Shift is a time of duty that repeats every week, in the local time of a
// [Calendar]: on each of Days from the minute From to the minute To of the day
// (0 to 1440). If To is not after From, it ends on the next day.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
type Shift struct {
	Days     []time.Weekday
	From, To int
}

// A Calendar says when anybody is on duty. It goes by the clock on the wall: on
// the day when clocks go forward or back, a night shift is an hour shorter or
// longer. It is immutable and safe for concurrent use; the zero value is never
// on duty.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
type Calendar struct {
	zone   *time.Location
	shifts []shift
	closed map[date]bool
}

type shift struct {
	days     [7]bool
	from, to int
}

type date struct {
	year  int
	month time.Month
	day   int
}

// NewCalendar returns a Calendar. On the days closed (only their local dates
// count) no shift begins. It returns [ErrOptions] without a zone or shifts, or
// for minutes that are none.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
func NewCalendar(zone *time.Location, shifts []Shift, closed ...time.Time) (*Calendar, error) {
	if zone == nil || len(shifts) == 0 {
		return nil, fmt.Errorf("%w: a calendar wants a time zone and shifts", ErrOptions)
	}
	c := &Calendar{zone: zone, closed: map[date]bool{}}
	for _, s := range shifts {
		if len(s.Days) == 0 || s.From < 0 || s.From >= 1440 || s.To < 0 || s.To > 1440 {
			return nil, fmt.Errorf("%w: a shift wants days and minutes from 0 to 1440", ErrOptions)
		}
		n := shift{from: s.From, to: s.To}
		for _, d := range s.Days {
			if d < time.Sunday || d > time.Saturday {
				return nil, fmt.Errorf("%w: a day that is none", ErrOptions)
			}
			n.days[d] = true
		}
		c.shifts = append(c.shifts, n)
	}
	for _, t := range closed {
		c.closed[dateOf(t.In(zone))] = true
	}
	return c, nil
}

func dateOf(t time.Time) date {
	y, m, d := t.Date()
	return date{y, m, d}
}

// OnShift implements [Shifts].
func (c *Calendar) OnShift(_ context.Context, _, _ string, at time.Time) (bool, error) {
	if c == nil || c.zone == nil {
		return false, nil
	}
	at = at.In(c.zone)
	minute := at.Hour()*60 + at.Minute()
	y, m, d := at.Date()
	today := date{y, m, d}
	yesterday := dateOf(time.Date(y, m, d-1, 12, 0, 0, 0, time.UTC))
	weekday := at.Weekday()
	for _, s := range c.shifts {
		if s.to > s.from {
			if s.days[weekday] && minute >= s.from && minute < s.to && !c.closed[today] {
				return true, nil
			}
			continue
		}
		if s.days[weekday] && minute >= s.from && !c.closed[today] {
			return true, nil
		}
		if s.days[(weekday+6)%7] && minute < s.to && !c.closed[yesterday] {
			return true, nil
		}
	}
	return false, nil
}
