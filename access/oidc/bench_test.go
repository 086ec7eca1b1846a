package oidc_test

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lestrrat-go/jwx/v3/jwk"
	"github.com/lestrrat-go/jwx/v3/jwt"
	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/oidc"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

// benchToken is some 1 KB, as issuers write them.
func benchToken(b *testing.B, alg string) string {
	return sign(b, alg, header(alg), claims(map[string]any{
		"scope": "openid fhirUser launch/patient patient/Patient.rs patient/Observation.rs?category=laboratory user/Encounter.rs",
		"sid":   "5f0c7c4e-8d1e-4f53-9c43-0a5de7b1f0a3", "acr": "loa3", "amr": []string{"pwd", "mfa"}, "patient": "p-1",
		"preferred_username": "ada", "org": "north", "pad": strings.Repeat("x", 60),
	}))
}

// BenchmarkVerify verifies a token that was not seen before, beside the bare
// check of its signature and beside jwx with the checks that it must be told.
func BenchmarkVerify(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		i := newIssuer(alg, "ES384", "ES512")
		token := benchToken(b, alg)
		b.Run(alg+"/safeguard", func(b *testing.B) {
			v := newVerifier(b, i, func(t *oidc.Trust, o *oidc.Options) { t.Algorithms, o.Cache = []string{alg}, 16 })
			forget := oidc.Forget(v)
			b.SetBytes(int64(len(token)))
			b.ReportAllocs()
			for b.Loop() {
				forget()
				verify(b, v, token)
			}
		})
		b.Run(alg+"/jwx", func(b *testing.B) {
			set := jwk.NewSet()
			for _, k := range i.keys {
				key, err := jwk.ParseKey([]byte(text(b, k)))
				require.NoError(b, err)
				require.NoError(b, set.AddKey(key))
			}
			b.ReportAllocs()
			for b.Loop() {
				_, err := jwt.Parse([]byte(token), jwt.WithKeySet(set), jwt.WithIssuer(issuerURL), jwt.WithAudience(audience),
					jwt.WithRequiredClaim("exp"), jwt.WithRequiredClaim("sub"))
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("RS256/signature", func(b *testing.B) {
		token := benchToken(b, "RS256")
		at := strings.LastIndexByte(token, '.')
		signature, err := base64.RawURLEncoding.DecodeString(token[at+1:])
		require.NoError(b, err)
		key := signers()["RS256"].(*rsa.PrivateKey).Public().(*rsa.PublicKey)
		for b.Loop() {
			digest := sha256.Sum256([]byte(token[:at]))
			if rsa.VerifyPKCS1v15(key, crypto.SHA256, digest[:], signature) != nil {
				b.Fatal("signature")
			}
		}
	})
}

// BenchmarkHit verifies a token that is kept, with its epoch, beside the bare
// digest of it.
func BenchmarkHit(b *testing.B) {
	token := benchToken(b, "ES256")
	b.Run("safeguard", func(b *testing.B) {
		v := newVerifier(b, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.Epochs = epochs{} })
		verify(b, v, token)
		ctx := b.Context()
		b.SetBytes(int64(len(token)))
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(ctx, token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("registry", func(b *testing.B) {
		registry, err := workforce.New(memstate.New(), &workforce.Options{UnsafeWithoutCutter: true})
		require.NoError(b, err)
		ctx, cancel := context.WithCancel(b.Context())
		ended := make(chan error, 1)
		go func() { ended <- registry.Run(ctx) }()
		defer func() { cancel(); <-ended }()
		act := workforce.Act{By: safeguard.Principal{ID: "admin", Kind: safeguard.Person}, Reason: "hired by the clinic"}
		for err = errors.New("not live"); err != nil; {
			err = registry.Open(ctx, workforce.Opening{Account: "ada"}, act)
		}
		v := newVerifier(b, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.Epochs, o.Leeway = registry, time.Millisecond })
		after(1100 * time.Millisecond) // tokens count from after the account was opened
		token := benchToken(b, "ES256")
		verify(b, v, token)
		b.ReportAllocs()
		for b.Loop() {
			if _, err := v.Verify(ctx, token); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("digest", func(b *testing.B) {
		text := []byte(token)
		b.SetBytes(int64(len(token)))
		for b.Loop() {
			sha256.Sum256(text)
		}
	})
	b.Run("parallel", func(b *testing.B) {
		v := newVerifier(b, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.Epochs = epochs{} })
		verify(b, v, token)
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				if _, err := v.Verify(b.Context(), token); err != nil {
					b.Error(err)
				}
			}
		})
	})
}

// BenchmarkProof verifies a DPoP proof with its token.
func BenchmarkProof(b *testing.B) {
	v, h := newVerifier(b, newIssuer("ES256"), withOrigin), newHolder(b)
	for b.Loop() {
		b.StopTimer()
		r := h.request(h.proof(b, nil, nil))
		b.StartTimer()
		if _, err := v.VerifyRequest(r); err != nil {
			b.Fatal(err)
		}
	}
}
