package risk_test

import (
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

func day(t testing.TB, s string) risk.Date {
	t.Helper()
	d, err := risk.ParseDate(s)
	require.NoError(t, err)
	return d
}

// Controls: HIPAA 164.316(b)(1).
func TestParseDate(t *testing.T) {
	for _, s := range []string{"2026-11-21", "2024-02-29", "2000-02-29", "0001-01-02", "9999-12-31"} {
		require.Equal(t, s, day(t, s).String())
	}
	for _, s := range []string{
		"", "2026-02-29", "1900-02-29", "2026-04-31", "2026-13-01", "2026-00-10", "2026-01-00", "2026-1-1", "26-01-01",
		"2026/01/01", "01-01-2026", "2026-01-01T00:00:00Z", " 2026-01-01", "2026-01-01 ", "10000-01-01", "0000-01-01", "+026-01-01",
	} {
		_, err := risk.ParseDate(s)
		require.ErrorIs(t, err, risk.ErrDate, s)
	}
}

// Controls: HIPAA 164.316(b)(2)(i).
func TestDateArithmetic(t *testing.T) {
	for _, c := range []struct {
		from, want string
		add        func(risk.Date) risk.Date
	}{
		{"2026-11-30", "2027-02-28", func(d risk.Date) risk.Date { return d.AddMonths(3) }},
		{"2027-11-30", "2028-02-29", func(d risk.Date) risk.Date { return d.AddMonths(3) }},
		{"2026-12-31", "2027-03-31", func(d risk.Date) risk.Date { return d.AddMonths(3) }},
		{"2026-11-21", "2027-11-21", func(d risk.Date) risk.Date { return d.AddMonths(12) }},
		{"2026-01-15", "2025-12-15", func(d risk.Date) risk.Date { return d.AddMonths(-1) }},
		{"2024-02-29", "2030-03-01", func(d risk.Date) risk.Date { return d.AddYears(6) }},
		{"2024-02-29", "2028-02-29", func(d risk.Date) risk.Date { return d.AddYears(4) }},
		{"2026-12-31", "2027-01-01", func(d risk.Date) risk.Date { return d.AddDays(1) }},
		{"2024-02-28", "2024-02-29", func(d risk.Date) risk.Date { return d.AddDays(1) }},
	} {
		require.Equal(t, c.want, c.add(day(t, c.from)).String(), c.from)
	}
	var none risk.Date
	require.True(t, none.IsZero())
	require.Empty(t, none.String())
	require.Equal(t, none, none.AddDays(1))
	require.Equal(t, none, none.AddMonths(1))
	require.Equal(t, none, none.AddYears(1))
	require.True(t, none.Before(day(t, "0001-01-02")))
	require.True(t, none.Time().IsZero())
	require.Equal(t, 366, day(t, "2024-01-01").Days(day(t, "2025-01-01")))
	require.Equal(t, "2026-11-22", risk.DateOf(time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC).In(time.FixedZone("", 7200))).String())
}

// Text, order and months agree with package time on any day.
func TestDateLaws(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	samples := 5000
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		samples = 5_000_000
	}
	for range samples {
		d := day(t, "1990-01-01").AddDays(r.IntN(40000))
		back, err := risk.ParseDate(d.String())
		require.NoError(t, err)
		require.Equal(t, d, back)
		n := r.IntN(60)
		later := d.AddMonths(n)
		require.False(t, later.Time().After(d.Time().AddDate(0, n, 0)))
		require.LessOrEqual(t, d.Time().AddDate(0, n, 0).Sub(later.Time()), 3*24*time.Hour)
		require.Equal(t, n, d.Days(d.AddDays(n)))
		require.False(t, d.AddYears(6).Before(d.AddMonths(72)))
	}
}
