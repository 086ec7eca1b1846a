package risk_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// The amounts of 2026 are those of 2024-08-08 times 1.02598, to the dollar.
func TestPenalties(t *testing.T) {
	before := []struct{ min, max, limit, discretion float64 }{
		{141, 71162, 2134831, 35581},
		{1424, 71162, 2134831, 142355},
		{14232, 71162, 2134831, 355808},
		{71162, 2134831, 2134831, 2134831},
	}
	ps := risk.Penalties()
	require.Len(t, ps, 4)
	for i, p := range ps {
		adjusted := func(f float64) int64 { return int64(math.Round(f * 1.02598)) }
		require.Equal(t, risk.Tier(i+1), p.Tier)
		require.Equal(t, adjusted(before[i].min), p.Min)
		require.Equal(t, adjusted(before[i].max), p.Max)
		require.Equal(t, adjusted(before[i].limit), p.Cap, "one cap for all tiers")
		require.Equal(t, adjusted(before[i].discretion), p.DiscretionCap)
	}
	require.Equal(t, []int64{145, 73011, 2190294, 36505}, []int64{ps[0].Min, ps[0].Max, ps[0].Cap, ps[0].DiscretionCap})
	ps[0].Min = 0
	require.NotZero(t, risk.Penalties()[0].Min)
}

// Controls: HIPAA 164.308(a)(1)(ii)(A).
func TestExpose(t *testing.T) {
	v := func(id safeguard.Control, year int, tier risk.Tier, n int64) risk.Violations {
		return risk.Violations{Control: id, Year: year, Tier: tier, Count: n}
	}
	for name, c := range map[string]struct {
		in                     []risk.Violations
		regulation, discretion risk.Amount
	}{
		"none": {},
		"one, did not know": {[]risk.Violations{v("164.312(d)", 2026, risk.DidNotKnow, 1)},
			risk.Amount{Low: 145, High: 73011}, risk.Amount{Low: 145, High: 36505}},
		"forty, did not know": {[]risk.Violations{v("164.312(d)", 2026, risk.DidNotKnow, 40)},
			risk.Amount{Low: 5800, High: 2190294}, risk.Amount{Low: 5800, High: 36505}},
		"at the cap": {[]risk.Violations{v("164.312(d)", 2026, risk.ReasonableCause, 30)},
			risk.Amount{Low: 43830, High: 2190294}, risk.Amount{Low: 43830, High: 146053}},
		"not corrected": {[]risk.Violations{v("164.312(d)", 2026, risk.WillfulNeglectNotCorrected, 2)},
			risk.Amount{Low: 146022, High: 2190294}, risk.Amount{Low: 146022, High: 2190294}},
		"two provisions and two years": {[]risk.Violations{
			v("164.312(d)", 2026, risk.WillfulNeglectCorrected, 1000), v("164.312(b)", 2026, risk.WillfulNeglectCorrected, 1000),
			v("164.312(d)", 2025, risk.WillfulNeglectCorrected, 1000)},
			risk.Amount{Low: 3 * 2190294, High: 3 * 2190294}, risk.Amount{Low: 3 * 365052, High: 3 * 365052}},
		"no overflow": {[]risk.Violations{v("164.312(d)", 2026, risk.DidNotKnow, math.MaxInt64)},
			risk.Amount{Low: 2190294, High: 2190294}, risk.Amount{Low: 36505, High: 36505}},
	} {
		got, err := risk.Expose(c.in)
		require.NoError(t, err, name)
		require.Equal(t, risk.Exposure{Regulation: c.regulation, Discretion: c.discretion}, got, name)
	}
	for name, in := range map[string][]risk.Violations{
		"twice":        {v("164.312(d)", 2026, risk.DidNotKnow, 1), v("164.312(d)", 2026, risk.DidNotKnow, 2)},
		"no provision": {v("164.312(z)", 2026, risk.DidNotKnow, 1)},
		"old":          {v("164.312(d)", 2015, risk.DidNotKnow, 1)},
		"no tier":      {v("164.312(d)", 2026, 0, 1)},
		"tier 5":       {v("164.312(d)", 2026, 5, 1)},
		"no count":     {v("164.312(d)", 2026, risk.DidNotKnow, 0)},
		"negative":     {v("164.312(d)", 2026, risk.DidNotKnow, -4)},
	} {
		got, err := risk.Expose(in)
		require.ErrorIs(t, err, risk.ErrPenalty, name)
		require.Zero(t, got, name)
	}
	require.Equal(t, "$0 to $2,190,294", risk.Amount{High: 2190294}.String())
	require.Equal(t, "$999 to $1,000", risk.Amount{Low: 999, High: 1000}.String())
}

func TestTierText(t *testing.T) {
	for tier := risk.DidNotKnow; tier <= risk.WillfulNeglectNotCorrected; tier++ {
		b, err := json.Marshal(tier)
		require.NoError(t, err)
		var back risk.Tier
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, tier, back)
	}
	var none risk.Tier
	require.ErrorIs(t, none.UnmarshalText([]byte("tier 1")), risk.ErrPenalty)
	_, err := none.MarshalText()
	require.ErrorIs(t, err, risk.ErrPenalty)
	require.Equal(t, "unknown", none.String())
}
