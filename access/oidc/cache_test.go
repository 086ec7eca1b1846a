package oidc_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/oidc"
)

// A token that is kept is the same Token, costs no allocation, and is not kept
// if it is large.
//
// Controls: none, it saves the cost of a signature.
func TestCacheHit(t *testing.T) {
	v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.Epochs = epochs{} })
	token := good(t, map[string]any{"pad": strings.Repeat("x", 400)})
	first := verify(t, v, token)
	require.Same(t, first, verify(t, v, token))
	ctx := t.Context()
	require.Zero(t, testing.AllocsPerRun(100, func() {
		if _, err := v.Verify(ctx, token); err != nil {
			t.Fatal(err)
		}
	}))
	large := good(t, map[string]any{"pad": strings.Repeat("x", 4000)})
	require.NotSame(t, verify(t, v, large), verify(t, v, large))
}

// A token that is kept expires to the nanosecond.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestCacheExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newIssuer("ES256"), nil)
		token := good(t, nil)
		kept := verify(t, v, token)
		after(time.Until(kept.Expires().Add(10*time.Second)) - 1)
		verify(t, v, token)
		after(1)
		_, err := v.Verify(t.Context(), token)
		refused(t, err, "oidc.expired")
		refused(t, v.Live(t.Context(), kept), "oidc.expired")
		_, err = v.Verify(t.Context(), token)
		refused(t, err, "oidc.expired")
	})
}

// A token counts from when the issuer made it, but for what clocks may differ.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestLeeway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newIssuer("ES256"), nil)
		now := time.Now().Unix()
		for _, claim := range []string{"iat", "nbf"} {
			verify(t, v, good(t, map[string]any{claim: now + 10}))
			_, err := v.Verify(t.Context(), good(t, map[string]any{claim: now + 11}))
			refused(t, err, "oidc.not-yet")
		}
	})
}

// A person must sign in again once MaxAge has passed, with a kept token too.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestCacheAges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.MaxAge = time.Minute })
		token := good(t, map[string]any{"auth_time": time.Now().Unix()})
		verify(t, v, token)
		after(70 * time.Second)
		verify(t, v, token)
		after(1)
		_, err := v.Verify(t.Context(), token)
		refused(t, err, "oidc.assurance")
	})
}

// epochs says since when tokens count.
type epochs struct{ of *atomic.Pointer[epoch] }

type epoch struct {
	number uint64
	since  time.Time
	err    error
}

func (e epochs) Epoch(safeguard.Principal) (uint64, time.Time, error) {
	if e.of == nil {
		return 0, time.Time{}, nil
	}
	now := e.of.Load()
	return now.number, now.since, now.err
}

// The principal's epoch is asked for each token, kept or not: one that was
// issued before it is refused, and so is every one if it cannot be learned.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestEpochs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := epochs{&atomic.Pointer[epoch]{}}
		e.of.Store(&epoch{})
		v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.Epochs = e })
		token := good(t, nil)
		verify(t, v, token)
		for _, c := range []struct {
			name string
			now  epoch
			code string
		}{
			{"terminated now", epoch{number: 1, since: time.Now()}, "oidc.revoked"},
			{"issued within the leeway", epoch{number: 1, since: time.Now().Add(-10 * time.Second)}, "oidc.too-early"},
			{"issued a second after", epoch{number: 1, since: time.Now().Add(-time.Second)}, "oidc.too-early"},
			{"issued a second before", epoch{number: 1, since: time.Now().Add(time.Second)}, "oidc.revoked"},
			{"issued after it", epoch{number: 1, since: time.Now().Add(-10*time.Second - 1)}, ""},
			{"at an unknown time", epoch{number: 1}, "oidc.revoked"},
			{"unknown", epoch{err: errors.New("down")}, "oidc.epoch"},
			{"closed", epoch{err: fmt.Errorf("closed: %w", safeguard.ErrPrincipal)}, "oidc.revoked"},
			{"unknown, with a time", epoch{since: time.Unix(1, 0), err: errors.New("down")}, "oidc.epoch"},
			{"never", epoch{}, ""},
		} {
			e.of.Store(&c.now)
			for _, text := range []string{token, good(t, nil)} {
				_, err := v.Verify(t.Context(), text)
				if c.code == "" {
					require.NoError(t, err, c.name)
					continue
				}
				refused(t, err, c.code)
			}
		}
	})
}

// Once Revoke has returned no token of the account from before it is taken, kept
// or new, of this account alone; tokens that are issued later are good.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRevoke(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newIssuer("ES256"), nil)
		kept, unseen, others := good(t, nil), good(t, nil), good(t, map[string]any{"sub": "bob"})
		verify(t, v, kept)
		verify(t, v, others)
		require.NoError(t, v.Revoke(t.Context(), "", "ada"))
		for _, token := range []string{kept, unseen} {
			_, err := v.Verify(t.Context(), token)
			refused(t, err, "oidc.revoked")
		}
		verify(t, v, others)
		require.NoError(t, v.Revoke(t.Context(), "elsewhere", "bob"))
		verify(t, v, others)
		after(11 * time.Second)
		verify(t, v, good(t, nil))
		_, err := v.Verify(t.Context(), kept)
		refused(t, err, "oidc.revoked")
	})
}

// Revocations are bounded, and make room when the last token they are about has
// expired; until then one more is an error, never a promise that is not kept.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRevocationsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newIssuer("ES256"), nil)
		for n := range 1 << 16 {
			require.NoError(t, v.Revoke(t.Context(), "", fmt.Sprint(n)))
		}
		require.ErrorIs(t, v.Revoke(t.Context(), "", "ada"), oidc.ErrUnavailable)
		require.NoError(t, v.Revoke(t.Context(), "", "7"))
		after(time.Hour + 21*time.Second)
		require.NoError(t, v.Revoke(t.Context(), "", "ada"))
	})
}

// No request that starts after Revoke has returned gets in, while 64 goroutines
// use kept and new tokens.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRevokeRace(t *testing.T) {
	v := newVerifier(t, newIssuer("ES256"), nil)
	token := good(t, nil)
	verify(t, v, token)
	var over atomic.Bool
	started := make(chan struct{}, 128)
	var late atomic.Int64
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			for n := 0; n < 60 || !over.Load(); n++ {
				after := over.Load()
				_, err := v.Verify(t.Context(), token)
				if after && err == nil {
					late.Add(1)
				}
				if n == 30 {
					started <- struct{}{}
				}
			}
		})
	}
	<-started
	require.NoError(t, v.Revoke(t.Context(), "", "ada"))
	over.Store(true)
	wg.Wait()
	require.Zero(t, late.Load())
}

// The cache holds as many tokens as it was told, whatever comes, and goes on to
// be right.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestCacheIsBounded(t *testing.T) {
	v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.Cache = 16 })
	tokens := make([]string, 200)
	for n := range tokens {
		tokens[n] = good(t, map[string]any{"sub": fmt.Sprint("user-", n)})
		require.Equal(t, fmt.Sprint("user-", n), verify(t, v, tokens[n]).Principal().ID)
	}
	kept := 0
	for n, token := range tokens {
		before := counter(t, v, "hits")
		require.Equal(t, fmt.Sprint("user-", n), verify(t, v, token).Principal().ID)
		kept += int(counter(t, v, "hits") - before)
	}
	require.LessOrEqual(t, kept, 16)
}

func counter(t testing.TB, r safeguard.Reporter, name string) uint64 {
	observed, err := r.Report(t.Context())
	require.NoError(t, err)
	value, ok := observed[0].Counters[name]
	require.True(t, ok)
	return value
}
