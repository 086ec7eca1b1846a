package review_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

// Shifts go by the clock on the wall, over midnight and when clocks change.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
func TestCalendar(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Skip("no time zones on this system")
	}
	weekdays := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
	c, err := review.NewCalendar(zone, []review.Shift{
		{Days: weekdays, From: 8 * 60, To: 17 * 60},
		{Days: []time.Weekday{time.Saturday}, From: 22 * 60, To: 6 * 60},
	}, time.Date(2026, 12, 25, 12, 0, 0, 0, zone))
	require.NoError(t, err)
	for _, x := range []struct {
		at string
		on bool
	}{
		{"2026-03-06T08:00:00-05:00", true},  // Friday, winter
		{"2026-03-06T07:59:59-05:00", false}, //
		{"2026-03-09T08:00:00-04:00", true},  // Monday, summer: an hour earlier in UTC
		{"2026-03-09T11:59:00Z", false},      //
		{"2026-03-07T23:00:00-05:00", true},  // Saturday night
		{"2026-03-08T01:59:00-05:00", true},  // before clocks go forward
		{"2026-03-08T03:00:00-04:00", true},  // behind it
		{"2026-03-08T06:00:00-04:00", false}, //
		{"2026-11-01T01:30:00-04:00", true},  // the hour that comes twice
		{"2026-11-01T01:30:00-05:00", true},  //
		{"2026-12-25T10:00:00-05:00", false}, // closed
	} {
		at, err := time.Parse(time.RFC3339, x.at)
		require.NoError(t, err)
		on, err := c.OnShift(t.Context(), "", "", at)
		require.NoError(t, err)
		require.Equal(t, x.on, on, x.at)
	}
	for _, bad := range [][]review.Shift{nil, {{}}, {{Days: weekdays, From: -1}}, {{Days: weekdays, From: 1440}}, {{Days: []time.Weekday{7}}}} {
		_, err := review.NewCalendar(zone, bad)
		require.ErrorIs(t, err, review.ErrOptions)
	}
}

// Off duty is flagged once a day for a person, not for a service, and not with
// a relationship.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.CM-03.
func TestAfterHours(t *testing.T) {
	c, err := review.NewCalendar(time.UTC, []review.Shift{{Days: []time.Weekday{time.Monday}, From: 9 * 60, To: 17 * 60}})
	require.NoError(t, err)
	m := &memory{}
	night := monday.Add(12 * time.Hour)
	m.access(monday, "nurse", nil, "p1.x")
	m.access(night, "nurse", nil, "p1.x")
	m.access(night, "nurse", nil, "p1.y")
	m.access(night, "doctor", nil, "p1.x")
	m.access(night, "", func(_ *audit.Event, a *audit.Access) { a.Principal = &audit.Actor{ID: "job", Kind: "service"} }, "p1.x")
	rule, err := review.NewAfterHours(c, nil)
	require.NoError(t, err)
	got := feed(t, m, &review.Options{Explainer: team{pairs: map[[2]string]bool{{"doctor", "p1.x"}: true}}}, rule)
	require.Len(t, got, 1)
	require.Equal(t, uint64(1), got[0].Index)
}
