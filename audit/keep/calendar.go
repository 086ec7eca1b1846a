package keep

import "time"

// Until returns when a record may go that was created at t and is kept for some
// years: the start of the second day, in UTC, after the anniversary. So the
// whole anniversary has passed in every time zone. The anniversary of a 29
// February is 1 March where there is none.
//
// Source: 45 CFR 164.316(b)(2)(i), "6 years from the date of its creation or
// the date when it last was in effect, whichever is later".
//
// Controls: HIPAA 164.316(b)(2)(i).
func Until(t time.Time, years int) time.Time {
	t = t.UTC()
	return time.Date(t.Year()+years, t.Month(), t.Day()+2, 0, 0, 0, 0, time.UTC)
}
