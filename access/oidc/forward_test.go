package oidc_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/oidc"
)

const billing = "https://billing.example"

func forwardKey(t testing.TB) ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	return key
}

// pair returns two services, of which the first is trusted by the second.
func pair(t testing.TB, opts *oidc.ReceiverOptions) (*oidc.Forwarder, *oidc.Receiver, ed25519.PrivateKey) {
	key := forwardKey(t)
	f, err := oidc.NewForwarder(key, "charts", billing)
	require.NoError(t, err)
	r, err := oidc.NewReceiver(billing, map[string][]ed25519.PublicKey{"charts": {key.Public().(ed25519.PublicKey)}}, opts)
	require.NoError(t, err)
	return f, r, key
}

func as(ctx context.Context) context.Context {
	return safeguard.WithPrincipal(ctx, safeguard.Principal{
		ID: "bot", Kind: safeguard.Service, Tenant: "north", Method: "mtls", At: time.Unix(1e9, 0), Session: "s-1", OnBehalfOf: "ada",
	})
}

// Who acts, in which session, for whom and what for arrives as it was sent.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d), 164.312(e)(1); NIST CSF 2.0 PR.AA-01, PR.AA-03, PR.DS-02.
func TestForward(t *testing.T) {
	f, r, _ := pair(t, nil)
	token, err := f.Mint(as(t.Context()), safeguard.Payment)
	require.NoError(t, err)
	got, err := r.Verify(token)
	require.NoError(t, err)
	require.Equal(t, safeguard.Principal{
		ID: "bot", Kind: safeguard.Service, Tenant: "north", Method: "mtls by charts", At: time.Unix(1e9, 0), Session: "s-1", OnBehalfOf: "ada",
	}, got.Principal())
	purposes, limited := got.Purposes()
	require.True(t, limited)
	require.Equal(t, []safeguard.Purpose{safeguard.Payment}, purposes)
	require.LessOrEqual(t, got.Expires().Sub(got.Issued()), time.Minute)
}

// What narrowed the caller narrows at the other end, too.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestForwardNarrows(t *testing.T) {
	f, r, _ := pair(t, nil)
	v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.PurposesClaim = "pou" })
	ctx := verify(t, v, good(t, map[string]any{"pou": "HPAYMT", "scope": "patient/Patient.r", "patient": "p-1"})).Context(t.Context())
	token, err := f.Mint(ctx, safeguard.Payment)
	require.NoError(t, err)
	got, err := r.Verify(token)
	require.NoError(t, err)
	require.Equal(t, "patient/Patient.r", got.Scope())
	require.Equal(t, safeguard.NewPatient("p-1"), got.Patient())
	_, err = f.Mint(ctx, safeguard.Treatment)
	require.ErrorIs(t, err, oidc.ErrForward)
}

// Work that goes on with the context of a caller whose token has expired, or
// whose account was terminated, calls nobody on their behalf.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestForwardEnds(t *testing.T) {
	for name, end := range map[string]func(*oidc.Verifier){
		"expired":    func(*oidc.Verifier) { after(10*time.Minute + 10*time.Second) },
		"terminated": func(v *oidc.Verifier) { v.Revoke(context.Background(), "", "ada") }, //nolint:errcheck // shown by the error
		"distrusted": func(v *oidc.Verifier) { v.Distrust("ES256") },                       //nolint:errcheck // shown by the error
	} {
		synctest.Test(t, func(t *testing.T) {
			f, r, key := pair(t, nil)
			onward, err := oidc.NewForwarder(key, "charts", billing)
			require.NoError(t, err)
			v := newVerifier(t, newIssuer("ES256"), nil)
			ctx := verify(t, v, good(t, nil)).Context(context.WithoutCancel(t.Context()))
			token, err := f.Mint(ctx, safeguard.Payment)
			require.NoError(t, err)
			received, err := r.Verify(token)
			require.NoError(t, err)
			here := received.Context(t.Context())
			end(v)
			_, err = f.Mint(ctx, safeguard.Payment)
			require.ErrorIs(t, err, oidc.ErrForward, name)

			after(time.Until(received.Expires()) - 1)
			if name != "expired" {
				_, err = onward.Mint(here, safeguard.Payment)
				require.NoError(t, err)
			}
			after(1)
			_, err = onward.Mint(here, safeguard.Payment)
			require.ErrorIs(t, err, oidc.ErrForward)
		})
	}
}

// A token counts for 60 seconds and once.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestForwardOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, r, _ := pair(t, nil)
		_, lax, _ := pair(t, nil)
		mint := func() string {
			token, err := f.Mint(as(t.Context()), safeguard.Payment)
			require.NoError(t, err)
			return token
		}
		token, late := mint(), mint()
		_, err := r.Verify(token)
		require.NoError(t, err)
		for range 70 {
			_, err = r.Verify(token)
			require.ErrorIs(t, err, oidc.ErrToken)
			after(time.Second)
		}
		_, err = r.Verify(late)
		refused(t, err, "oidc.expired")
		_, err = lax.Verify(mint())
		refused(t, err, "oidc.key") // another service's
		require.EqualValues(t, 1, counter(t, r, "verified"))
		require.EqualValues(t, 1, counter(t, r, "refused.oidc.expired"))
	})
}

// With the opt-out a token counts as often as it comes, until it expires.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestForwardUnsafeAllowReplay(t *testing.T) {
	f, r, _ := pair(t, &oidc.ReceiverOptions{UnsafeAllowReplay: true})
	token, err := f.Mint(as(t.Context()), safeguard.Payment)
	require.NoError(t, err)
	for range 2 {
		_, err = r.Verify(token)
		require.NoError(t, err)
	}
}

// A Forwarder mints for somebody, for a purpose, and nothing else.
//
// Controls: HIPAA 164.312(d), 164.502(b)(1); NIST CSF 2.0 PR.AA-03.
func TestForwardRefuses(t *testing.T) {
	f, _, key := pair(t, nil)
	_, err := f.Mint(t.Context(), safeguard.Payment)
	require.ErrorIs(t, err, oidc.ErrForward)
	for _, purpose := range []safeguard.Purpose{"", "FUN"} {
		_, err = f.Mint(as(t.Context()), purpose)
		require.ErrorIs(t, err, oidc.ErrForward)
	}
	for _, c := range []struct{ issuer, audience string }{{"", billing}, {"charts", ""}, {"charts", "billing"}, {"charts", billing + "/"}} {
		_, err = oidc.NewForwarder(key, c.issuer, c.audience)
		require.ErrorIs(t, err, oidc.ErrOptions)
	}
	_, err = oidc.NewForwarder(signers()["ES256"], "charts", billing)
	require.ErrorIs(t, err, oidc.ErrOptions)
	_, err = oidc.NewForwarder(nil, "charts", billing)
	require.ErrorIs(t, err, oidc.ErrOptions)
	_, err = oidc.NewReceiver(billing, map[string][]ed25519.PublicKey{"charts": {key.Public().(ed25519.PublicKey)}}, &oidc.ReceiverOptions{Replays: -1})
	require.ErrorIs(t, err, oidc.ErrOptions)
	public := key.Public().(ed25519.PublicKey)
	for _, c := range []struct {
		audience string
		issuers  map[string][]ed25519.PublicKey
		leeway   time.Duration
	}{
		{"", map[string][]ed25519.PublicKey{"charts": {public}}, 0},
		{billing, nil, 0},
		{billing, map[string][]ed25519.PublicKey{"": {public}}, 0},
		{billing, map[string][]ed25519.PublicKey{"charts": {public[:31]}}, 0},
		{billing, map[string][]ed25519.PublicKey{"charts": {public}, "labs": {public}}, 0},
		{billing, map[string][]ed25519.PublicKey{"charts": {public}}, time.Hour},
	} {
		_, err = oidc.NewReceiver(c.audience, c.issuers, &oidc.ReceiverOptions{Leeway: c.leeway})
		require.ErrorIs(t, err, oidc.ErrOptions)
	}
}

// The receiver refuses what a trusted service did not say, or said to another,
// for too long, or of another kind.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
func TestReceiverAttacks(t *testing.T) {
	_, r, key := pair(t, nil)
	stranger := forwardKey(t)
	now := time.Now().Unix()
	type m = map[string]any
	base := func(changes m) m {
		c := m{"iss": "charts", "aud": billing, "jti": rand.Text(), "iat": now, "exp": now + 60, "sub": "ada", "kind": "person", "purposes": []string{"TREAT"}}
		for name, value := range changes {
			c[name] = value
		}
		for name, value := range c {
			if value == nil {
				delete(c, name)
			}
		}
		return c
	}
	kid := thumbprint(t, key)
	head := func(changes m) string {
		return with(t, m{"alg": "EdDSA", "typ": "safeguard-identity+jwt", "kid": kid}, changes)
	}
	forge := func(by ed25519.PrivateKey, header, payload string) string {
		input := b64([]byte(header)) + "." + b64([]byte(payload))
		return input + "." + b64(ed25519.Sign(by, []byte(input)))
	}
	_, err := r.Verify(forge(key, head(nil), text(t, base(nil))))
	require.NoError(t, err)
	for _, c := range []struct{ name, token, code string }{
		{"a stranger's", forge(stranger, head(nil), text(t, base(nil))), "oidc.signature"},
		{"a stranger's key", forge(stranger, head(m{"kid": thumbprint(t, stranger)}), text(t, base(nil))), "oidc.key"},
		{"brings its key", forge(stranger, head(m{"jwk": jwkOf(stranger, nil)}), text(t, base(nil))), "oidc.header"},
		{"an access token", forge(key, head(m{"typ": "at+jwt"}), text(t, base(nil))), "oidc.type"},
		{"without a type", forge(key, head(m{"typ": nil}), text(t, base(nil))), "oidc.type"},
		{"another service's name", forge(key, head(nil), text(t, base(m{"iss": "labs"}))), "oidc.issuer"},
		{"for another service", forge(key, head(nil), text(t, base(m{"aud": "https://labs.example"}))), "oidc.audience"},
		{"for several", forge(key, head(nil), text(t, base(m{"aud": []string{billing, "https://labs.example"}}))), "oidc.audience"},
		{"for 61 s", forge(key, head(nil), text(t, base(m{"exp": now + 61}))), "oidc.lifetime"},
		{"for ever", forge(key, head(nil), text(t, base(m{"exp": nil}))), "oidc.lifetime"},
		{"expired", forge(key, head(nil), text(t, base(m{"iat": now - 120, "exp": now - 61}))), "oidc.expired"},
		{"without an id", forge(key, head(nil), text(t, base(m{"jti": nil}))), "oidc.claim"},
		{"of nobody", forge(key, head(nil), text(t, base(m{"sub": nil}))), "oidc.subject"},
		{"of a shared account", forge(key, head(nil), text(t, base(m{"sub": "guest"}))), "oidc.subject"},
		{"of no kind", forge(key, head(nil), text(t, base(m{"kind": "robot"}))), "oidc.subject"},
		{"without a purpose", forge(key, head(nil), text(t, base(m{"purposes": nil}))), "oidc.claim"},
		{"for two purposes", forge(key, head(nil), text(t, base(m{"purposes": []string{"TREAT", "HPAYMT"}}))), "oidc.claim"},
		{"for no purpose of use", forge(key, head(nil), text(t, base(m{"purposes": []string{"FUN"}}))), "oidc.claim"},
		{"with a scope that is none", forge(key, head(nil), text(t, base(m{"scope": "user/Patient.dus"}))), "oidc.scope"},
		{"a claim twice", forge(key, head(nil), strings.Replace(text(t, base(nil)), `{`, `{"sub":"eve",`, 1)), "oidc.malformed"},
		{"none", b64([]byte(head(m{"alg": "none"}))) + "." + b64([]byte(text(t, base(nil)))) + "." + b64([]byte("x")), "oidc.algorithm"},
	} {
		_, err := r.Verify(c.token)
		refused(t, err, c.code)
	}
}

func thumbprint(t testing.TB, key ed25519.PrivateKey) string {
	f, err := oidc.NewForwarder(key, "x", billing)
	require.NoError(t, err)
	token, err := f.Mint(as(t.Context()), safeguard.Payment)
	require.NoError(t, err)
	return headerOf(t, token)["kid"].(string)
}

// Over the network the identity arrives, plain headers count for nothing, and the
// token goes nowhere but to its audience, not by a redirect either.
//
// Controls: HIPAA 164.312(d), 164.312(e)(1); NIST CSF 2.0 PR.AA-03, PR.DS-02.
func TestForwardTransport(t *testing.T) {
	key := forwardKey(t)
	leaked := 0
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { leaked++ }))
	defer elsewhere.Close()
	var server *httptest.Server
	server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/away" {
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
			return
		}
		receiver, err := oidc.NewReceiver(server.URL, map[string][]ed25519.PublicKey{"charts": {key.Public().(ed25519.PublicKey)}}, nil)
		if err != nil {
			http.Error(w, "", http.StatusInternalServerError)
			return
		}
		recorded(t, receiver.Handler(hello)).ServeHTTP(w, r)
	}))
	defer server.Close()
	f, err := oidc.NewForwarder(key, "charts", server.URL)
	require.NoError(t, err)
	client := &http.Client{Transport: f.Transport(nil, safeguard.Payment)}
	do := func(ctx context.Context, address string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader("x"))
		require.NoError(t, err)
		r.Header.Set("Safeguard-Identity", "eve")
		return client.Do(r)
	}
	answer, err := do(as(t.Context()), server.URL+"/x")
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, "hello bot", body(t, answer))
	for _, address := range []string{elsewhere.URL, server.URL + "/away"} {
		_, err = do(as(t.Context()), address)
		require.ErrorIs(t, err, oidc.ErrForward)
	}
	require.Zero(t, leaked)
	_, err = do(t.Context(), server.URL+"/x")
	require.ErrorIs(t, err, oidc.ErrForward)
	for _, lines := range [][]string{nil, {"ada"}, {"a", "b"}} {
		r, err := http.NewRequest(http.MethodGet, server.URL+"/x", nil)
		require.NoError(t, err)
		r.Header["Safeguard-Identity"] = lines
		r.Header.Set("X-User", "ada")
		answer, err := http.DefaultClient.Do(r)
		require.NoError(t, err)
		io.Copy(io.Discard, answer.Body) //nolint:errcheck // of a test
		answer.Body.Close()
		require.Contains(t, []int{http.StatusUnauthorized, http.StatusBadRequest}, answer.StatusCode)
	}
}

// The receiver's handler stands where it records, and where nobody is identified
// yet.
//
// Controls: HIPAA 164.312(b), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.PS-04.
func TestReceiverMisplaced(t *testing.T) {
	f, r, _ := pair(t, nil)
	token, err := f.Mint(as(t.Context()), safeguard.Payment)
	require.NoError(t, err)
	request := httptest.NewRequest(http.MethodGet, billing, nil)
	request.Header.Set("Safeguard-Identity", token)
	require.Equal(t, http.StatusInternalServerError, serve(r.Handler(hello), request).StatusCode)
	require.Equal(t, http.StatusInternalServerError, serve(recorded(t, r.Handler(hello)), request.WithContext(as(t.Context()))).StatusCode)
	require.Equal(t, http.StatusOK, serve(recorded(t, r.Handler(hello)), request).StatusCode)
}
