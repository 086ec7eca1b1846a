package disclosure_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/disclosure"
)

// Sixty days, one extension by thirty, told in time and with reasons.
//
// Controls: HIPAA 164.528(c).
func TestTimetable(t *testing.T) {
	zone := time.FixedZone("clinic", -8*3600)
	received := time.Date(2026, 3, 1, 7, 0, 0, 0, time.UTC) // 28 February there
	tt := disclosure.Times(received, zone)
	require.Equal(t, "2026-02-28 2026-04-29 2026-05-29", tt.Received.Format(time.DateOnly)+" "+tt.Act.Format(time.DateOnly)+" "+tt.Latest.Format(time.DateOnly))
	lastMoment := time.Date(2026, 4, 29, 23, 59, 59, 0, zone)
	require.False(t, tt.Late(lastMoment))
	require.True(t, tt.Late(lastMoment.Add(time.Second)))

	e, err := tt.Extend(lastMoment, tt.Latest, "records are in an archive")
	require.NoError(t, err)
	require.Equal(t, tt.Latest, e.Due())
	require.False(t, e.Late(lastMoment.Add(time.Second)))
	_, err = e.Extend(lastMoment, tt.Latest, "again")
	require.ErrorIs(t, err, disclosure.ErrExtension, "only one")
	for _, bad := range []struct {
		told, until time.Time
		why         string
	}{
		{lastMoment.Add(time.Second), tt.Latest, "late"}, {lastMoment, tt.Latest.AddDate(0, 0, 1), "long"},
		{lastMoment, tt.Latest, ""}, {lastMoment, tt.Act, "none"}, {received.AddDate(0, 0, -2), tt.Latest, "before"},
	} {
		_, err := tt.Extend(bad.told, bad.until, bad.why)
		require.ErrorIs(t, err, disclosure.ErrExtension, bad.why)
	}
}

// The first accounting in any twelve months is free, as the log shows.
//
// Controls: HIPAA 164.528(c).
func TestFree(t *testing.T) {
	require.True(t, disclosure.Free(asked, nil, nil))
	require.True(t, disclosure.Free(asked, []time.Time{asked.AddDate(-1, 0, -1), asked.AddDate(0, 0, 1)}, nil))
	require.False(t, disclosure.Free(asked, []time.Time{asked.AddDate(-1, 0, 1)}, nil))

	m := memoryOf(t, "p1")
	r := reporter(t, m, nil)
	for _, free := range []bool{true, false} {
		_, err := r.Access(clerk(t), of(ann)) // is no accounting
		require.NoError(t, err)
		_, err = r.Accounting(clerk(t), of(bob)) // is somebody else's
		require.NoError(t, err)
		a, err := r.Accounting(clerk(t), of(ann))
		require.NoError(t, err)
		require.Equal(t, free, a.Free)
	}
	m = memoryOf(t, "p1")
	m.access(audit.TypeDisclosed, spring, "x", nil, ann) // incomplete
	r = reporter(t, m, nil)
	for range 2 {
		a, err := r.Accounting(clerk(t), of(ann))
		require.NoError(t, err)
		require.True(t, a.Free, "what was not provided does not count")
	}
}
