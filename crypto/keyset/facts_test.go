package keyset_test

import (
	"encoding/json"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// Ages count from when a key begins to seal, against the periods of SP 800-57.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestPeriods(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newRing(t, &keyset.Options{Outage: 30 * 24 * time.Hour})
		period := func(i int) keyset.Period {
			facts, err := f.Facts(t.Context(), "clinic-a")
			require.NoError(t, err)
			return facts.Keys[i].Period
		}
		first := primary(t, f.Ring)
		require.Equal(t, keyset.PeriodCurrent, period(0))
		time.Sleep(keyset.OriginatorPeriod + time.Second)
		require.Equal(t, keyset.PeriodRotate, period(0))
		report, err := f.Report(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 1, report[0].Counters["rotate.due"])
		require.EqualValues(t, 730, report[0].Counters["age.days.highest"])
		require.NoError(t, f.Rotate(t.Context(), "clinic-a", first))
		require.Equal(t, keyset.PeriodRotate, period(0))
		require.Equal(t, keyset.PeriodWaiting, period(1))
		time.Sleep(5 * time.Minute)
		require.Equal(t, keyset.PeriodCurrent, period(0))
		require.Equal(t, keyset.PeriodCurrent, period(1))
		time.Sleep(3 * 365 * 24 * time.Hour)
		require.Equal(t, keyset.PeriodRewrap, period(0))
		require.NoError(t, f.Disable(t.Context(), "clinic-a", first))
		require.Equal(t, keyset.PeriodOver, period(0))
		synctest.Wait()
	})
}

// The report tells where the KEK is and how long an outage may last; facts
// print and marshal without a key.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.402(2), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestRingReports(t *testing.T) {
	f := newRing(t, atOnce)
	require.NoError(t, f.Create(t.Context(), "clinic-b"))
	s := sealer(t, f)
	mustSeal(t, s)
	old := primary(t, f.Ring)
	require.NoError(t, f.Rotate(t.Context(), "clinic-a", old))
	mustSeal(t, s)
	report, err := f.Report(t.Context())
	require.NoError(t, err)
	require.Contains(t, report[0].Statement, "74 FR 19006")
	require.Contains(t, report[0].Statement, "24h0m0s after the last answer")
	require.EqualValues(t, 2, report[0].Counters["keys"])
	require.Equal(t, "true", report[0].Settings["seal.at.once"])

	facts, err := f.Facts(t.Context(), "clinic-a")
	require.NoError(t, err)
	require.EqualValues(t, 1, *facts.Keys[0].Seals)
	require.EqualValues(t, 1, *facts.Keys[1].Seals)
	require.Contains(t, facts.String(), "1 sealed by this process")
	text, err := json.Marshal(facts)
	require.NoError(t, err)
	var again keyset.Facts
	require.NoError(t, json.Unmarshal(text, &again))
	require.Equal(t, facts, again)

	all, err := f.KeyFacts(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 3, "clinic-b is not in memory")
	require.Equal(t, old, all[0].ID)
	require.False(t, all[0].Primary)
	require.True(t, all[1].Primary)
	for _, k := range all {
		require.True(t, k.Enabled)
		require.NotZero(t, k.Created)
		require.Equal(t, crypto.LocationSameHost, k.Location)
	}
}
