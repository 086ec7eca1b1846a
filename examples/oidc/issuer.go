package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// An issuer is a small identity provider: a discovery document, a key set, and
// tokens.
type issuer struct {
	*httptest.Server
	key    ed25519.PrivateKey
	public ed25519.PublicKey
	kid    string
}

func newIssuer() (*issuer, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	i := &issuer{key: key, public: public, kid: "key-1"}
	i.Server = httptest.NewServer(http.HandlerFunc(i.serve))
	return i, nil
}

func (i *issuer) serve(w http.ResponseWriter, r *http.Request) {
	var document any = map[string]any{"keys": []any{
		map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": i.kid, "alg": "EdDSA", "use": "sig", "x": base64url(i.public)},
	}}
	if strings.HasPrefix(r.URL.Path, "/.well-known/") {
		document = map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/keys"}
	}
	if err := json.NewEncoder(w).Encode(document); err != nil {
		w.WriteHeader(http.StatusInternalServerError)
	}
}

// token makes a token for reading charts, with changes.
func (i *issuer) token(user string, changes map[string]any) (string, error) {
	now := time.Now()
	claims := map[string]any{
		"iss": i.URL, "aud": "charts", "sub": user, "client_id": "app", "iat": float64(now.UnixMilli()) / 1000, "exp": now.Add(10 * time.Minute).Unix(),
		"jti": rand.Text(), "scope": "openid fhirUser user/Patient.r", "acr": "loa3",
	}
	maps.Copy(claims, changes)
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	header, err := json.Marshal(map[string]string{"alg": "EdDSA", "kid": i.kid, "typ": "at+jwt"})
	if err != nil {
		return "", err
	}
	signed := base64url(header) + "." + base64url(payload)
	return signed + "." + base64url(ed25519.Sign(i.key, []byte(signed))), nil
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
