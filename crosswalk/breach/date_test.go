package breach_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
)

func TestParseDate(t *testing.T) {
	for _, s := range []string{"1900-01-01", "2024-02-29", "2000-02-29", "2026-12-31", "2999-12-31"} {
		require.Equal(t, s, day(t, s).String())
	}
	for _, s := range []string{"", "2026-02-29", "2100-02-29", "2026-13-01", "2026-00-10", "2026-01-00", "2026-04-31", "1899-12-31", "3000-01-01",
		"26-01-01", "2026-1-1", "2026/01/01", "2026-01-01T00:00:00Z", " 2026-01-01", "2026-01-0a", "+026-01-01", "２026-01-01", "0000-00-00"} {
		_, err := breach.ParseDate(s)
		require.Error(t, err, s)
	}
}

func TestDateArithmetic(t *testing.T) {
	require.Equal(t, "2028-02-29", day(t, "2028-02-28").AddDays(1).String())
	require.Equal(t, "2027-03-01", day(t, "2027-02-28").AddDays(1).String())
	require.Equal(t, 366, day(t, "2029-01-01").DaysSince(day(t, "2028-01-01")))
	require.Equal(t, -1, day(t, "2026-01-01").DaysSince(day(t, "2026-01-02")))
	require.True(t, day(t, "2026-01-01").Before(day(t, "2026-01-02")))
	require.False(t, day(t, "2026-01-01").After(day(t, "2026-01-01")))
	require.True(t, breach.Date{}.Before(day(t, "1900-01-01")), "no date is before every date")
	require.True(t, breach.Date{}.AddDays(5).IsZero())
	_, err := breach.NewDate(2026, 2, 30)
	require.Error(t, err)
}

// The same instant is another day elsewhere, and a change to summer time does
// not move a day.
//
// Controls: HIPAA 164.404(a)(2).
func TestDateOfZones(t *testing.T) {
	at := time.Date(2026, 3, 9, 2, 30, 0, 0, time.UTC)
	require.Equal(t, "2026-03-09", breach.DateOf(at).String())
	require.Equal(t, "2026-03-08", breach.DateOf(at.In(time.FixedZone("EST", -5*3600))).String())
	zone, err := time.LoadLocation("America/New_York")
	require.NoError(t, err)
	for h := range 48 {
		d := breach.DateOf(time.Date(2026, 3, 7, h, 0, 0, 0, zone))
		require.Equal(t, 60, d.AddDays(60).DaysSince(d))
	}
}

func FuzzParseDate(f *testing.F) {
	for _, s := range []string{"2024-02-29", "2026-02-29", "2026-1-1", "", "9999-99-99"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := breach.ParseDate(s)
		want, other := time.Parse(time.DateOnly, s)
		if err != nil {
			require.True(t, other != nil || want.Year() < 1900 || want.Year() > 2999, s)
			return
		}
		require.NoError(t, other)
		require.Equal(t, s, d.String())
		require.Equal(t, want.Format(time.DateOnly), d.String())
	})
}
