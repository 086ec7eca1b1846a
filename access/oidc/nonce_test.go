package oidc_test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/oidc"
)

func withNonces(tr *oidc.Trust, o *oidc.Options) {
	withOrigin(tr, o)
	o.NonceKey = bytes.Repeat([]byte("k"), 32)
}

// Where nonces are asked for, a proof without a current one is refused, with what
// the caller needs to make another; one replica takes the nonce of another.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestNonce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		after(time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)))
		i := newIssuer("ES256")
		v, replica, h := newVerifier(t, i, withNonces), newVerifier(t, i, withNonces), newHolder(t)
		handler := recorded(t, v.Handler(hello))
		answer := serve(handler, h.request(h.proof(t, nil, nil)))
		require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
		require.Equal(t, `DPoP error="use_dpop_nonce"`, answer.Header.Get("WWW-Authenticate"))
		require.Contains(t, body(t, answer), "oidc.nonce")
		nonce := answer.Header.Get("DPoP-Nonce")
		require.Equal(t, v.Nonce(), nonce)
		with := func(nonce any) *http.Request { return h.request(h.proof(t, nil, map[string]any{"nonce": nonce})) }
		answer = serve(handler, with(nonce))
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.Equal(t, nonce, answer.Header.Get("DPoP-Nonce"))

		for _, wrong := range []any{"", "x", nonce + "x", strings.ToLower(nonce)} {
			_, err := v.VerifyRequest(with(wrong))
			refused(t, err, "oidc.nonce")
		}
		_, err := v.VerifyRequest(with(7))
		refused(t, err, "oidc.proof")

		after(2*time.Minute - 1)
		require.NotEqual(t, nonce, v.Nonce())
		_, err = replica.VerifyRequest(with(nonce))
		require.NoError(t, err)
		after(1)
		_, err = v.VerifyRequest(with(nonce))
		refused(t, err, "oidc.nonce")
	})
}

// Nonces are made with a key that cannot be guessed; without one none are asked
// for, and callers are told that proofs are welcome only where they are.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestNonceOptions(t *testing.T) {
	for _, o := range []oidc.Options{{Origin: audience, NonceKey: make([]byte, 31)}, {NonceKey: make([]byte, 32)}} {
		_, err := oidc.New(trust(), &o)
		require.ErrorIs(t, err, oidc.ErrOptions)
	}
	v := newVerifier(t, newIssuer("ES256"), withOrigin)
	require.Empty(t, v.Nonce())
	answer := get(recorded(t, v.Handler(hello)))
	require.Empty(t, answer.Header.Get("DPoP-Nonce"))
	require.True(t, strings.HasPrefix(answer.Header.Get("WWW-Authenticate"), `Bearer, DPoP algs="RS256 `))
	other := newVerifier(t, newIssuer("ES256"), func(tr *oidc.Trust, o *oidc.Options) {
		withNonces(tr, o)
		o.NonceKey[0]++
	})
	require.NotEqual(t, newVerifier(t, newIssuer("ES256"), withNonces).Nonce(), other.Nonce())
}
