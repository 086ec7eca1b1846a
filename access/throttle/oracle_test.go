package throttle_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/throttle"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

// tick is the grid of times on which x/time/rate's floats are exact, for a
// limit of 8 a second.
const tick = time.Second / 64

// oracle is one limiter of x/time/rate for each key.
type oracle map[string]*rate.Limiter

func (o oracle) of(key string, burst int) *rate.Limiter {
	if o[key] == nil {
		o[key] = rate.NewLimiter(8, burst)
	}
	return o[key]
}

func (o oracle) ready(key string, burst int) bool {
	return o.of(key, burst).TokensAt(time.Now()) >= 1
}

// charge takes n tokens, in parts because a Limiter refuses more than a burst.
func (o oracle) charge(key string, burst, n int) {
	for ; n > 0; n -= burst {
		o.of(key, burst).ReserveN(time.Now(), min(n, burst))
	}
}

// With room for every principal, a Throttle answers as a limiter of x/time/rate
// for each of them does, in any order of charges, debts and rests.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestSameAsRate(t *testing.T) {
	runs, steps := 20, 2000
	if os.Getenv("SAFEGUARD_SOAK") != "" {
		runs = 2000
	}
	for seed := range runs {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(seed), 1))
			burst := 1 + random.IntN(20)
			limit, err := throttle.New(throttle.Limit{Events: 8, Per: time.Second, Burst: burst}, nil)
			require.NoError(t, err)
			oracle := oracle{}
			for range steps {
				p := person(fmt.Sprint(random.IntN(5)))
				switch random.IntN(4) {
				case 0:
					time.Sleep(time.Duration(random.IntN(200)) * tick)
				case 1:
					n := 1 + random.IntN(2*burst)
					limit.Charge(p, n)
					oracle.charge(p.ID, burst, n)
				default:
					want := oracle.ready(p.ID, burst)
					if limit.Ready(p) != want {
						t.Fatalf("seed %d: ready is %v, x/time/rate says %v", seed, !want, want)
					}
				}
			}
		})
	}
	t.Logf("soak: throttle against x/time/rate %d steps", runs*steps)
}

// With a table that is far too small, no principal ever gets more than a
// limiter of its own would have given it.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNeverMoreThanRate(t *testing.T) {
	runs, steps := 4, 20000
	if os.Getenv("SAFEGUARD_SOAK") != "" {
		runs = 400
	}
	const burst = 8
	for seed := range runs {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(uint64(seed), 2))
			limit, err := throttle.New(throttle.Limit{Events: 8, Per: time.Second, Burst: burst}, &throttle.Options{Max: 1})
			require.NoError(t, err)
			oracle := oracle{}
			less := 0
			for range steps {
				p := person(fmt.Sprint(random.IntN(4000)))
				if random.IntN(300) == 0 {
					time.Sleep(time.Duration(random.IntN(100)) * tick)
				}
				if limit.Ready(p) {
					if !oracle.ready(p.ID, burst) {
						t.Fatalf("seed %d: a principal in debt was let through", seed)
					}
					n := 1 + random.IntN(3*burst)
					limit.Charge(p, n)
					oracle.charge(p.ID, burst, n)
				} else if oracle.ready(p.ID, burst) {
					less++
				}
			}
			require.Positive(t, less, "the table was never full, so nothing was tested")
			require.Positive(t, report(t, limit)["charges.shared"])
		})
	}
	t.Logf("soak: small throttle against x/time/rate %d steps", runs*steps)
}

func person(id string) safeguard.Principal {
	return safeguard.Principal{ID: id, Kind: safeguard.Person}
}

func report(t *testing.T, r safeguard.Reporter) map[string]uint64 {
	t.Helper()
	observations, err := r.Report(t.Context())
	require.NoError(t, err)
	require.Len(t, observations, 1)
	return observations[0].Counters
}
