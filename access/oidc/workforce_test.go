package oidc_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/oidc"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

// A registry of the workforce says since when tokens count, and revokes them.
var (
	_ oidc.Epochs       = (*workforce.Registry)(nil)
	_ workforce.Revoker = (*oidc.Verifier)(nil)
)

// No token of an account is taken by a call that starts after the account's
// termination has returned, by 64 goroutines, kept or not; those of others are.
// Before its account was opened, nobody's token is taken.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-05.
func TestTermination(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		registry, err := workforce.New(memstate.New(), &workforce.Options{UnsafeWithoutCutter: true})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- registry.Run(ctx) }()
		defer func() { cancel(); <-ended }()
		synctest.Wait()

		v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.Epochs = registry })
		_, err = v.Verify(ctx, good(t, nil))
		refused(t, err, "oidc.revoked") // there is no such account
		admin := safeguard.Principal{ID: "admin", Kind: safeguard.Person}
		for _, id := range []string{"ada", "bob"} {
			require.NoError(t, registry.Open(ctx, workforce.Opening{Account: id}, workforce.Act{By: admin, Reason: "hired by the clinic"}))
		}
		after(time.Second)
		_, err = v.Verify(ctx, good(t, nil))
		refused(t, err, "oidc.too-early")
		after(time.Minute)
		adas, unseen, bobs := good(t, nil), good(t, nil), good(t, map[string]any{"sub": "bob"})
		verify(t, v, adas)
		verify(t, v, bobs)

		var over atomic.Bool
		var late atomic.Int64
		var wg sync.WaitGroup
		ask := func() {
			for range 10 {
				began := over.Load()
				if _, err := v.Verify(ctx, adas); began && err == nil {
					late.Add(1)
				}
			}
			began := over.Load()
			if _, err := v.Verify(ctx, unseen); began && err == nil {
				late.Add(1)
			}
		}
		for range 64 {
			wg.Go(ask)
		}
		_, err = registry.Terminate(ctx, workforce.Termination{Account: "ada", By: admin, Reason: "left the clinic today"})
		require.NoError(t, err)
		over.Store(true)
		for range 64 {
			wg.Go(ask)
		}
		wg.Wait()
		require.Zero(t, late.Load())
		verify(t, v, bobs)
		after(time.Minute)
		_, err = v.Verify(ctx, good(t, nil))
		refused(t, err, "oidc.revoked")
		cancel()
		synctest.Wait()
		for _, user := range []string{"ada", "bob"} { // a registry that has ended cannot tell
			_, err = v.Verify(t.Context(), good(t, map[string]any{"sub": user}))
			refused(t, err, "oidc.epoch")
			require.ErrorIs(t, err, oidc.ErrUnavailable)
		}
	})
}
