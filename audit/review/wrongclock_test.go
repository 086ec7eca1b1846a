package review_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

// A clock that runs years ahead for a moment, by a fault or by somebody's
// doing, mutes no rule once it is set right.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03, DE.CM-03.
func TestWrongClock(t *testing.T) {
	ahead := monday.AddDate(10, 0, 0)
	closed, err := review.NewClosedAccount(roster{"former": monday.Add(-time.Hour)}, nil)
	require.NoError(t, err)
	bulk, err := review.NewBulk(nil)
	require.NoError(t, err)
	e, err := review.New([]review.Rule{closed, bulk}, nil)
	require.NoError(t, err)
	m := &memory{}
	see := func(at time.Time, who string, n int) (rules []string) {
		t.Helper()
		for i := range n {
			m.access(at, who, nil, fmt.Sprintf("p1.%s%d%d", who, at.Unix(), i))
			alerts, err := e.Observe(t.Context(), uint64(len(m.records)-1), m.records[len(m.records)-1])
			require.NoError(t, err)
			for _, a := range alerts {
				rules = append(rules, a.Rule)
			}
		}
		return rules
	}
	require.Equal(t, []string{"closed-account"}, see(ahead, "former", 2))
	require.Equal(t, []string{"bulk"}, see(ahead, "nurse", 500))
	for day := range 3 {
		at := monday.AddDate(0, 0, 2*day)
		require.Equal(t, []string{"closed-account"}, see(at, "former", 2), at)
		require.Equal(t, []string{"bulk"}, see(at, "nurse", 500), at)
	}
}

// An override of a clock that was ahead is not waited for until then.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D), 164.312(a)(2)(ii); NIST CSF 2.0 DE.AE-03.
func TestOverrideOfTheFuture(t *testing.T) {
	rule, err := review.NewBreakGlass(0)
	require.NoError(t, err)
	var got []review.Alert
	raise := func(a review.Alert) { got = append(got, a) }
	rule.Observe(t.Context(), &review.Fact{ID: "1", Type: audit.TypeBreakGlassInvoked, Time: monday.AddDate(10, 0, 0), Actor: review.Actor{Kind: "person", ID: "dr"}}, raise)
	rule.Tick(t.Context(), monday, raise)
	require.Len(t, got, 1)
}
