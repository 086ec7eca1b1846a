package oidc_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/oidc"
)

// garbage is a token of a key that nobody has, as anybody can make it.
func garbage(kid string) string {
	return b64([]byte(`{"alg":"ES256","typ":"at+jwt","kid":"`+kid+`"}`)) + "." + b64([]byte(`{}`)) + "." + b64(make([]byte, 64))
}

// 5,000 garbage tokens (100,000 in a soak), each of another unknown key, make at most one fetch in
// 30 seconds; bad signatures by a known key make none.
//
// Controls: HIPAA 164.312(d), 164.308(a)(1)(ii)(A); NIST CSF 2.0 PR.AA-03, ID.RA-01.
func TestGarbageDoesNotFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer("ES256")
		v := newVerifier(t, i, func(_ *oidc.Trust, o *oidc.Options) { o.Refresh, o.MaxStale = 2*time.Hour, 3*time.Hour })
		verify(t, v, good(t, nil))
		require.EqualValues(t, 1, i.fetches.Load())
		tokens, each := 5_000, 80*time.Millisecond
		if os.Getenv("SAFEGUARD_SOAK") == "1" {
			tokens, each = 100_000, 20*time.Millisecond
			defer func() { fmt.Printf("soak: oidc garbage tokens %d fetches %d\n", tokens, i.fetches.Load()) }()
		}
		for range tokens / 100 {
			for range 100 {
				_, err := v.Verify(t.Context(), garbage(rand.Text()))
				require.ErrorIs(t, err, oidc.ErrToken)
			}
			after(100 * each)
		}
		intervals := int64(time.Duration(tokens) * each / (30 * time.Second))
		require.LessOrEqual(t, i.fetches.Load(), intervals+1)
		require.Greater(t, i.fetches.Load(), intervals/2) // the count counts

		before := i.fetches.Load()
		for range tokens / 2 {
			_, err := v.Verify(t.Context(), garbage("ES256"))
			refused(t, err, "oidc.signature")
		}
		require.Equal(t, before, i.fetches.Load())
	})
}

// A new key is accepted by one fetch, if the last was long enough ago, and a
// withdrawn one is refused from then on, also for tokens that are kept.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestRotation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer("ES256")
		v := newVerifier(t, i, func(tr *oidc.Trust, _ *oidc.Options) { tr.Algorithms = []string{"ES256", "EdDSA"} })
		old, fresh := good(t, nil), sign(t, "EdDSA", header("EdDSA"), claims(nil))
		kept := verify(t, v, old)
		i.set(func(i *issuer) { i.keys = newIssuer("EdDSA").keys })
		_, err := v.Verify(t.Context(), fresh)
		refused(t, err, "oidc.key") // within the interval nobody asks
		after(30 * time.Second)
		verify(t, v, fresh)
		require.EqualValues(t, 2, i.fetches.Load())
		_, err = v.Verify(t.Context(), old)
		refused(t, err, "oidc.key")
		refused(t, v.Live(t.Context(), kept), "oidc.key")
	})
}

// A withdrawn key is refused at the next refresh without any unknown key id, and
// a key that comes back under the same id is another key.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestPeriodicRefresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer("ES256")
		v := newVerifier(t, i, nil)
		token := good(t, nil)
		verify(t, v, token)
		i.set(func(i *issuer) { i.keys = []map[string]any{jwkOf(signers()["ES384"], map[string]any{"kid": "ES256"})} })
		i.set(func(i *issuer) { i.hang = make(chan struct{}) })
		after(150*time.Second - 1)
		verify(t, v, token)
		synctest.Wait()
		require.EqualValues(t, 1, i.fetches.Load())
		after(1)
		verify(t, v, token) // begins a fetch, which hangs, and does not wait for it
		synctest.Wait()
		require.EqualValues(t, 2, i.fetches.Load())
		verify(t, v, token)
		i.set(func(i *issuer) { close(i.hang); i.hang = nil })
		synctest.Wait()
		_, err := v.Verify(t.Context(), token)
		refused(t, err, "oidc.key")
		require.EqualValues(t, 2, i.fetches.Load())
	})
}

// In a service that is not in use, too, no key counts longer than Refresh after
// it was withdrawn: the first request then waits for the keys.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestIdleRefresh(t *testing.T) {
	for _, idle := range []time.Duration{5 * time.Minute, 50 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			i := newIssuer("ES256")
			v := newVerifier(t, i, func(tr *oidc.Trust, _ *oidc.Options) { tr.MaxLifetime = 2 * time.Hour })
			token := good(t, map[string]any{"exp": time.Now().Unix() + 7200})
			verify(t, v, token)
			i.set(func(i *issuer) { i.keys = []map[string]any{} })
			after(idle)
			_, err := v.Verify(t.Context(), token)
			refused(t, err, "oidc.key")
		})
	}
}

// While the issuer does not answer, the last good keys count up to MaxStale, and
// nothing after that; once it answers, everything is well. It is asked no more
// often than when it is well.
//
// Controls: HIPAA 164.312(d), 164.308(a)(7)(ii)(C); NIST CSF 2.0 PR.AA-03, PR.IR-04.
func TestKeepsLastGood(t *testing.T) {
	for name, fail := range map[string]func(*issuer){
		"an error":    func(i *issuer) { i.status = http.StatusBadGateway },
		"nonsense":    func(i *issuer) { i.body = []byte(`{"keys":7}`) },
		"a message":   func(i *issuer) { i.body = []byte(`{"error":"maintenance"}`) },
		"null":        func(i *issuer) { i.body = []byte(`{"keys":null}`) },
		"no answer":   func(i *issuer) { i.hang = make(chan struct{}) },
		"a long page": func(i *issuer) { i.body = make([]byte, 513<<10) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				i := newIssuer("ES256")
				v := newVerifier(t, i, nil)
				verify(t, v, good(t, nil))
				start := time.Now()
				i.set(fail)
				for time.Since(start) < time.Hour-30*time.Second {
					after(20 * time.Second)
					verify(t, v, good(t, nil))
				}
				require.LessOrEqual(t, i.fetches.Load(), int64(time.Since(start)/(30*time.Second))+1)
				after(time.Until(start.Add(time.Hour)))
				_, err := v.Verify(t.Context(), good(t, nil))
				refused(t, err, "oidc.keys")
				require.ErrorIs(t, err, oidc.ErrUnavailable)
				i.set(func(i *issuer) {
					i.status, i.body = http.StatusOK, nil
					if i.hang != nil {
						close(i.hang)
						i.hang = nil
					}
				})
				after(time.Minute)
				_, _ = v.Verify(t.Context(), good(t, nil)) // begins a fetch, and may not wait for it
				synctest.Wait()
				verify(t, v, good(t, nil))
			})
		})
	}
}

// An issuer that hangs holds up nobody once it is known to, and one caller's
// impatience does not take the keys from the others.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer("ES256")
		i.hang = make(chan struct{})
		v := newVerifier(t, i, nil)
		impatient, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		var gaveUp error
		wg.Go(func() { _, gaveUp = v.Verify(impatient, good(t, nil)) })
		synctest.Wait()
		results := make([]error, 50)
		for n := range results {
			wg.Go(func() { _, results[n] = v.Verify(t.Context(), good(t, nil)) })
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		refused(t, gaveUp, "oidc.keys")
		close(i.hang)
		wg.Wait()
		for _, err := range results {
			require.NoError(t, err)
		}
		require.EqualValues(t, 1, i.fetches.Load())
	})
}

// An issuer that is known to hang holds up nobody, though it is asked again and
// again.
//
// Controls: HIPAA 164.312(d), 164.308(a)(7)(ii)(C); NIST CSF 2.0 PR.AA-03, PR.IR-04.
func TestHangingIssuerHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer("ES256")
		v := newVerifier(t, i, nil)
		verify(t, v, good(t, nil))
		i.set(func(i *issuer) { i.hang = make(chan struct{}) })
		after(3 * time.Minute)
		verify(t, v, good(t, nil)) // begins a fetch
		after(3 * time.Minute)
		fetches := i.fetches.Load()
		for range 120 {
			before := time.Now()
			verify(t, v, good(t, nil))
			require.Equal(t, before, time.Now())
			after(time.Second)
		}
		require.Equal(t, fetches+4, i.fetches.Load())
	})
}

// Distrust is immediate, for tokens that are kept as well, for the same key
// under another id, and whatever the issuer goes on to publish.
//
// Controls: HIPAA 164.312(d), 164.308(a)(6)(ii); NIST CSF 2.0 PR.AA-03, RS.MI-01.
func TestDistrust(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer("ES256", "EdDSA")
		v := newVerifier(t, i, func(tr *oidc.Trust, _ *oidc.Options) { tr.Algorithms = []string{"ES256", "EdDSA"} })
		token := good(t, nil)
		kept := verify(t, v, token)
		require.NoError(t, v.Distrust("ES256"))
		_, err := v.Verify(t.Context(), token)
		refused(t, err, "oidc.key")
		_, err = v.Verify(t.Context(), good(t, nil))
		refused(t, err, "oidc.key")
		refused(t, v.Live(t.Context(), kept), "oidc.key")
		verify(t, v, sign(t, "EdDSA", header("EdDSA"), claims(nil)))

		i.set(func(i *issuer) {
			i.keys = append(i.keys, jwkOf(signers()["ES256"], map[string]any{"kid": "again"}))
		})
		after(10 * time.Minute)
		_, err = v.Verify(t.Context(), good(t, nil))
		refused(t, err, "oidc.key")
		_, err = v.Verify(t.Context(), sign(t, "ES256", header("again"), claims(nil)))
		refused(t, err, "oidc.key")
		require.EqualValues(t, 2, i.fetches.Load())
	})
}

// Tokens of a key that is distrusted are no reason to ask the issuer.
//
// Controls: HIPAA 164.312(d), 164.308(a)(1)(ii)(A); NIST CSF 2.0 PR.AA-03, ID.RA-01.
func TestDistrustDoesNotFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer("ES256", "EdDSA")
		v := newVerifier(t, i, nil)
		verify(t, v, good(t, nil))
		require.NoError(t, v.Distrust("ES256"))
		after(time.Minute)
		_, err := v.Verify(t.Context(), good(t, nil))
		refused(t, err, "oidc.key")
		require.EqualValues(t, 1, i.fetches.Load())
	})
}

// A key that is distrusted before it was ever seen, as when a process starts,
// counts under no other id either.
//
// Controls: HIPAA 164.312(d), 164.308(a)(6)(ii); NIST CSF 2.0 PR.AA-03, RS.MI-01.
func TestDistrustAheadIsOfTheKey(t *testing.T) {
	i := newIssuer("ES256")
	i.keys = append([]map[string]any{jwkOf(signers()["ES256"], map[string]any{"kid": "again"})}, i.keys...)
	v := newVerifier(t, i, nil)
	require.NoError(t, v.Distrust("ES256"))
	for _, kid := range []string{"ES256", "again"} {
		_, err := v.Verify(t.Context(), sign(t, "ES256", header(kid), claims(nil)))
		refused(t, err, "oidc.key")
	}
}

// A key is distrusted before it was ever seen, and the list of such is bounded.
//
// Controls: HIPAA 164.312(d), 164.308(a)(6)(ii); NIST CSF 2.0 PR.AA-03, RS.MI-01.
func TestDistrustAhead(t *testing.T) {
	v := newVerifier(t, newIssuer("ES256"), nil)
	require.NoError(t, v.Distrust("ES256"))
	_, err := v.Verify(t.Context(), good(t, nil))
	refused(t, err, "oidc.key")
	for range 999 {
		require.NoError(t, v.Distrust(rand.Text()))
	}
	require.ErrorIs(t, v.Distrust("one more"), oidc.ErrUnavailable)
	require.NoError(t, v.Distrust("ES256"))
}

// However many requests name unknown keys while an issuer hangs, only so many
// wait for it.
//
// Controls: HIPAA 164.312(d), 164.308(a)(7)(ii)(C); NIST CSF 2.0 PR.AA-03, PR.IR-04.
func TestWaitersAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := newIssuer("ES256")
		i.hang = make(chan struct{})
		v := newVerifier(t, i, nil)
		var wg sync.WaitGroup
		var done atomic.Int64
		for range 1200 {
			wg.Go(func() {
				if _, err := v.Verify(t.Context(), garbage("x")); err == nil {
					t.Error("garbage was let in")
				}
				done.Add(1)
			})
		}
		synctest.Wait()
		require.EqualValues(t, 1200-1024, done.Load())
		close(i.hang)
		wg.Wait()
		require.EqualValues(t, 1, i.fetches.Load())
	})
}
