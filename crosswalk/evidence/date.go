package evidence

import (
	"fmt"
	"time"
)

// A Date is a day as YYYY-MM-DD, in the calendar of the place that keeps the
// document. The zero value is no date. Two dates compare as strings do.
//
// Controls: none, a date.
type Date string

// DateOf returns the UTC day of t.
//
// Controls: none, a date.
func DateOf(t time.Time) Date { return Date(t.UTC().Format(time.DateOnly)) }

// Time returns the beginning of the day in UTC. A day that does not exist is
// an error that wraps ErrInput.
func (d Date) Time() (time.Time, error) {
	t, err := time.Parse(time.DateOnly, string(d))
	if err != nil {
		return time.Time{}, fmt.Errorf("evidence: date: not a day of the calendar as YYYY-MM-DD: %w", ErrInput)
	}
	return t, nil
}

// ends returns when the day is over everywhere, which in the west of the date
// line is twelve hours after its end in UTC.
func (d Date) ends() time.Time {
	t, err := d.Time()
	if err != nil {
		return time.Time{}
	}
	return t.AddDate(0, 0, 1).Add(12 * time.Hour)
}

// UnmarshalText refuses what is no day of the calendar.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) > 0 {
		if _, err := Date(text).Time(); err != nil {
			return err
		}
	}
	*d = Date(text)
	return nil
}

// A Period is the days from From to To, both included, in UTC.
//
// Controls: none, a span of time.
type Period struct {
	From Date `json:"from"`
	To   Date `json:"to"`
}

// maxPeriod bounds a Period in days: somewhat more than the six years of
// 164.316(b)(2)(i).
const maxPeriod = 3660

// Validate returns an error that wraps ErrInput unless both days exist, To is
// not before From, and they are at most 3,660 days apart.
func (p Period) Validate() error {
	from, until, err := p.bounds()
	if err != nil {
		return err
	}
	if !from.Before(until) || until.Sub(from) > maxPeriod*24*time.Hour {
		return fmt.Errorf("evidence: period: runs backwards or is longer than %d days: %w", maxPeriod, ErrInput)
	}
	return nil
}

// bounds returns the first instant and the one after the last.
func (p Period) bounds() (from, until time.Time, err error) {
	from, err = p.From.Time()
	if err != nil {
		return from, until, err
	}
	until, err = p.To.Time()
	return from, until.AddDate(0, 0, 1), err
}

// Retention says how long a document has to be kept: six years from its
// creation or from when it last was in effect, whichever is later
// (164.316(b)(2)(i)).
//
// Controls: HIPAA 164.316(b)(2)(i).
type Retention struct {
	// Created is the day of creation.
	Created Date `json:"created"`
	// InEffect is true for a document that is in effect still; Until is then
	// empty, because the six years have not begun.
	InEffect bool `json:"inEffect,omitempty"`
	// LastInEffect is the last day in effect, empty if that means nothing for
	// the document.
	LastInEffect Date `json:"lastInEffect,omitempty"`
	// Until is the first day on which the rule no longer asks for it. Six
	// years from 29 February end on 1 March, which keeps it a day longer.
	Until Date `json:"until,omitempty"`
}

// Keep returns the Retention of a document. A document in effect passes
// inEffect and no lastInEffect. The error wraps ErrInput for a day that does
// not exist or a document that was in effect no longer before it was created.
//
// It knows the six years of the Security Rule only. State law, contracts, and
// a legal hold may ask for more.
//
// Controls: HIPAA 164.316(b)(2)(i).
func Keep(created, lastInEffect Date, inEffect bool) (Retention, error) {
	t, err := created.Time()
	if err != nil {
		return Retention{}, err
	}
	out := Retention{Created: created, InEffect: inEffect, LastInEffect: lastInEffect}
	if lastInEffect != "" {
		last, err := lastInEffect.Time()
		if err != nil {
			return Retention{}, err
		}
		if inEffect {
			return Retention{}, fmt.Errorf("evidence: retention: in effect and last in effect: %w", ErrInput)
		}
		if last.After(t) {
			t = last
		}
	}
	if !inEffect {
		out.Until = DateOf(t.AddDate(6, 0, 0))
	}
	return out, nil
}

// String says it in words.
func (r Retention) String() string {
	switch {
	case r.InEffect:
		return "in effect; keep for six years after it last is in effect (164.316(b)(2)(i))"
	case r.LastInEffect != "":
		return fmt.Sprintf("created %s, last in effect %s; keep until %s (164.316(b)(2)(i))", r.Created, r.LastInEffect, r.Until)
	}
	return fmt.Sprintf("created %s; keep until %s (164.316(b)(2)(i))", r.Created, r.Until)
}
