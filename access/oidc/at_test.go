package oidc_test

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/oidc"
)

// A token that was refreshed, exchanged or forwarded is no fresh sign-in, as
// breaking the glass asks for: when a person signed in says "auth_time", or
// nothing does. A service signs in for each token.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestNoFreshSignIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newIssuer("ES256"), nil)
		signedIn := time.Now().Add(-20 * time.Minute)
		for _, c := range []struct {
			name   string
			claims map[string]any
			want   time.Time
		}{
			{"a person", map[string]any{"auth_time": signedIn.Unix()}, signedIn},
			{"a person, without auth_time", nil, time.Time{}},
			{"a service", map[string]any{"sub": "charts"}, time.Now()},
		} {
			want := func(got time.Time) { require.True(t, got.Equal(c.want), "%s: %v", c.name, got) }
			token := verify(t, v, good(t, c.claims))
			want(token.Principal().At)

			f, r, _ := pair(t, nil)
			identity, err := f.Mint(token.Context(t.Context()), safeguard.Treatment)
			require.NoError(t, err)
			forwarded, err := r.Verify(identity)
			require.NoError(t, err)
			want(forwarded.Principal().At)
		}
	})
}

// In a session the sign-in is the one at the issuer, not the exchange.
//
// Controls: HIPAA 164.312(a)(2)(ii), 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestExchangeIsNoSignIn(t *testing.T) {
	v, s := newVerifier(t, newIssuer("ES256"), nil), &sessions{}
	x, err := oidc.NewExchange(v, s)
	require.NoError(t, err)
	var seen safeguard.Principal
	routes := recorded(t, s.handler(x.Handler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		seen, _ = safeguard.PrincipalFrom(r.Context())
	}))))
	signedIn := time.Now().Add(-20 * time.Minute).Unix()
	for n, c := range []struct {
		claim any
		want  time.Time
	}{{signedIn, time.Unix(signedIn, 0)}, {nil, time.Time{}}} {
		id := []string{"s-1", "s-2"}[n]
		require.Equal(t, http.StatusOK, serve(recorded(t, x), post(good(t, map[string]any{"auth_time": c.claim}))).StatusCode)
		require.Equal(t, http.StatusOK, serve(routes, in(id, "ada")).StatusCode)
		require.Equal(t, id, seen.Session)
		require.True(t, seen.At.Equal(c.want), seen.At)
	}
}
