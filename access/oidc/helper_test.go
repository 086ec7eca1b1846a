package oidc_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/oidc"
)

const (
	issuerURL = "https://issuer.example"
	audience  = "https://api.example"
)

// signers are the keys of the tests, made once.
var signers = sync.OnceValue(func() map[string]crypto.Signer {
	r, _ := rsa.GenerateKey(rand.Reader, 2048)
	e256, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	e384, _ := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	e521, _ := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	return map[string]crypto.Signer{
		"RS256": r, "RS384": r, "RS512": r, "PS256": r, "PS384": r, "PS512": r,
		"ES256": e256, "ES384": e384, "ES512": e521, "EdDSA": ed, "Ed25519": ed,
	}
})

// An issuer publishes keys. It serves its documents in this process, which a
// bubble of virtual time needs, and by a real server as well.
type issuer struct {
	fetches atomic.Int64

	mu     sync.Mutex
	keys   []map[string]any
	status int
	body   []byte        // instead of the keys
	hang   chan struct{} // until which no answer comes
}

func jwkOf(key crypto.Signer, more map[string]any) map[string]any {
	imported, err := jwk.Import(key.Public())
	if err != nil {
		panic(err)
	}
	document, _ := json.Marshal(imported)
	out := map[string]any{}
	json.Unmarshal(document, &out) //nolint:errcheck // of a test
	maps.Copy(out, more)
	return out
}

func newIssuer(kids ...string) *issuer {
	i := &issuer{status: http.StatusOK}
	for _, alg := range kids {
		i.keys = append(i.keys, jwkOf(signers()[alg], map[string]any{"kid": alg, "alg": alg, "use": "sig"}))
	}
	return i
}

func (i *issuer) set(f func(*issuer)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	f(i)
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	status, body, hang := i.status, i.body, i.hang
	if body == nil {
		body, _ = json.Marshal(map[string]any{"keys": i.keys})
	}
	i.mu.Unlock()
	if r.URL.Path == "/.well-known/openid-configuration" {
		json.NewEncoder(w).Encode(map[string]string{ //nolint:errcheck // of a test
			"issuer": "http://" + r.Host, "jwks_uri": "http://" + r.Host + "/keys",
		})
		return
	}
	i.fetches.Add(1)
	if hang != nil {
		select {
		case <-hang:
		case <-r.Context().Done():
			return
		}
	}
	w.WriteHeader(status)
	w.Write(body) //nolint:errcheck // of a test
}

// RoundTrip serves a request without a network.
func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	i.ServeHTTP(w, r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	return w.Result(), nil
}

func trust(algorithms ...string) oidc.Trust {
	if len(algorithms) == 0 {
		algorithms = []string{"ES256"}
	}
	return oidc.Trust{
		Issuer: issuerURL, Audience: audience, Algorithms: algorithms, MaxLifetime: time.Hour, KeySet: issuerURL + "/keys",
	}
}

func newVerifier(t testing.TB, i *issuer, change func(*oidc.Trust, *oidc.Options)) *oidc.Verifier {
	tr, opts := trust(), &oidc.Options{Client: &http.Client{Transport: i}}
	if change != nil {
		change(&tr, opts)
	}
	v, err := oidc.New(tr, opts)
	require.NoError(t, err)
	return v
}

// claims are those of a good token, with changes; a nil value takes one away.
func claims(changes map[string]any) map[string]any {
	now := time.Now().Unix()
	c := map[string]any{
		"iss": issuerURL, "aud": audience, "sub": "ada", "client_id": "charts", "iat": now, "exp": now + 600,
		"jti": rand.Text(), "scope": "openid user/Patient.rs",
	}
	maps.Copy(c, changes)
	maps.DeleteFunc(c, func(_ string, v any) bool { return v == nil })
	return c
}

// sign makes a token with jwx.
func sign(t testing.TB, alg string, header, c map[string]any) string {
	h := jws.NewHeaders()
	for name, value := range header {
		require.NoError(t, h.Set(name, value))
	}
	a, ok := jwa.LookupSignatureAlgorithm(alg)
	require.True(t, ok)
	payload, err := json.Marshal(c)
	require.NoError(t, err)
	token, err := jws.Sign(payload, jws.WithKey(a, signers()[alg], jws.WithProtectedHeaders(h)))
	require.NoError(t, err)
	return string(token)
}

func header(kid string) map[string]any { return map[string]any{"kid": kid, "typ": "at+jwt"} }

// good makes a token that is good.
func good(t testing.TB, changes map[string]any) string {
	return sign(t, "ES256", header("ES256"), claims(changes))
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// raw signs exactly these texts by ES256.
func raw(key crypto.Signer, header, payload string) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	digest := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, key.(*ecdsa.PrivateKey), digest[:])
	if err != nil {
		panic(err)
	}
	var signature [64]byte
	r.FillBytes(signature[:32])
	s.FillBytes(signature[32:])
	return input + "." + b64(signature[:])
}

func text(t testing.TB, v any) string {
	b, err := json.Marshal(v)
	require.NoError(t, err)
	return string(b)
}

// after lets time pass in a synctest bubble.
func after(d time.Duration) { <-time.NewTimer(d).C }

func refused(t testing.TB, err error, code string) {
	t.Helper()
	e, ok := err.(*oidc.Error)
	require.Truef(t, ok, "%v", err)
	require.Equal(t, code, e.Code)
}

func verify(t testing.TB, v *oidc.Verifier, token string) *oidc.Token {
	t.Helper()
	got, err := v.Verify(context.Background(), token)
	require.NoError(t, err)
	return got
}

// fixed answers for the issuer's configuration, and leaves the rest to it.
type fixed struct {
	issuer *issuer
	status int
	body   string
}

func (f fixed) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Path != "/.well-known/openid-configuration" {
		return f.issuer.RoundTrip(r)
	}
	w := httptest.NewRecorder()
	w.Header().Set("Location", issuerURL+"/keys")
	w.WriteHeader(f.status)
	w.WriteString(f.body) //nolint:errcheck // of a test
	return w.Result(), nil
}

// headerOf returns the header of a token.
func headerOf(t testing.TB, token string) map[string]any {
	first, _, _ := strings.Cut(token, ".")
	document, err := base64.RawURLEncoding.DecodeString(first)
	require.NoError(t, err)
	out := map[string]any{}
	require.NoError(t, json.Unmarshal(document, &out))
	return out
}
