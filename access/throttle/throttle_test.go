package throttle_test

import (
	"fmt"
	"math"
	"os"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/throttle"
	"github.com/stretchr/testify/require"
)

// Invented principals, in a table with room for a tenth of them,
// neither free one that is throttled nor take the balance of one that has a
// bucket; they share one. After a rest everybody has room again.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.AA-05.
func TestFloodFreesNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		names := 200_000
		if os.Getenv("SAFEGUARD_SOAK") != "" {
			names = 1_000_000
		}
		limit, err := throttle.New(throttle.Limit{Events: 10, Per: time.Hour}, &throttle.Options{Max: names / 10})
		require.NoError(t, err)
		snoop, nurse, late := person("snoop"), person("nurse"), person("late")
		limit.Charge(snoop, 11)
		limit.Charge(nurse, 9)
		require.False(t, limit.Ready(snoop))

		flood := make([]byte, 0, 16)
		for i := range names {
			flood = fmt.Appendf(flood[:0], "x%d", i)
			limit.Charge(person(string(flood)), 1)
		}
		require.False(t, limit.Ready(snoop), "still throttled")
		require.True(t, limit.Ready(nurse), "has its own balance")
		require.False(t, limit.Ready(late), "shares a bucket with the flood")
		counters := report(t, limit)
		require.GreaterOrEqual(t, counters["principals"], uint64(names/10))
		require.Equal(t, uint64(names+2), counters["principals"]+counters["charges.shared"])

		// The shared bucket is hundreds of thousands in debt, and stays so.
		time.Sleep(2 * time.Hour)
		require.True(t, limit.Ready(snoop))
		require.False(t, limit.Ready(late))
		time.Sleep(time.Duration(names) / 10 * time.Hour)
		require.True(t, limit.Ready(late))
		limit.Charge(late, 10)
		require.False(t, limit.Ready(late))
		require.True(t, limit.Ready(person("somebody else")))
		t.Logf("soak: flood of a throttle %d names", names)
	})
}

// A principal costs at most 48 bytes, slack of the table included, also just
// after it grew.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestBytesOfAPrincipal(t *testing.T) {
	limit, err := throttle.New(throttle.Limit{Events: 1, Per: time.Hour}, &throttle.Options{Max: 1 << 21})
	require.NoError(t, err)
	ids := make([]string, 1_000_000)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	before := heap()
	for i, id := range ids {
		limit.Charge(person(id), 1)
		if i == 850_000 { // each shard has just grown
			require.LessOrEqual(t, float64(heap()-before)/float64(i+1), 48.0)
		}
	}
	used := heap() - before
	t.Logf("%.1f bytes a principal of a million", float64(used)/float64(len(ids)))
	require.LessOrEqual(t, float64(used)/float64(len(ids)), 48.0)
	require.Equal(t, uint64(len(ids)), report(t, limit)["principals"])
	runtime.KeepAlive(ids)
}

func heap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A principal of another tenant is another one; a session, a method and the
// person that a service acts for are not.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
func TestWhoShares(t *testing.T) {
	limit, err := throttle.New(throttle.Limit{Events: 1, Per: time.Hour}, nil)
	require.NoError(t, err)
	limit.Charge(safeguard.Principal{ID: "a", Tenant: "bc"}, 1)
	require.True(t, limit.Ready(safeguard.Principal{ID: "a"}))
	require.True(t, limit.Ready(safeguard.Principal{ID: "ca", Tenant: "b"}))
	require.False(t, limit.Ready(safeguard.Principal{ID: "a", Tenant: "bc", Session: "2", OnBehalfOf: "x", Method: "y"}))
}

// Debts last as long as they say, charges of nothing are nothing, and none is
// so large that it comes around as a credit.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestDebt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const century = 100 * 365 * 24 * time.Hour
		limit, err := throttle.New(throttle.Limit{Events: 100, Per: time.Hour}, &throttle.Options{Longest: century})
		require.NoError(t, err)
		p := person("p")
		limit.Charge(p, 0)
		limit.Charge(p, -1000)
		limit.Charge(p, 100)
		require.Equal(t, 36*time.Second, limit.RetryAfter(p))
		limit.Charge(p, -1000)
		require.Equal(t, 36*time.Second, limit.RetryAfter(p))
		limit.Charge(p, 400)
		wait := limit.RetryAfter(p)
		require.Equal(t, 4*time.Hour+36*time.Second, wait)
		time.Sleep(wait - 1)
		require.False(t, limit.Ready(p))
		time.Sleep(time.Nanosecond)
		require.True(t, limit.Ready(p))

		for range 3 {
			limit.Charge(p, math.MaxInt)
			require.False(t, limit.Ready(p))
		}
		require.Equal(t, century, limit.RetryAfter(p))
		time.Sleep(century - 1)
		require.False(t, limit.Ready(p))
	})
}

// What no limit can be made of is refused, and what was not made lets nobody
// through.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestRefusedLimits(t *testing.T) {
	for name, l := range map[string]throttle.Limit{
		"nothing":             {},
		"no events":           {Per: time.Hour, Burst: 1},
		"negative":            {Events: -1, Per: time.Hour, Burst: 1},
		"no time":             {Events: 1},
		"negative time":       {Events: 1, Per: -time.Hour},
		"negative burst":      {Events: 1, Per: time.Hour, Burst: -1},
		"more than the clock": {Events: 2, Per: 1},
		"a century":           {Events: 1, Per: time.Hour, Burst: 1_000_000},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := throttle.New(l, nil)
			require.ErrorIs(t, err, throttle.ErrLimit)
			if l != (throttle.Limit{}) {
				_, err = throttle.NewSignIns(&throttle.SignInOptions{Account: l})
				require.ErrorIs(t, err, throttle.ErrLimit)
				_, err = throttle.NewSignIns(&throttle.SignInOptions{Source: l})
				require.ErrorIs(t, err, throttle.ErrLimit)
			}
		})
	}
	for _, max := range []int{-1, math.MaxInt} {
		_, err := throttle.New(throttle.Limit{Events: 1, Per: 1}, &throttle.Options{Max: max})
		require.ErrorIs(t, err, throttle.ErrLimit)
	}
	for _, zero := range []*throttle.Throttle{nil, {}} {
		require.False(t, zero.Ready(person("p")))
		zero.Charge(person("p"), 1)
		require.Empty(t, report(t, zero))
	}
}

// What many take at the same time is all counted.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit, err := throttle.New(throttle.Limit{Events: 3600, Per: time.Hour, Burst: 1}, &throttle.Options{Max: 64})
		require.NoError(t, err)
		var all sync.WaitGroup
		for g := range 16 {
			all.Go(func() {
				for i := range 500 {
					limit.Charge(person("one"), 1)
					limit.Charge(person(fmt.Sprint(g, i)), 1)
					limit.Ready(person("one"))
				}
			})
		}
		all.Wait()
		require.Equal(t, 8000*time.Second, limit.RetryAfter(person("one")))
	})
}

// Neither asking nor charging allocates.
//
// Controls: none, a cost.
func TestNoAllocations(t *testing.T) {
	limit, err := throttle.New(throttle.Limit{Events: 1, Per: time.Hour}, nil)
	require.NoError(t, err)
	p := person("p")
	require.Zero(t, testing.AllocsPerRun(100, func() {
		limit.Ready(p)
		limit.Charge(p, 1)
	}))
}

// However much somebody has taken, and whoever fills the table, nobody waits
// for longer than the options say, and what is given back is not more than the
// limit.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func TestLongest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit, err := throttle.New(throttle.Limit{Events: 100, Per: time.Hour}, &throttle.Options{Max: 1})
		require.NoError(t, err)
		for i := range 3000 {
			limit.Charge(person(fmt.Sprint(i)), math.MaxInt/2)
		}
		require.Positive(t, report(t, limit)["charges.shared"])
		for _, p := range []string{"0", "2999", "newcomer"} {
			require.Equal(t, 24*time.Hour, limit.RetryAfter(person(p)), p)
		}
		time.Sleep(24 * time.Hour)
		for _, p := range []string{"0", "2999", "newcomer"} {
			require.True(t, limit.Ready(person(p)), p)
		}
		limit.Charge(person("0"), 1)
		require.Equal(t, 36*time.Second, limit.RetryAfter(person("0")), "one token was there, and no more")
	})
	slow := throttle.Limit{Events: 1, Per: 48 * time.Hour}
	_, err := throttle.New(slow, nil)
	require.NoError(t, err)
	for _, longest := range []time.Duration{-1, 1, 48*time.Hour - 1, math.MaxInt64} {
		_, err = throttle.New(slow, &throttle.Options{Longest: longest})
		require.ErrorIs(t, err, throttle.ErrLimit, longest)
	}
}

// An administrator can let somebody go on, and only that one.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(ii); NIST CSF 2.0 PR.AA-05.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit, err := throttle.New(throttle.Limit{Events: 100, Per: time.Hour}, nil)
		require.NoError(t, err)
		require.False(t, limit.Forget(person("ada")))
		limit.Charge(person("ada"), 1000)
		limit.Charge(person("bob"), 1000)
		other := person("ada")
		other.Tenant = "other"
		require.False(t, limit.Forget(other))
		require.False(t, limit.Ready(person("ada")))
		require.True(t, limit.Forget(person("ada")))
		require.True(t, limit.Ready(person("ada")))
		require.False(t, limit.Ready(person("bob")))
		limit.Charge(person("ada"), 100)
		require.False(t, limit.Ready(person("ada")), "no more than a burst came back")
		require.Equal(t, uint64(1), report(t, limit)["forgotten"])
		require.False(t, new(throttle.Throttle).Forget(person("ada")))
	})
}
