package oidc_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/oidc"
)

// Every algorithm verifies, by keys that a real server publishes, whose address
// is given or discovered.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestAlgorithms(t *testing.T) {
	algorithms := []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}
	i := newIssuer(algorithms...)
	server := httptest.NewServer(i)
	defer server.Close()
	for _, discover := range []bool{false, true} {
		tr := trust(algorithms...)
		tr.Issuer, tr.KeySet, tr.Discover = server.URL, "", discover
		if !discover {
			tr.KeySet = server.URL + "/keys"
		}
		v, err := oidc.New(tr, nil)
		require.NoError(t, err)
		for _, alg := range algorithms {
			token := verify(t, v, sign(t, alg, header(alg), claims(map[string]any{"iss": server.URL})))
			require.Equal(t, "ada", token.Principal().ID)
		}
	}
	require.EqualValues(t, 2, i.fetches.Load())
}

// A Verifier cannot be built without saying whose tokens, for whom, how signed,
// how long and by which keys, nor with an option out of its range.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestNewRefuses(t *testing.T) {
	for name, change := range map[string]func(*oidc.Trust, *oidc.Options){
		"no issuer":                func(t *oidc.Trust, _ *oidc.Options) { t.Issuer = "" },
		"issuer over http":         func(t *oidc.Trust, _ *oidc.Options) { t.Issuer = "http://issuer.example" },
		"issuer with a query":      func(t *oidc.Trust, _ *oidc.Options) { t.Issuer += "?a=b" },
		"issuer with a password":   func(t *oidc.Trust, _ *oidc.Options) { t.Issuer = "https://a:b@issuer.example" },
		"no audience":              func(t *oidc.Trust, _ *oidc.Options) { t.Audience = "" },
		"no algorithm":             func(t *oidc.Trust, _ *oidc.Options) { t.Algorithms = nil },
		"none":                     func(t *oidc.Trust, _ *oidc.Options) { t.Algorithms = []string{"none"} },
		"HS256":                    func(t *oidc.Trust, _ *oidc.Options) { t.Algorithms = []string{"ES256", "HS256"} },
		"ES256K":                   func(t *oidc.Trust, _ *oidc.Options) { t.Algorithms = []string{"ES256K"} },
		"no lifetime":              func(t *oidc.Trust, _ *oidc.Options) { t.MaxLifetime = 0 },
		"a week":                   func(t *oidc.Trust, _ *oidc.Options) { t.MaxLifetime = 7 * 24 * time.Hour },
		"no keys":                  func(t *oidc.Trust, _ *oidc.Options) { t.KeySet = "" },
		"two ways to the keys":     func(t *oidc.Trust, _ *oidc.Options) { t.Discover = true },
		"keys over http":           func(t *oidc.Trust, _ *oidc.Options) { t.KeySet = "http://issuer.example/keys" },
		"keys over file":           func(t *oidc.Trust, _ *oidc.Options) { t.KeySet = "file:///etc/keys" },
		"leeway":                   func(_ *oidc.Trust, o *oidc.Options) { o.Leeway = 61 * time.Second },
		"negative leeway":          func(_ *oidc.Trust, o *oidc.Options) { o.Leeway = -1 },
		"no type":                  func(_ *oidc.Trust, o *oidc.Options) { o.Types = []string{""} },
		"proofs as tokens":         func(_ *oidc.Trust, o *oidc.Options) { o.Types = []string{"DPoP+jwt"} },
		"forwarded as tokens":      func(_ *oidc.Trust, o *oidc.Options) { o.Types = []string{"safeguard-identity+jwt"} },
		"two tenants":              func(_ *oidc.Trust, o *oidc.Options) { o.Tenant, o.TenantClaim = "a", "b" },
		"kind":                     func(_ *oidc.Trust, o *oidc.Options) { o.Kind = 3 },
		"negative age":             func(_ *oidc.Trust, o *oidc.Options) { o.MaxAge = -1 },
		"purpose":                  func(_ *oidc.Trust, o *oidc.Options) { o.Purposes = []safeguard.Purpose{"FUN"} },
		"refresh all the time":     func(_ *oidc.Trust, o *oidc.Options) { o.MinRefresh = time.Millisecond },
		"refresh before least":     func(_ *oidc.Trust, o *oidc.Options) { o.Refresh = time.Second },
		"stale before refresh":     func(_ *oidc.Trust, o *oidc.Options) { o.MaxStale = time.Minute },
		"stale for days":           func(_ *oidc.Trust, o *oidc.Options) { o.MaxStale = 48 * time.Hour },
		"timeout":                  func(_ *oidc.Trust, o *oidc.Options) { o.Timeout = time.Minute },
		"cache":                    func(_ *oidc.Trust, o *oidc.Options) { o.Cache = -1 },
		"proofs":                   func(_ *oidc.Trust, o *oidc.Options) { o.Proofs = 1 << 23 },
		"origin with a path":       func(_ *oidc.Trust, o *oidc.Options) { o.Origin = "https://api.example/v1" },
		"origin over http":         func(_ *oidc.Trust, o *oidc.Options) { o.Origin = "http://api.example" },
		"origin with default port": func(_ *oidc.Trust, o *oidc.Options) { o.Origin = "https://api.example:443" },
	} {
		t.Run(name, func(t *testing.T) {
			tr, opts := trust(), &oidc.Options{}
			change(&tr, opts)
			_, err := oidc.New(tr, opts)
			require.ErrorIs(t, err, oidc.ErrOptions)
		})
	}
	_, err := oidc.New(oidc.Trust{}, nil)
	require.ErrorIs(t, err, oidc.ErrOptions)
	_, err = oidc.New(trust(), nil)
	require.NoError(t, err)
}

// Who a token names follows the claims that were configured, and nothing is
// guessed.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-01, PR.AA-03.
func TestPrincipal(t *testing.T) {
	now := time.Now().Truncate(time.Second)
	for _, c := range []struct {
		name   string
		opts   oidc.Options
		claims map[string]any
		want   safeguard.Principal
		code   string
	}{
		{name: "a person", want: safeguard.Principal{ID: "ada", Kind: safeguard.Person, Method: "oidc"}},
		{name: "azp names the client", claims: map[string]any{"client_id": nil, "azp": "app"},
			want: safeguard.Principal{ID: "ada", Kind: safeguard.Person, Method: "oidc"}},
		{name: "a service", claims: map[string]any{"sub": "billing", "client_id": "billing"},
			want: safeguard.Principal{ID: "billing", Kind: safeguard.Service, Method: "oidc"}},
		{name: "no client", claims: map[string]any{"client_id": nil}, code: "oidc.claim"},
		{name: "no client, kind is known", claims: map[string]any{"client_id": nil}, opts: oidc.Options{Kind: safeguard.Person},
			want: safeguard.Principal{ID: "ada", Kind: safeguard.Person, Method: "oidc"}},
		{name: "a service among persons", claims: map[string]any{"client_id": "ada"}, opts: oidc.Options{Kind: safeguard.Person}, code: "oidc.subject"},
		{name: "all are services", opts: oidc.Options{Kind: safeguard.Service},
			want: safeguard.Principal{ID: "ada", Kind: safeguard.Service, Method: "oidc"}},
		{name: "another claim", claims: map[string]any{"staff_id": "s-7"}, opts: oidc.Options{User: "staff_id"},
			want: safeguard.Principal{ID: "s-7", Kind: safeguard.Person, Method: "oidc"}},
		{name: "another claim that is missing", opts: oidc.Options{User: "staff_id"}, code: "oidc.subject"},
		{name: "another claim that is a number", claims: map[string]any{"staff_id": 7}, opts: oidc.Options{User: "staff_id"}, code: "oidc.subject"},
		{name: "a shared account", claims: map[string]any{"sub": "guest"}, code: "oidc.subject"},
		{name: "tenant", opts: oidc.Options{Tenant: "north"},
			want: safeguard.Principal{ID: "ada", Kind: safeguard.Person, Tenant: "north", Method: "oidc"}},
		{name: "tenant claim", claims: map[string]any{"org": "south"}, opts: oidc.Options{TenantClaim: "org"},
			want: safeguard.Principal{ID: "ada", Kind: safeguard.Person, Tenant: "south", Method: "oidc"}},
		{name: "tenant claim that is missing", opts: oidc.Options{TenantClaim: "org"}, code: "oidc.claim"},
		{name: "tenant claim that is empty", claims: map[string]any{"org": ""}, opts: oidc.Options{TenantClaim: "org"}, code: "oidc.claim"},
		{name: "how and when", claims: map[string]any{"acr": "loa3", "sid": "s-1", "auth_time": now.Unix() - 60},
			want: safeguard.Principal{ID: "ada", Kind: safeguard.Person, Method: "oidc loa3", Session: "s-1", At: now.Add(-time.Minute)}},
		{name: "acr floor", opts: oidc.Options{Contexts: []string{"loa3"}}, claims: map[string]any{"acr": "loa2"}, code: "oidc.assurance"},
		{name: "acr floor without acr", opts: oidc.Options{Contexts: []string{"loa3"}}, code: "oidc.assurance"},
		{name: "acr floor that is met", opts: oidc.Options{Contexts: []string{"loa3"}}, claims: map[string]any{"acr": "loa3"},
			want: safeguard.Principal{ID: "ada", Kind: safeguard.Person, Method: "oidc loa3"}},
		{name: "amr floor", opts: oidc.Options{Methods: []string{"mfa"}}, claims: map[string]any{"amr": []string{"pwd"}}, code: "oidc.assurance"},
		{name: "amr floor that is met", opts: oidc.Options{Methods: []string{"mfa"}}, claims: map[string]any{"amr": []string{"pwd", "mfa"}},
			want: safeguard.Principal{ID: "ada", Kind: safeguard.Person, Method: "oidc"}},
		{name: "signed in long ago", opts: oidc.Options{MaxAge: time.Minute}, claims: map[string]any{"auth_time": now.Unix() - 120}, code: "oidc.assurance"},
		{name: "signed in at an unknown time", opts: oidc.Options{MaxAge: time.Minute}, code: "oidc.assurance"},
		{name: "signed in after the token was made", claims: map[string]any{"auth_time": now.Unix() + 60}, code: "oidc.assurance"},
		{name: "a method that is too long", claims: map[string]any{"acr": string(make([]byte, 300))}, code: "oidc.assurance"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) {
				c.opts.Client = o.Client
				*o = c.opts
			})
			token, err := v.Verify(t.Context(), good(t, c.claims))
			if c.code != "" {
				refused(t, err, c.code)
				return
			}
			require.NoError(t, err)
			got := token.Principal()
			if c.want.Kind == safeguard.Service {
				c.want.At = token.Issued()
			}
			require.Equal(t, c.want, got)
		})
	}
}

// What a token was given for narrows decisions: SMART scopes, with none nothing,
// unless they are ignored by name.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestScopesNarrow(t *testing.T) {
	policy, err := access.ParsePolicy([]byte(`{"version":1,"resources":{"Patient":["read","search","update"]},"categories":{"name":["Patient.name"]},
		"roles":{"nurse":{"allow":[{"id":"R-1","resource":"Patient","actions":["read","search","update"],"purposes":["TREAT"],"fields":["name"],"because":"care"}]}}}`))
	require.NoError(t, err)
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{"ada": {"nurse"}, "charts": {"nurse"}}})
	require.NoError(t, err)
	ask := access.Request{Resource: "Patient", Action: "read", Purpose: safeguard.Treatment}
	about := ask
	about.Patient = safeguard.NewPatient("p-1")
	update := ask
	update.Action = "update"
	for _, c := range []struct {
		name    string
		claims  map[string]any
		opts    oidc.Options
		request access.Request
		allowed bool
	}{
		{name: "covered", request: ask, allowed: true},
		{name: "not covered", request: update},
		{name: "no scope claim", claims: map[string]any{"scope": nil}, request: ask},
		{name: "no resource scope", claims: map[string]any{"scope": "openid profile"}, request: ask},
		{name: "ignored", claims: map[string]any{"scope": nil}, opts: oidc.Options{UnsafeIgnoreScope: true}, request: update, allowed: true},
		{name: "patient scope without a patient", claims: map[string]any{"scope": "patient/*.rs"}, request: about},
		{name: "patient scope", claims: map[string]any{"scope": "patient/*.rs", "patient": "p-1"}, request: about, allowed: true},
		{name: "patient scope of another", claims: map[string]any{"scope": "patient/*.rs", "patient": "p-2"}, request: about},
		{name: "purpose of another token", opts: oidc.Options{PurposesClaim: "pou"}, claims: map[string]any{"pou": "HPAYMT"}, request: ask},
		{name: "purpose of the token", opts: oidc.Options{PurposesClaim: "pou"}, claims: map[string]any{"pou": "TREAT"}, request: ask, allowed: true},
		{name: "patient scope, and a request about nobody", claims: map[string]any{"scope": "patient/*.rs", "patient": "p-1"}, request: ask},
		{name: "patient scope of a service", claims: map[string]any{"scope": "patient/*.rs", "patient": "p-1", "sub": "charts"}, request: about},
		{name: "system scope of a service", claims: map[string]any{"scope": "system/*.rs", "sub": "charts"}, request: ask, allowed: true},
		{name: "user scope of a service", claims: map[string]any{"scope": "user/*.rs", "sub": "charts"}, request: ask},
		{name: "system scope of a person", claims: map[string]any{"scope": "system/*.cruds"}, request: ask},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) {
				o.UnsafeIgnoreScope, o.PurposesClaim = c.opts.UnsafeIgnoreScope, c.opts.PurposesClaim
			})
			token := verify(t, v, good(t, c.claims))
			require.Equal(t, c.allowed, guard.Decide(token.Context(t.Context()), c.request).Allowed)
		})
	}
}
