package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwa"
	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jws"
)

// An issuer is a small identity provider: a discovery document, a key set, and
// tokens.
type issuer struct {
	*httptest.Server
	key *ecdsa.PrivateKey
	kid string
	set jwk.Set
}

func newIssuer() (*issuer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	public, err := jwk.Import(key.Public())
	if err != nil {
		return nil, err
	}
	i := &issuer{key: key, kid: "key-1", set: jwk.NewSet()}
	if err := public.Set(jwk.KeyIDKey, i.kid); err != nil {
		return nil, err
	}
	if err := i.set.AddKey(public); err != nil {
		return nil, err
	}
	i.Server = httptest.NewServer(http.HandlerFunc(i.serve))
	return i, nil
}

func (i *issuer) serve(w http.ResponseWriter, r *http.Request) {
	var document any = i.set
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
		"iss": i.URL, "aud": "charts", "sub": user, "client_id": "app", "iat": now.Unix(), "exp": now.Add(10 * time.Minute).Unix(),
		"jti": rand.Text(), "scope": "openid fhirUser user/Patient.r", "acr": "loa3",
	}
	maps.Copy(claims, changes)
	payload, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	header := jws.NewHeaders()
	if err := header.Set(jws.KeyIDKey, i.kid); err != nil {
		return "", err
	}
	if err := header.Set(jws.TypeKey, "at+jwt"); err != nil {
		return "", err
	}
	token, err := jws.Sign(payload, jws.WithKey(jwa.ES256(), i.key, jws.WithProtectedHeaders(header)))
	return string(token), err
}
