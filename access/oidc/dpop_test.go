package oidc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/oidc"
)

// A holder has a token that is bound to its key.
type holder struct {
	key   *ecdsa.PrivateKey
	token string
}

func newHolder(t testing.TB) *holder {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return &holder{key: key, token: good(t, map[string]any{"cnf": map[string]any{"jkt": thumbprintOf(t, key)}})}
}

func thumbprintOf(t testing.TB, key *ecdsa.PrivateKey) string {
	public, err := jwk.Import(key.Public())
	require.NoError(t, err)
	digest, err := public.Thumbprint(5) // crypto.SHA256
	require.NoError(t, err)
	return b64(digest)
}

// proof makes a proof for GET /x, with changes of its header and claims.
func (h *holder) proof(t testing.TB, header, claims map[string]any) string {
	ath := sha256.Sum256([]byte(h.token))
	head := map[string]any{"typ": "dpop+jwt", "alg": "ES256", "jwk": jwkOf(h.key, nil)}
	c := map[string]any{"jti": rand.Text(), "htm": "GET", "htu": audience + "/x", "iat": time.Now().Unix(), "ath": b64(ath[:])}
	maps.Copy(head, header)
	return raw(h.key, text(t, head), with(t, c, claims))
}

func (h *holder) request(proofs ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, audience+"/x", nil)
	r.Header.Set("Authorization", "DPoP "+h.token)
	r.Header["Dpop"] = proofs
	return r
}

func withOrigin(_ *oidc.Trust, o *oidc.Options) { o.Origin = audience }

// A bound token counts with a proof of its key, each proof once.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestProof(t *testing.T) {
	v, h := newVerifier(t, newIssuer("ES256"), withOrigin), newHolder(t)
	proof := h.proof(t, nil, nil)
	got, err := v.VerifyRequest(h.request(proof))
	require.NoError(t, err)
	require.True(t, got.Bound())
	_, err = v.VerifyRequest(h.request(proof))
	refused(t, err, "oidc.replay")
	_, err = v.VerifyRequest(h.request(h.proof(t, nil, nil)))
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, serve(recorded(t, v.Handler(hello)), h.request(h.proof(t, nil, nil))).StatusCode)
	_, err = v.Verify(t.Context(), h.token)
	refused(t, err, "oidc.proof")
}

// A proof counts for 60 seconds around its making, and is not forgotten before.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestProofWindow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, h := newVerifier(t, newIssuer("ES256"), withOrigin), newHolder(t)
		once := h.proof(t, nil, nil)
		_, err := v.VerifyRequest(h.request(once))
		require.NoError(t, err)
		late, never := h.proof(t, nil, nil), h.proof(t, nil, nil)
		for range 69 {
			after(time.Second)
			_, err = v.VerifyRequest(h.request(once))
			require.ErrorIs(t, err, oidc.ErrToken)
		}
		_, err = v.VerifyRequest(h.request(late))
		require.NoError(t, err)
		after(time.Second)
		_, err = v.VerifyRequest(h.request(never))
		refused(t, err, "oidc.proof")
		_, err = v.VerifyRequest(h.request(h.proof(t, nil, map[string]any{"iat": time.Now().Unix() + 11})))
		refused(t, err, "oidc.proof")
		_, err = v.VerifyRequest(h.request(h.proof(t, nil, map[string]any{"iat": time.Now().Unix() + 10})))
		require.NoError(t, err)
	})
}

// Every proof that is not one of this key, for this token, this method and this
// address is refused, and so is a token that comes in the wrong way.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestProofAttacks(t *testing.T) {
	type m = map[string]any
	h, other := newHolder(t), newHolder(t)
	secret := jwkOf(h.key, m{"d": b64(make([]byte, 32))})
	var doubled json.RawMessage = []byte(`{"kty":"EC","kty":"EC"}`)
	bearer := h.request(h.proof(t, nil, nil))
	bearer.Header.Set("Authorization", "Bearer "+h.token)
	unbound := h.request(h.proof(t, nil, nil))
	unbound.Header.Set("Authorization", "DPoP "+good(t, nil))
	elsewhere := h.request(h.proof(t, nil, nil))
	elsewhere.RequestURI = "/y"
	put := h.request(h.proof(t, nil, nil))
	put.Method = http.MethodPut
	twoWays := &holder{key: h.key}
	binding := m{"jkt": thumbprintOf(t, h.key), "x5t#S256": b64(make([]byte, 32))}
	twoWays.token = good(t, m{"cnf": binding})
	for name, r := range map[string]*http.Request{
		"bound to a certificate, too": twoWays.request(twoWays.proof(t, nil, nil)),
		"no proof":                    h.request(),
		"an empty proof":              h.request(""),
		"two proofs":                  h.request(h.proof(t, nil, nil), h.proof(t, nil, nil)),
		"no token but a proof":        h.request("x.y.z"),
		"another's proof":             h.request(other.proof(t, nil, nil)),
		"another's, for this token":   h.request((&holder{other.key, h.token}).proof(t, nil, nil)),
		"another's key":               h.request(h.proof(t, m{"jwk": jwkOf(other.key, nil)}, nil)),
		"another's signature":         h.request(other.proof(t, m{"jwk": jwkOf(h.key, nil)}, nil)),
		"private key":                 h.request(h.proof(t, m{"jwk": secret}, nil)),
		"symmetric key":               h.request(h.proof(t, m{"jwk": m{"kty": "oct", "k": "c2VjcmV0"}}, nil)),
		"no key":                      h.request(h.proof(t, m{"jwk": nil}, nil)),
		"a key twice":                 h.request(h.proof(t, m{"jwk": doubled}, nil)),
		"a key by its address":        h.request(h.proof(t, m{"jku": "https://evil.example"}, nil)),
		"HS256":                       h.request(h.proof(t, m{"alg": "HS256"}, nil)),
		"none":                        h.request(h.proof(t, m{"alg": "none"}, nil)),
		"another type":                h.request(h.proof(t, m{"typ": "JWT"}, nil)),
		"crit":                        h.request(h.proof(t, m{"crit": []string{"x"}}, nil)),
		"another method":              h.request(h.proof(t, nil, m{"htm": "POST"})),
		"method in another case":      h.request(h.proof(t, nil, m{"htm": "get"})),
		"another path":                h.request(h.proof(t, nil, m{"htu": audience + "/y"})),
		"another host":                h.request(h.proof(t, nil, m{"htu": "https://evil.example/x"})),
		"no method":                   h.request(h.proof(t, nil, m{"htm": nil})),
		"no address":                  h.request(h.proof(t, nil, m{"htu": nil})),
		"no id":                       h.request(h.proof(t, nil, m{"jti": nil})),
		"a long id":                   h.request(h.proof(t, nil, m{"jti": b64(make([]byte, 300))})),
		"a large proof":               h.request(h.proof(t, nil, m{"pad": strings.Repeat("x", 4<<10)})),
		"no time":                     h.request(h.proof(t, nil, m{"iat": nil})),
		"time is text":                h.request(h.proof(t, nil, m{"iat": "now"})),
		"old":                         h.request(h.proof(t, nil, m{"iat": time.Now().Unix() - 75})),
		"of the future":               h.request(h.proof(t, nil, m{"iat": time.Now().Unix() + 30})),
		"for no token":                h.request(h.proof(t, nil, m{"ath": nil})),
		"for another token":           h.request(h.proof(t, nil, m{"ath": b64(make([]byte, 32))})),
		"the token for a proof":       h.request(h.token),
		"sent to another address":     elsewhere,
		"sent by another method":      put,
		"bound token as a bearer":     bearer,
		"unbound token with proof":    unbound,
	} {
		t.Run(name, func(t *testing.T) {
			v := newVerifier(t, newIssuer("ES256"), withOrigin)
			_, err := v.VerifyRequest(r)
			refused(t, err, "oidc.proof")
		})
	}
	t.Run("no origin is configured", func(t *testing.T) {
		_, err := newVerifier(t, newIssuer("ES256"), nil).VerifyRequest(h.request(h.proof(t, nil, nil)))
		refused(t, err, "oidc.proof")
	})
	t.Run("the Host header", func(t *testing.T) {
		r := h.request(h.proof(t, nil, map[string]any{"htu": "https://evil.example/x"}))
		r.Host = "evil.example"
		_, err := newVerifier(t, newIssuer("ES256"), withOrigin).VerifyRequest(r)
		refused(t, err, "oidc.proof")
	})
}
