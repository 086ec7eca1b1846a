package review

import (
	"fmt"
	"time"
)

// A Day is one local day of a [Coverage].
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Day struct {
	// Date is its beginning.
	Date time.Time
	// Records were written on it, Open of them nobody reviewed.
	Records, Open uint64
	// Reviews are the indexes, in Coverage.Reviews, of those that cover a part.
	Reviews []int
}

// Covered reports whether every record of the day was reviewed. A day without
// records is not covered: there was nothing to review, or no log.
func (d Day) Covered() bool { return d.Records > 0 && d.Open == 0 }

// A Coverage says of every day of a period which reviews cover it, or that none
// does.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.316(b)(1); NIST CSF 2.0 DE.AE-03.
type Coverage struct {
	// Origin names the log, as its checkpoints do.
	Origin string
	// From and To are the first and the last day.
	From, To time.Time
	// Floor is the first record that is still there: of the days before, nothing
	// is known. Size is how many records the log had, with those that were pruned.
	Floor, Size uint64
	// At is when this was found.
	At       time.Time
	Days     []Day
	Reviews  []Review
	Rejected []Rejected
}

// maxDays bounds the period of a Coverage: seven years.
const maxDays = 7 * 366

// Coverage returns what the log, as of the last Read, says of the days from the
// one of from up to and with the one of to. It returns [ErrOptions] for a
// period that ends before it begins or is longer than seven years.
func (t *Tracker) Coverage(from, to time.Time) (*Coverage, error) {
	begin, end := t.midnight(from, 0), t.midnight(to, 0)
	if end.Before(begin) || end.Sub(begin) > maxDays*24*time.Hour {
		return nil, fmt.Errorf("%w: a period of up to seven years", ErrOptions)
	}
	c := &Coverage{From: begin, To: end, Floor: t.floor, Size: t.next, At: time.Now(), Reviews: t.reviews, Rejected: t.rejected}
	if len(t.reviews) > 0 {
		c.Origin = t.origin()
	}
	ranges := t.covered()
	known := map[date]day{}
	for _, d := range t.days {
		known[d.date] = d
	}
	for i := 0; ; i++ {
		at := t.midnight(from, i)
		if at.After(end) {
			return c, nil
		}
		out := Day{Date: at}
		if d, ok := known[dateOf(at)]; ok {
			out.Records = d.end - d.first
			out.Open, _ = missing(ranges, d.first, d.end)
			out.Reviews = t.within(d)
		}
		c.Days = append(c.Days, out)
	}
}

// midnight is when the day begins that is n after that of at.
func (t *Tracker) midnight(at time.Time, n int) time.Time {
	y, m, d := at.In(t.opts.Zone).Date()
	return time.Date(y, m, d+n, 0, 0, 0, 0, t.opts.Zone)
}

// within returns the reviews of records of a day.
func (t *Tracker) within(d day) (out []int) {
	for i, r := range t.reviews {
		if r.From < d.end && r.To > d.first {
			out = append(out, i)
		}
	}
	return out
}

func (t *Tracker) origin() string {
	origin, _, _ := cutLine(t.reviews[0].Checkpoint)
	return origin
}

// A Gap is a run of days that no review covers as a whole.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
type Gap struct {
	From, To time.Time
	// Records were written on those days, Open of them nobody reviewed. A gap
	// without records means that nothing was logged.
	Records, Open uint64
}

// Gaps names all days that are not covered. Days with and without records stand
// apart.
func (c *Coverage) Gaps() []Gap {
	var gaps []Gap
	last := -2
	for i, d := range c.Days {
		if d.Covered() {
			continue
		}
		if n := len(gaps); n > 0 && last == i-1 && (gaps[n-1].Records == 0) == (d.Records == 0) {
			gaps[n-1].To = d.Date
			gaps[n-1].Records += d.Records
			gaps[n-1].Open += d.Open
		} else {
			gaps = append(gaps, Gap{d.Date, d.Date, d.Records, d.Open})
		}
		last = i
	}
	return gaps
}
