package oidc_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/oidc"
)

// with returns the JSON of a good header or of good claims, with changes.
func with(t testing.TB, base map[string]any, changes map[string]any) string {
	out := maps.Clone(base)
	maps.Copy(out, changes)
	maps.DeleteFunc(out, func(_ string, v any) bool { return v == nil })
	return text(t, out)
}

// Every attack on a token is refused, by the gate that is meant for it. All but
// the forged ones are signed by the issuer's own key.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
func TestAttacks(t *testing.T) {
	key := signers()["ES256"]
	stranger, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	head := map[string]any{"alg": "ES256", "kid": "ES256", "typ": "at+jwt"}
	h := func(changes map[string]any) string { return with(t, head, changes) }
	c := func(changes map[string]any) string { return text(t, claims(changes)) }
	now := time.Now().Unix()
	type m = map[string]any
	hs256 := func(secret []byte, header string) string {
		input := b64([]byte(header)) + "." + b64([]byte(c(nil)))
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return input + "." + b64(mac.Sum(nil))
	}
	public, err := x509.MarshalPKIXPublicKey(signers()["RS256"].(*rsa.PrivateKey).Public())
	require.NoError(t, err)
	asPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public})
	sound := raw(key, h(nil), c(nil))
	parts := strings.Split(sound, ".")
	twice := strings.Replace(c(nil), `"sub":"ada"`, `"sub":"eve","sub":"ada"`, 1)
	escaped := strings.Replace(c(nil), `"sub":"ada"`, `"sub":"eve","s\u0075b":"ada"`, 1)
	deep := strings.Replace(c(nil), `{`, `{"a":`+strings.Repeat("[", 40)+strings.Repeat("]", 40)+`,`, 1)

	for _, a := range []struct{ name, token, code string }{
		// Nothing, or not a token.
		{"empty", "", "oidc.malformed"},
		{"one part", "abc", "oidc.malformed"},
		{"two parts", parts[0] + "." + parts[1], "oidc.malformed"},
		{"four parts", sound + ".", "oidc.malformed"},
		{"encrypted", strings.Join([]string{parts[0], "", parts[1], parts[1], parts[2]}, "."), "oidc.malformed"},
		{"JSON serialization", `{"protected":"` + parts[0] + `","payload":"` + parts[1] + `","signature":"` + parts[2] + `"}`, "oidc.malformed"},
		{"too large", raw(key, h(nil), c(m{"x": strings.Repeat("x", oidc.MaxToken)})), "oidc.malformed"},
		{"padded", parts[0] + "=." + parts[1] + "." + parts[2], "oidc.malformed"},
		{"line breaks", parts[0] + "\n." + parts[1] + "." + parts[2], "oidc.malformed"},
		{"another spelling of the signature", parts[0] + "." + parts[1] + "." + respell(parts[2]), "oidc.malformed"},
		{"header is an array", raw(key, `["ES256"]`, c(nil)), "oidc.malformed"},
		{"header names alg twice", raw(key, `{"alg":"none","alg":"ES256","kid":"ES256","typ":"at+jwt"}`, c(nil)), "oidc.malformed"},

		// The algorithm is the verifier's to choose.
		{"none", b64([]byte(h(m{"alg": "none"}))) + "." + parts[1] + ".", "oidc.malformed"},
		{"none with a signature", raw(key, h(m{"alg": "none"}), c(nil)), "oidc.algorithm"},
		{"None", raw(key, h(m{"alg": "None"}), c(nil)), "oidc.algorithm"},
		{"no alg", raw(key, h(m{"alg": nil}), c(nil)), "oidc.algorithm"},
		{"alg is a list", raw(key, h(m{"alg": []string{"ES256"}}), c(nil)), "oidc.algorithm"},
		{"HS256 by the RSA key", hs256(asPEM, h(m{"alg": "HS256", "kid": "RS256"})), "oidc.algorithm"},
		{"HS256 by the key's bytes", hs256(public, h(m{"alg": "HS256"})), "oidc.algorithm"},
		{"an algorithm that was not chosen", sign(t, "ES384", header("ES384"), claims(nil)), "oidc.algorithm"},
		{"an algorithm that is not the key's", raw(key, h(m{"alg": "RS256"}), c(nil)), "oidc.signature"},
		{"an algorithm the key is not for", sign(t, "PS256", header("RS256"), claims(nil)), "oidc.signature"},

		// The key is the verifier's to choose.
		{"kid of nobody", raw(stranger, h(m{"kid": "evil"}), c(nil)), "oidc.key"},
		{"kid as a path", raw(stranger, h(m{"kid": "../../dev/null"}), c(nil)), "oidc.key"},
		{"kid as SQL", raw(stranger, h(m{"kid": "x' UNION SELECT 'k"}), c(nil)), "oidc.key"},
		{"kid is a number", raw(key, h(m{"kid": 1}), c(nil)), "oidc.header"},
		{"no kid among several keys", raw(key, h(m{"kid": nil}), c(nil)), "oidc.key"},
		{"kid of another key", raw(key, h(m{"kid": "EdDSA"}), c(nil)), "oidc.signature"},
		{"jwk", raw(stranger, h(m{"jwk": jwkOf(stranger, nil)}), c(nil)), "oidc.header"},
		{"jku", raw(stranger, h(m{"jku": "https://evil.example/keys"}), c(nil)), "oidc.header"},
		{"x5u", raw(stranger, h(m{"x5u": "https://evil.example/cert"}), c(nil)), "oidc.header"},
		{"x5c", raw(stranger, h(m{"x5c": []string{"MII="}}), c(nil)), "oidc.header"},
		{"crit", raw(key, h(m{"crit": []string{"exp"}}), c(nil)), "oidc.header"},
		{"crit is empty", raw(key, h(m{"crit": []string{}}), c(nil)), "oidc.header"},
		{"b64", raw(key, h(m{"b64": false}), c(nil)), "oidc.header"},
		{"zip", raw(key, h(m{"zip": "DEF"}), c(nil)), "oidc.header"},
		{"nested", raw(key, h(m{"cty": "JWT"}), c(nil)), "oidc.header"},

		// The signature.
		{"a stranger's", raw(stranger, h(nil), c(nil)), "oidc.signature"},
		{"of zeros", parts[0] + "." + parts[1] + "." + b64(make([]byte, 64)), "oidc.signature"},
		{"none at all", parts[0] + "." + parts[1] + ".", "oidc.malformed"},
		{"cut short", parts[0] + "." + parts[1] + "." + b64(make([]byte, 63)), "oidc.signature"},
		{"of other claims", parts[0] + "." + b64([]byte(c(m{"sub": "eve"}))) + "." + parts[2], "oidc.signature"},
		{"of another header", b64([]byte(h(m{"x": 1}))) + "." + parts[1] + "." + parts[2], "oidc.signature"},

		// The claims.
		{"no claims", raw(key, h(nil), `{}`), "oidc.issuer"},
		{"claims are text", raw(key, h(nil), `"ada"`), "oidc.malformed"},
		{"more behind the claims", raw(key, h(nil), c(nil)+`{"sub":"eve"}`), "oidc.malformed"},
		{"a claim twice", raw(key, h(nil), twice), "oidc.malformed"},
		{"a claim twice, once escaped", raw(key, h(nil), escaped), "oidc.malformed"},
		{"a claim twice, deep", raw(key, h(nil), c(m{"x": json.RawMessage(`[{"a":1,"a":2}]`)})), "oidc.malformed"},
		{"very many claims", raw(key, h(nil), c(m{"x": make([]int, 5000)})), "oidc.malformed"},
		{"deep claims", raw(key, h(nil), deep), "oidc.malformed"},
		{"claims are not UTF-8", raw(key, h(nil), strings.Replace(c(nil), "ada", "a\xffa", 1)), "oidc.malformed"},
		{"another issuer", raw(key, h(nil), c(m{"iss": "https://evil.example"})), "oidc.issuer"},
		{"the issuer with a slash", raw(key, h(nil), c(m{"iss": issuerURL + "/"})), "oidc.issuer"},
		{"a list of issuers", raw(key, h(nil), c(m{"iss": []string{issuerURL}})), "oidc.issuer"},
		{"no issuer", raw(key, h(nil), c(m{"iss": nil})), "oidc.issuer"},
		{"another audience", raw(key, h(nil), c(m{"aud": "https://other.example"})), "oidc.audience"},
		{"no audience", raw(key, h(nil), c(m{"aud": nil})), "oidc.audience"},
		{"an audience that begins the same", raw(key, h(nil), c(m{"aud": audience + ".evil.example"})), "oidc.audience"},
		{"an audience among other things", raw(key, h(nil), c(m{"aud": []any{audience, 1}})), "oidc.audience"},
		{"an audience among very many", raw(key, h(nil), c(m{"aud": append(slices.Repeat([]string{"x"}, 32), audience)})), "oidc.audience"},
		{"no expiry", raw(key, h(nil), c(m{"exp": nil})), "oidc.lifetime"},
		{"expiry is text", raw(key, h(nil), c(m{"exp": "2099-01-01"})), "oidc.lifetime"},
		{"expiry beyond numbers", raw(key, h(nil), strings.Replace(c(m{"exp": 7}), `"exp":7`, `"exp":1e400`, 1)), "oidc.lifetime"},
		{"expiry is negative", raw(key, h(nil), c(m{"exp": -1})), "oidc.lifetime"},
		{"no time of issue", raw(key, h(nil), c(m{"iat": nil})), "oidc.lifetime"},
		{"issued in the future", raw(key, h(nil), c(m{"iat": now + 300})), "oidc.not-yet"},
		{"valid in the future", raw(key, h(nil), c(m{"nbf": now + 300})), "oidc.not-yet"},
		{"nbf is null", raw(key, h(nil), c(m{"nbf": json.RawMessage("null")})), "oidc.lifetime"},
		{"expired", raw(key, h(nil), c(m{"iat": now - 1200, "exp": now - 60})), "oidc.expired"},
		{"expired before it was issued", raw(key, h(nil), c(m{"exp": now - 1})), "oidc.lifetime"},
		{"lasts too long", raw(key, h(nil), c(m{"iat": now, "exp": now + 3601})), "oidc.lifetime"},
		{"lasts for ever", raw(key, h(nil), c(m{"exp": 253402300799})), "oidc.lifetime"},
		{"no subject", raw(key, h(nil), c(m{"sub": nil})), "oidc.subject"},
		{"an empty subject", raw(key, h(nil), c(m{"sub": ""})), "oidc.subject"},
		{"subject is a number", raw(key, h(nil), c(m{"sub": 1})), "oidc.subject"},
		{"subject with a control character", raw(key, h(nil), c(m{"sub": "a\x00da"})), "oidc.subject"},
		{"subject is anybody", raw(key, h(nil), c(m{"sub": "anonymous"})), "oidc.subject"},
		{"scope is a list", raw(key, h(nil), c(m{"scope": []string{"user/*.cruds"}})), "oidc.scope"},
		{"scope that is none", raw(key, h(nil), c(m{"scope": "user/Patient.dus"})), "oidc.scope"},
		{"a scope of very many", raw(key, h(nil), c(m{"scope": strings.Repeat("a ", 513)})), "oidc.scope"},
		{"a patient without a name", raw(key, h(nil), c(m{"patient": ""})), "oidc.claim"},
		{"a patient of many words", raw(key, h(nil), c(m{"patient": strings.Repeat("x", 257)})), "oidc.claim"},
		{"patient is a list", raw(key, h(nil), c(m{"patient": []string{"p-1"}})), "oidc.claim"},
		{"somebody acts as the subject", raw(key, h(nil), c(m{"act": m{"sub": "eve"}})), "oidc.type"},
		{"bound to a key, without a proof", raw(key, h(nil), c(m{"cnf": m{"jkt": b64(make([]byte, 32))}})), "oidc.proof"},
		{"bound to a certificate", raw(key, h(nil), c(m{"cnf": m{"x5t#S256": b64(make([]byte, 32))}})), "oidc.proof"},
		{"bound in two ways", raw(key, h(nil), c(m{"cnf": m{"jkt": b64(make([]byte, 32)), "kid": "x"}})), "oidc.proof"},
		{"bound to nothing", raw(key, h(nil), c(m{"cnf": m{}})), "oidc.proof"},

		// Another kind of token.
		{"no typ", raw(key, h(m{"typ": nil}), c(nil)), "oidc.type"},
		{"typ JWT", raw(key, h(m{"typ": "JWT"}), c(nil)), "oidc.type"},
		{"a logout token", raw(key, h(m{"typ": "logout+jwt"}), c(nil)), "oidc.type"},
		{"a proof", raw(key, h(m{"typ": "dpop+jwt"}), c(nil)), "oidc.type"},
		{"an ID token", raw(key, h(nil), c(m{"nonce": "n-1"})), "oidc.type"},
		{"an ID token by the hash of its code", raw(key, h(nil), c(m{"c_hash": "x"})), "oidc.type"},
		{"an ID token by the hash of its state", raw(key, h(nil), c(m{"s_hash": "x"})), "oidc.type"},
		{"a security event", raw(key, h(nil), c(m{"events": m{"http://schemas.openid.net/event/backchannel-logout": m{}}})), "oidc.type"},
		{"a security event by its time", raw(key, h(nil), c(m{"toe": now})), "oidc.type"},
		{"an ID token by its hash", raw(key, h(nil), c(m{"at_hash": "x"})), "oidc.type"},
		{"an ID token as Keycloak marks it", raw(key, h(nil), c(m{"typ": "ID"})), "oidc.type"},
		{"a refresh token as Keycloak marks it", raw(key, h(nil), c(m{"typ": "Refresh"})), "oidc.type"},
		{"an ID token as Cognito marks it", raw(key, h(nil), c(m{"token_use": "id"})), "oidc.type"},
	} {
		t.Run(a.name, func(t *testing.T) {
			v := newVerifier(t, newIssuer("ES256", "RS256", "EdDSA", "ES384"), func(tr *oidc.Trust, _ *oidc.Options) {
				tr.Algorithms = []string{"ES256", "RS256", "PS256", "EdDSA"}
			})
			for range 2 { // the second time nothing may have been kept
				_, err := v.Verify(t.Context(), a.token)
				refused(t, err, a.code)
				require.ErrorIs(t, err, oidc.ErrToken)
			}
			verify(t, v, sound)
		})
	}
}

// respell changes bits of the last character that decode to nothing.
func respell(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	at := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + string(alphabet[at^1])
}

// With the type "JWT", as many issuers write, ID tokens are told by their claims.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestTypeJWT(t *testing.T) {
	v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.Types = []string{"JWT"} })
	for _, typ := range []string{"JWT", "jwt", "application/JWT"} {
		verify(t, v, sign(t, "ES256", map[string]any{"kid": "ES256", "typ": typ}, claims(nil)))
	}
	for _, typ := range []string{"at+jwt", "application/", "xJWT"} {
		_, err := v.Verify(t.Context(), sign(t, "ES256", map[string]any{"kid": "ES256", "typ": typ}, claims(nil)))
		refused(t, err, "oidc.type")
	}
	_, err := v.Verify(t.Context(), sign(t, "ES256", map[string]any{"kid": "ES256", "typ": "JWT"}, claims(map[string]any{"nonce": "n"})))
	refused(t, err, "oidc.type")
}

// What an issuer publishes beside good keys does no harm: keys that cannot be
// used are skipped, and a key id that is there twice names no key.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestKeySets(t *testing.T) {
	good := jwkOf(signers()["ES256"], map[string]any{"kid": "ES256"})
	type m = map[string]any
	secret := m{"kty": "EC", "crv": "P-256", "x": good["x"], "y": good["y"], "d": b64(make([]byte, 32)), "kid": "ES256"}
	list := func(keys ...any) []byte { return []byte(text(t, m{"keys": keys})) }
	entries := map[string]struct {
		body []byte
		ok   bool
	}{
		"alone":                   {list(good), true},
		"without alg and use":     {list(jwkOf(signers()["ES256"], m{"kid": "ES256"})), true},
		"beside unknown types":    {list(m{"kty": "AKP", "kid": "a", "alg": "ML-DSA-44", "pub": "AA"}, m{"kty": 7}, "x", nil, good), true},
		"beside a symmetric key":  {list(m{"kty": "oct", "kid": "o", "k": "c2VjcmV0"}, good), true},
		"beside a key off curve":  {list(m{"kty": "EC", "crv": "P-256", "kid": "o", "x": b64(make([]byte, 32)), "y": b64(make([]byte, 32))}, good), true},
		"twice under one id":      {list(good, jwkOf(signers()["EdDSA"], m{"kid": "ES256"})), false},
		"twice, one unusable":     {list(good, m{"kty": "oct", "kid": "ES256", "k": "c2VjcmV0"}), false},
		"for encryption":          {list(jwkOf(signers()["ES256"], m{"kid": "ES256", "use": "enc"})), false},
		"for other operations":    {list(jwkOf(signers()["ES256"], m{"kid": "ES256", "key_ops": []string{"deriveKey"}})), false},
		"for another algorithm":   {list(jwkOf(signers()["ES256"], m{"kid": "ES256", "alg": "ES384"})), false},
		"for key agreement":       {list(jwkOf(signers()["ES256"], m{"kid": "ES256", "alg": "ECDH-ES"})), false},
		"with its private half":   {list(secret), false},
		"with a secret, too":      {list(jwkOf(signers()["ES256"], m{"kid": "ES256", "k": "c2VjcmV0"})), false},
		"kid is a number":         {list(jwkOf(signers()["ES256"], m{"kid": 7})), false},
		"RSA of 1024 bits":        {list(m{"kty": "RSA", "kid": "ES256", "e": "AQAB", "n": b64(bytes.Repeat([]byte{0xff}, 128))}), false},
		"RSA of 16384 bits":       {list(m{"kty": "RSA", "kid": "ES256", "e": "AQAB", "n": b64(bytes.Repeat([]byte{0xff}, 2048))}), false},
		"RSA with exponent 1":     {list(m{"kty": "RSA", "kid": "ES256", "e": "AQ", "n": b64(bytes.Repeat([]byte{0xff}, 256))}), false},
		"no keys":                 {list(), false},
		"keys is an object":       {[]byte(`{"keys":{}}`), false},
		"not JSON":                {[]byte(`<html>`), false},
		"a name twice in the set": {[]byte(`{"keys":[],"keys":` + text(t, []any{good}) + `}`), false},
		"too many":                {[]byte(`{"keys":[` + strings.Repeat(text(t, good)+",", 100) + text(t, good) + `]}`), false},
		"too large":               {append(list(good), bytes.Repeat([]byte(" "), 1<<20)...), false},
	}
	token := sign(t, "ES256", header("ES256"), claims(nil))
	for name, c := range entries {
		t.Run(name, func(t *testing.T) {
			i := newIssuer()
			i.body = c.body
			_, err := newVerifier(t, i, nil).Verify(t.Context(), token)
			if !c.ok { // the key is not known, which a bad signature would not say
				require.Error(t, err)
				require.NotContains(t, err.Error(), "signature")
				return
			}
			require.NoError(t, err)
		})
	}
}

// A token without a key id means the only key there is, and no other.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestSoleKey(t *testing.T) {
	token := sign(t, "ES256", map[string]any{"typ": "at+jwt"}, claims(nil))
	i := newIssuer()
	i.keys = []map[string]any{jwkOf(signers()["ES256"], nil)}
	v := newVerifier(t, i, nil)
	verify(t, v, token)
	verify(t, v, token)
	_, err := v.Verify(t.Context(), sign(t, "ES256", header("x"), claims(nil)))
	refused(t, err, "oidc.key")
	i.keys = append(i.keys, jwkOf(signers()["EdDSA"], map[string]any{"kid": "other"}))
	_, err = newVerifier(t, i, nil).Verify(t.Context(), token)
	refused(t, err, "oidc.key")
}

// Discovery believes nobody but the issuer: another issuer's document, a key set
// over http or on this machine, a redirect, and what is no answer at all.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestDiscoveryRefuses(t *testing.T) {
	token := sign(t, "ES256", header("ES256"), claims(nil))
	for name, c := range map[string]struct {
		status int
		body   string
		ok     bool
	}{
		"sound":           {200, `{"issuer":"` + issuerURL + `","jwks_uri":"` + issuerURL + `/keys"}`, true},
		"another issuer":  {200, `{"issuer":"https://evil.example","jwks_uri":"` + issuerURL + `/keys"}`, false},
		"keys over http":  {200, `{"issuer":"` + issuerURL + `","jwks_uri":"http://issuer.example/keys"}`, false},
		"keys on machine": {200, `{"issuer":"` + issuerURL + `","jwks_uri":"https://localhost/keys"}`, false},
		"no keys":         {200, `{"issuer":"` + issuerURL + `"}`, false},
		"issuer twice":    {200, `{"issuer":"https://evil.example","issuer":"` + issuerURL + `","jwks_uri":"` + issuerURL + `/keys"}`, false},
		"a redirect":      {302, ``, false},
		"an error":        {500, `{"issuer":"` + issuerURL + `","jwks_uri":"` + issuerURL + `/keys"}`, false},
	} {
		t.Run(name, func(t *testing.T) {
			i := newIssuer("ES256")
			v := newVerifier(t, i, func(tr *oidc.Trust, o *oidc.Options) {
				tr.KeySet, tr.Discover = "", true
				o.Client = &http.Client{Transport: fixed{i, c.status, c.body}}
			})
			_, err := v.Verify(context.Background(), token)
			if c.ok {
				require.NoError(t, err)
				return
			}
			refused(t, err, "oidc.keys")
			require.ErrorIs(t, err, oidc.ErrUnavailable)
			require.Zero(t, i.fetches.Load())
		})
	}
}
