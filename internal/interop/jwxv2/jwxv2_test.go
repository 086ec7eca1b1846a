package jwxv2_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v2/jwa"
	"github.com/lestrrat-go/jwx/v2/jwk"
	"github.com/lestrrat-go/jwx/v2/jws"
	"github.com/lestrrat-go/jwx/v2/jwt"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/oidc"
)

const audience = "https://api.example"

// An issuer is a server whose key set and tokens jwx v2 makes.
type issuer struct {
	*httptest.Server
	keys map[jwa.SignatureAlgorithm]jwk.Key
	set  jwk.Set
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{keys: map[jwa.SignatureAlgorithm]jwk.Key{}, set: jwk.NewSet()}
	r, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	e, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	e384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	for alg, raw := range map[jwa.SignatureAlgorithm]crypto.Signer{jwa.RS256: r, jwa.PS256: r, jwa.ES256: e, jwa.ES384: e384, jwa.EdDSA: ed} {
		key, err := jwk.FromRaw(raw)
		require.NoError(t, err)
		require.NoError(t, key.Set(jwk.KeyIDKey, "k-"+alg.String()))
		require.NoError(t, key.Set(jwk.AlgorithmKey, alg))
		require.NoError(t, key.Set(jwk.KeyUsageKey, jwk.ForSignature))
		public, err := key.PublicKey()
		require.NoError(t, err)
		require.NoError(t, i.set.AddKey(public))
		i.keys[alg] = key
	}
	i.Server = httptest.NewServer(http.HandlerFunc(i.serve))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) serve(w http.ResponseWriter, r *http.Request) {
	var document any = i.set
	if strings.HasPrefix(r.URL.Path, "/.well-known/") {
		document = map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"}
	}
	json.NewEncoder(w).Encode(document) //nolint:errcheck // of a test
}

func (i *issuer) verifier(t *testing.T) *oidc.Verifier {
	v, err := oidc.New(oidc.Trust{
		Issuer: i.URL, Audience: audience, Algorithms: []string{"RS256", "PS256", "ES256", "ES384", "EdDSA"},
		MaxLifetime: time.Hour, Discover: true,
	}, &oidc.Options{Types: []string{"JWT"}})
	require.NoError(t, err)
	return v
}

func (i *issuer) token(t *testing.T) jwt.Token {
	now := time.Now()
	token, err := jwt.NewBuilder().Issuer(i.URL).Audience([]string{audience, "other"}).Subject("ada").JwtID("j-1").
		IssuedAt(now).NotBefore(now).Expiration(now.Add(10*time.Minute)).
		Claim("client_id", "charts").Claim("scope", "user/Patient.rs").Claim("acr", "loa3").Build()
	require.NoError(t, err)
	return token
}

// Tokens and key sets that jwx v2 makes verify, under every algorithm, and are
// read as they were meant.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
func TestTokensVerify(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier(t)
	for alg, key := range i.keys {
		signed, err := jwt.Sign(i.token(t), jwt.WithKey(alg, key))
		require.NoError(t, err)
		token, err := v.Verify(context.Background(), string(signed))
		require.NoError(t, err, alg)
		require.Equal(t, "ada", token.Principal().ID)
		require.Equal(t, "oidc loa3", token.Principal().Method)
		require.Equal(t, "user/Patient.rs", token.Scope())
	}
}

// A key set of jwx v2 without alg and use, as many issuers publish it, verifies.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestBareKeySet(t *testing.T) {
	i := newIssuer(t)
	for n := range i.set.Len() {
		key, _ := i.set.Key(n)
		require.NoError(t, key.Remove(jwk.AlgorithmKey))
		require.NoError(t, key.Remove(jwk.KeyUsageKey))
	}
	v := i.verifier(t)
	for alg, key := range i.keys {
		signed, err := jwt.Sign(i.token(t), jwt.WithKey(alg, key))
		require.NoError(t, err)
		_, err = v.Verify(context.Background(), string(signed))
		require.NoError(t, err, alg)
	}
}

// The names of claims are not escaped by jwx v2 (GHSA-4cf7-xm37-g63h), so who
// chooses a name chooses claims: what makes a claim occur twice is refused, and
// one that is injected otherwise does not become somebody else.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
func TestInjectedClaims(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier(t)
	sign := func(name string) string {
		token := i.token(t)
		require.NoError(t, token.Set(name, true))
		signed, err := jwt.Sign(token, jwt.WithKey(jwa.ES256, i.keys[jwa.ES256]))
		require.NoError(t, err)
		return string(signed)
	}
	for _, name := range []string{`x":0,"sub":"eve","y`, `x":0,"aud":"a","y`, `x":0,"scope":"system/*.cruds","y`} {
		text := sign(name)
		message, err := jws.Parse([]byte(text))
		require.NoError(t, err)
		require.Contains(t, string(message.Payload()), name, "jwx v2 escapes names now")
		_, err = v.Verify(context.Background(), text)
		require.EqualError(t, err, "oidc: refused: oidc.malformed")
	}
	token, err := v.Verify(context.Background(), sign(`x":0,"admin`))
	require.NoError(t, err)
	require.Equal(t, "ada", token.Principal().ID)
	require.Equal(t, "user/Patient.rs", token.Scope())
}

// What jwx v2 signs by a shared secret, or not at all, is refused.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestOtherSignatures(t *testing.T) {
	i := newIssuer(t)
	v := i.verifier(t)
	secret, err := jwk.FromRaw([]byte(strings.Repeat("k", 32)))
	require.NoError(t, err)
	signed, err := jwt.Sign(i.token(t), jwt.WithKey(jwa.HS256, secret))
	require.NoError(t, err)
	_, err = v.Verify(context.Background(), string(signed))
	require.ErrorIs(t, err, oidc.ErrToken)
	unsigned, err := jwt.Sign(i.token(t), jwt.WithInsecureNoSignature())
	require.NoError(t, err)
	_, err = v.Verify(context.Background(), string(unsigned))
	require.ErrorIs(t, err, oidc.ErrToken)
}
