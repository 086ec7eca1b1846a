package oidc

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// fuzzVerifier has no keys, and an issuer that is never asked.
func fuzzVerifier(tb testing.TB) *Verifier {
	v, err := New(Trust{
		Issuer: "https://issuer.example", Audience: "api", Algorithms: []string{"ES256"}, MaxLifetime: time.Hour, KeySet: "https://issuer.example/keys",
	}, &Options{PurposesClaim: "pou", Origin: "https://api.example"})
	require.NoError(tb, err)
	v.keys.current.Store(newKeySet(nil, nil, time.Now()))
	v.keys.last = time.Now().Add(24 * time.Hour)
	return v
}

// Whatever a token is, taking it apart neither panics nor lets one through that
// has no key, and what it takes apart it can put together again.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func FuzzToken(f *testing.F) {
	f.Add(rfcResourceProof)
	f.Add("e30.e30.AA")
	f.Add("eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.AA")
	f.Add("..")
	v := fuzzVerifier(f)
	f.Fuzz(func(t *testing.T, token string) {
		if _, err := v.Verify(t.Context(), token); err == nil {
			t.Fatal("a token without a key")
		}
		c, err := parseCompact(token)
		if err != nil {
			return
		}
		header, payload := bytes.IndexByte([]byte(token), '.'), bytes.LastIndexByte([]byte(token), '.')
		require.Equal(t, encode(c.payload), token[header+1:payload])
		require.True(t, known(c.algorithm))
	})
}

// What the strict reader accepts the standard library reads as the same, and a
// name that occurs twice is never accepted.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func FuzzObject(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":1,"a":2}`, `{"a":{"b":[1,{"c":"\u0061"}]}}`, `[]`, `{"a":1}{}`, "{\"a\":\"\xff\"}", `{"\u0061":1,"a":2}`, `{"a":1e999}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, document []byte) {
		got, err := parseObject(document)
		if err != nil {
			return
		}
		var want map[string]any
		d := json.NewDecoder(bytes.NewReader(document))
		d.UseNumber()
		require.NoError(t, d.Decode(&want))
		require.Equal(t, want, got)
	})
}

// Claims of any shape are read or refused, and a Token that is made of them names
// somebody and has an end.
//
// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
func FuzzClaims(f *testing.F) {
	v := fuzzVerifier(f)
	f.Add([]byte(`{"iss":"https://issuer.example","aud":["api"],"sub":"ada","azp":"x","iat":4102444800,"exp":4102445000.5,"acr":"1","amr":["mfa"],"pou":"TREAT","scope":"user/*.rs","patient":"p"}`))
	f.Add([]byte(`{"iss":"https://issuer.example","aud":"api","sub":"ada","cnf":{"jkt":"x"},"iat":-1,"exp":1e300}`))
	f.Add([]byte(`{"iss":1}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		claims, err := parseObject(document)
		if err != nil {
			return
		}
		token, refused := v.read(claims)
		if refused != nil {
			require.ErrorIs(t, refused, ErrToken)
			return
		}
		require.NoError(t, token.principal.Validate())
		require.True(t, token.expires.After(time.Now().Add(-v.opts.Leeway)))
		require.NotNil(t, token.scopes)
	})
}

// A key set of any shape yields keys of which each has an algorithm, no id is
// there twice, and none is private or symmetric.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func FuzzKeySet(f *testing.F) {
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs","y":"9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA","kid":"a"},{"kty":"oct","k":"AA","kid":"b"},7]}`))
	f.Add([]byte(`{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`))
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		keys, err := parseKeySet(document)
		if err != nil {
			return
		}
		ids := map[string]bool{}
		for _, k := range keys {
			require.False(t, ids[k.id])
			ids[k.id] = true
			require.NotEmpty(t, k.algorithms)
			require.NotEmpty(t, algorithmsOf(k.raw))
		}
	})
}

// A proof and its target are read or refused, whatever they are.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func FuzzProof(f *testing.F) {
	f.Add(rfcTokenProof, "https://server.example.com/token", "/token")
	f.Add(rfcResourceProof, "https://api.example:443/%7e%zz", "/a%2fb?c#d")
	f.Fuzz(func(t *testing.T, line, target, path string) {
		if p, err := readProof(line); err == nil {
			require.NotEmpty(t, p.id)
			require.Len(t, p.key, 43)
		}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RequestURI = path
		sameTarget(target, "https://api.example", r)
		require.Equal(t, normal(path), normal(normal(path)))
	})
}

// Forwarded identities of any shape are read or refused, and none is good by
// itself.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func FuzzForwarded(f *testing.F) {
	f.Add([]byte(`{"iss":"charts","aud":"https://billing.example","jti":"x","iat":4102444800,"exp":4102444860,"sub":"ada","kind":"person","purposes":["TREAT"],"scope":"user/*.rs"}`))
	f.Add([]byte(`{"iss":"charts","aud":["https://billing.example"]}`))
	r := &Receiver{audience: "https://billing.example", opts: ReceiverOptions{Leeway: defaultLeeway}}
	f.Fuzz(func(t *testing.T, document []byte) {
		claims, err := parseObject(document)
		if err != nil {
			return
		}
		token, refused := r.read(claims, "charts")
		if refused != nil {
			require.ErrorIs(t, refused, ErrToken)
			return
		}
		require.NoError(t, token.principal.Validate())
		require.LessOrEqual(t, token.expires.Sub(token.issued), forwardLife)
		require.Len(t, token.purposes, 1)
	})
}
