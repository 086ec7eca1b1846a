package throttle_test

import (
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard/access/throttle"
	"github.com/stretchr/testify/require"
)

var ward = netip.MustParseAddr("192.0.2.7")

func newSignIns(t *testing.T, account, source int) *throttle.SignIns {
	t.Helper()
	s, err := throttle.NewSignIns(&throttle.SignInOptions{
		Account: throttle.Limit{Events: account, Per: time.Hour}, Source: throttle.Limit{Events: source, Per: time.Hour},
	})
	require.NoError(t, err)
	return s
}

// fails counts how many of n attempts are let through.
func fails(s *throttle.SignIns, n int, at func(i int) (string, netip.Addr)) int {
	passed := 0
	for i := range n {
		account, source := at(i)
		if a, _ := s.Begin(account, source); a != nil {
			passed++
		}
	}
	return passed
}

// Guessing at one account from a thousand addresses, and one password at a
// thousand accounts from one, both end at a limit; addresses of one /56 are
// one.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestGuessing(t *testing.T) {
	for name, c := range map[string]struct {
		at   func(i int) (string, netip.Addr)
		want int
	}{
		"one account, many addresses": {func(i int) (string, netip.Addr) {
			return "ada", netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		}, 5},
		"many accounts, one address": {func(i int) (string, netip.Addr) { return fmt.Sprint(i), ward }, 20},
		"many accounts, one address, as IPv6": {func(i int) (string, netip.Addr) {
			if i%2 == 0 {
				return fmt.Sprint(i), netip.AddrFrom16(ward.As16())
			}
			return fmt.Sprint(i), ward
		}, 20},
		"many accounts, one network of IPv6": {func(i int) (string, netip.Addr) {
			return fmt.Sprint(i), netip.MustParseAddr(fmt.Sprintf("2001:db8::%x%%eth%d", i+1, i))
		}, 20},
		"many accounts, many networks of one site": {func(i int) (string, netip.Addr) {
			return fmt.Sprint(i), netip.MustParseAddr(fmt.Sprintf("2001:db8:0:%x::1", i%256))
		}, 20},
		"many accounts, many sites of IPv6": {func(i int) (string, netip.Addr) {
			return fmt.Sprint(i), netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::1", i))
		}, 1000},
		"no address": {func(i int) (string, netip.Addr) { return fmt.Sprint(i), netip.Addr{} }, 20},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := newSignIns(t, 5, 20)
				require.Equal(t, c.want, fails(s, 1000, c.at))
				require.Equal(t, uint64(c.want), report(t, s)["attempts"])
			})
		})
	}
}

// A success costs nothing and pays for nothing: whoever may sign in cannot use
// that to go on guessing.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSignIns(t, 5, 20)
		for range 1000 {
			a, wait := s.Begin("mallory", ward)
			require.NotNil(t, a, wait)
			a.Succeeded()
			a.Succeeded() // does not pay twice
		}
		guesses := 0
		for range 1000 {
			if a, _ := s.Begin("mallory", ward); a != nil {
				a.Succeeded()
				a.Succeeded()
			}
			if a, _ := s.Begin("ada", ward); a != nil {
				guesses++
			}
		}
		require.Equal(t, 5, guesses)
		require.Equal(t, uint64(5), report(t, s)["attempts"]-report(t, s)["attempts.succeeded"])
	})
}

// A thousand attempts that are all begun before the first has failed are no
// more than the limit.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestGuessingAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSignIns(t, 5, 2000)
		var passed atomic.Int32
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if a, _ := s.Begin("ada", ward); a != nil {
					passed.Add(1)
				}
			})
		}
		all.Wait()
		require.Equal(t, int32(5), passed.Load())
	})
}

// An account that nobody has is answered like one that somebody has, and waits
// end when they say.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSignIns(t, 5, 2000)
		for _, account := range []string{"ada", "nobody", ""} {
			require.Equal(t, 5, fails(s, 10, func(int) (string, netip.Addr) { return account, ward }))
			_, wait := s.Begin(account, ward)
			require.Equal(t, 12*time.Minute, wait)
		}
		time.Sleep(12 * time.Minute)
		a, _ := s.Begin("ada", ward)
		require.NotNil(t, a)
	})
}

// A source at its limit cannot bring further accounts to theirs.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestRefusedSourceCostsNoAccount(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSignIns(t, 5, 20)
		fails(s, 1000, func(i int) (string, netip.Addr) { return fmt.Sprint(i % 10), ward })
		elsewhere := netip.MustParseAddr("198.51.100.1")
		require.Equal(t, 10, fails(s, 10, func(i int) (string, netip.Addr) { return fmt.Sprint(i), elsewhere }))
	})
}

// Whoever is locked out and goes on trying locks out nobody behind the same
// address, and an outage of what checks passwords locks out nobody.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestLocksOutNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSignIns(t, 5, 20)
		require.Equal(t, 5, fails(s, 1000, func(int) (string, netip.Addr) { return "ada", ward }))
		require.Equal(t, 15, fails(s, 1000, func(i int) (string, netip.Addr) { return fmt.Sprint(i), ward }))

		s = newSignIns(t, 5, 20)
		for range 100 {
			a, _ := s.Begin("ada", ward)
			require.NotNil(t, a)
			a.Untried()
			a.Untried() // does not pay twice
			a.Succeeded()
		}
		require.Equal(t, 5, fails(s, 100, func(int) (string, netip.Addr) { return "ada", ward }))
		require.Equal(t, uint64(100), report(t, s)["attempts.untried"])
		require.Zero(t, report(t, s)["attempts.succeeded"])
	})
}

// Accounts that had no room left are refunded where they paid, so that
// successes do not bring the shared bucket to its limit.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestSharedSuccess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := throttle.NewSignIns(&throttle.SignInOptions{
			Account: throttle.Limit{Events: 1, Per: time.Hour, Burst: 1000}, Source: throttle.Limit{Events: 1e6, Per: time.Hour}, Max: 1,
		})
		require.NoError(t, err)
		require.Equal(t, 1500, fails(s, 1500, func(i int) (string, netip.Addr) { return fmt.Sprint(i), ward }))
		require.Greater(t, report(t, s)["accounts.shared"], uint64(500), "the table is full")
		for i := range 2000 {
			a, wait := s.Begin(fmt.Sprint("new ", i), ward)
			require.NotNil(t, a, wait)
			a.Succeeded()
		}
	})
}

// What was not made refuses, and says nothing of what it did not do.
//
// Controls: HIPAA 164.308(a)(5)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestZeroSignIns(t *testing.T) {
	for _, zero := range []*throttle.SignIns{nil, {}} {
		a, wait := zero.Begin("ada", ward)
		require.Nil(t, a)
		require.Positive(t, wait)
		a.Succeeded()
		a.Untried()
		require.Empty(t, report(t, zero))
	}
	new(throttle.Attempt).Succeeded()
	s, err := throttle.NewSignIns(nil)
	require.NoError(t, err)
	require.Equal(t, 10, fails(s, 100, func(int) (string, netip.Addr) { return "ada", ward }))
	require.Equal(t, uint64(1), report(t, s)["accounts"])
}
