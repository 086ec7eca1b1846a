package oidc_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/oidc"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
)

// recorded puts a handler into audit.Handler.
func recorded(t testing.TB, h http.Handler) http.Handler {
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "a", Secret: bytes.Repeat([]byte("k"), 32)})
	require.NoError(t, err)
	recorder, err := audit.New(audittest.NewLog(), tokens, nil)
	require.NoError(t, err)
	t.Cleanup(func() { recorder.Close(context.Background()) })
	return recorder.Handler(h)
}

func get(h http.Handler, authorization ...string) *http.Response {
	r := httptest.NewRequest(http.MethodGet, audience+"/x", nil)
	r.Header["Authorization"] = authorization
	return serve(h, r)
}

func serve(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t testing.TB, r *http.Response) string {
	b, err := io.ReadAll(r.Body)
	require.NoError(t, err)
	return string(b)
}

// hello says who calls.
var hello = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	p, _ := safeguard.PrincipalFrom(r.Context())
	io.WriteString(w, "hello "+p.ID) //nolint:errcheck // of a test
})

// The handler lets a good token in, and answers each way to be refused with what
// RFC 6750 asks for and nothing else.
//
// Controls: HIPAA 164.312(d), 164.312(a)(1); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestHandler(t *testing.T) {
	v := newVerifier(t, newIssuer("ES256"), nil)
	h := recorded(t, v.Handler(hello))
	token := good(t, nil)
	for _, authorization := range []string{"Bearer " + token, "bearer  " + token} {
		answer := get(h, authorization)
		require.Equal(t, http.StatusOK, answer.StatusCode)
		require.Equal(t, "hello ada", body(t, answer))
		require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
		require.Contains(t, answer.Header.Values("Vary"), "Authorization, DPoP")
	}
	for _, c := range []struct {
		name          string
		authorization []string
		status        int
		code          string
		challenge     string
	}{
		{"nothing", nil, 401, "oidc.missing", "Bearer"},
		{"another scheme", []string{"Basic YTpi"}, 401, "oidc.missing", "Bearer"},
		{"no token", []string{"Bearer"}, 401, "oidc.malformed", `Bearer error="invalid_token"`},
		{"twice", []string{"Bearer " + token, "Bearer " + token}, 400, "oidc.ambiguous", `Bearer error="invalid_request"`},
		{"two in one", []string{"Bearer " + token + ", Bearer " + token}, 401, "oidc.malformed", `Bearer error="invalid_token"`},
		{"garbage", []string{"Bearer " + garbage("x")}, 401, "oidc.key", `Bearer error="invalid_token"`},
		{"bearer as bound", []string{"DPoP " + token}, 401, "oidc.proof", `DPoP error="invalid_dpop_proof"`},
	} {
		answer := get(h, c.authorization...)
		require.Equal(t, c.status, answer.StatusCode, c.name)
		require.Equal(t, c.challenge, answer.Header.Get("WWW-Authenticate"), c.name)
		text := body(t, answer)
		require.JSONEq(t, `{"type":"about:blank","title":"`+http.StatusText(c.status)+`","status":`+answer.Status[:3]+`,"code":"`+c.code+`"}`, text, c.name)
	}
	r := httptest.NewRequest(http.MethodGet, audience+"/x?access_token="+token, nil)
	r.Header.Set("Authorization", "Bearer "+token)
	require.Equal(t, http.StatusBadRequest, serve(h, r).StatusCode)
}

// Who must sign in more strongly is told so.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestHandlerStepUp(t *testing.T) {
	v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.Methods = []string{"mfa"} })
	answer := get(recorded(t, v.Handler(hello)), "Bearer "+good(t, nil))
	require.Equal(t, `Bearer error="insufficient_user_authentication"`, answer.Header.Get("WWW-Authenticate"))
}

// An issuer that cannot be asked is a 503, never a way in.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestHandlerUnavailable(t *testing.T) {
	i := newIssuer("ES256")
	i.status = http.StatusInternalServerError
	answer := get(recorded(t, newVerifier(t, i, nil).Handler(hello)), "Bearer "+good(t, nil))
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Equal(t, "1", answer.Header.Get("Retry-After"))
	require.Empty(t, answer.Header.Get("WWW-Authenticate"))
}

// Nothing leaves once the token has stopped to count while the handler ran:
// because it expired, its key was distrusted, or the account was terminated.
//
// Controls: HIPAA 164.312(d), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestHandlerGate(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(*oidc.Verifier)
		code string
	}{
		"expired":    {func(*oidc.Verifier) { after(11 * time.Minute) }, "oidc.expired"},
		"distrusted": {func(v *oidc.Verifier) { v.Distrust("ES256") }, "oidc.key"},                           //nolint:errcheck // shown by the answer
		"terminated": {func(v *oidc.Verifier) { v.Revoke(context.Background(), "", "ada") }, "oidc.revoked"}, //nolint:errcheck // shown by the answer
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := newVerifier(t, newIssuer("ES256"), nil)
				h := recorded(t, v.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					audit.EntryFrom(r.Context()).AddPatient(safeguard.NewPatient("p-1"))
					c.act(v)
					hello(w, r)
				})))
				answer := get(h, "Bearer "+good(t, nil))
				require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
				require.NotContains(t, body(t, answer), "hello")
				require.NotZero(t, counter(t, v, "refused."+c.code))
			})
		})
	}
}

// Outside audit.Handler, and inside another sign-in, nothing is served.
//
// Controls: HIPAA 164.312(b), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.PS-04.
func TestHandlerMisplaced(t *testing.T) {
	v := newVerifier(t, newIssuer("ES256"), nil)
	require.Equal(t, http.StatusInternalServerError, get(v.Handler(hello), "Bearer "+good(t, nil)).StatusCode)
	inside := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := safeguard.WithPrincipal(r.Context(), safeguard.Principal{ID: "eve", Kind: safeguard.Person})
		v.Handler(hello).ServeHTTP(w, r.WithContext(ctx))
	})
	require.Equal(t, http.StatusInternalServerError, get(recorded(t, inside), "Bearer "+good(t, nil)).StatusCode)
	unsafe := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) { o.UnsafeWithoutEntry = true })
	require.Equal(t, http.StatusOK, get(unsafe.Handler(hello), "Bearer "+good(t, nil)).StatusCode)
}

// guardOf gives everybody the role r of a policy.
func guardOf(t *testing.T, policy string) *access.Guard {
	t.Helper()
	p, err := access.ParsePolicy([]byte(policy))
	require.NoError(t, err)
	g, err := access.New(p, &access.Options{Roles: everybody{}})
	require.NoError(t, err)
	return g
}

type everybody struct{}

func (everybody) Roles(context.Context, safeguard.Principal) ([]string, error) {
	return []string{"r"}, nil
}

// The purpose is one that the route allows and the token was given for; a header
// can only choose among those.
//
// Controls: HIPAA 164.502(b)(1), 164.514(d)(2).
func TestPurpose(t *testing.T) {
	const claim = "purpose_of_use"
	g := guardOf(t, `{"version":1,"resources":{"Patient":["read"]},"roles":{"r":{"allow":[{"id":"R","resource":"Patient","actions":["read"],
		"purposes":["TREAT","HPAYMT","HRESCH"],"fields":["Patient.id"],"because":"b"}]}}}`)
	for _, c := range []struct {
		name    string
		grant   any // of the claim
		fixed   []safeguard.Purpose
		noClaim bool // is configured
		route   []safeguard.Purpose
		header  []string
		want    safeguard.Purpose
		code    string
	}{
		{name: "one of each", grant: "TREAT", route: []safeguard.Purpose{"TREAT"}, want: "TREAT"},
		{name: "the route leaves one", grant: "TREAT HPAYMT", route: []safeguard.Purpose{"TREAT"}, want: "TREAT"},
		{name: "the token leaves one", grant: []string{"HPAYMT"}, route: []safeguard.Purpose{"TREAT", "HPAYMT"}, want: "HPAYMT"},
		{name: "several, none chosen", grant: "TREAT HPAYMT", route: []safeguard.Purpose{"TREAT", "HPAYMT"}},
		{name: "several, one chosen", grant: "TREAT HPAYMT", route: []safeguard.Purpose{"TREAT", "HPAYMT"}, header: []string{"HPAYMT"}, want: "HPAYMT"},
		{name: "chosen twice", grant: "TREAT HPAYMT", route: []safeguard.Purpose{"TREAT", "HPAYMT"}, header: []string{"HPAYMT", "TREAT"}},
		{name: "chosen beyond the token", grant: "TREAT", route: []safeguard.Purpose{"TREAT", "HPAYMT"}, header: []string{"HPAYMT"}},
		{name: "chosen beyond the route", grant: "TREAT HPAYMT", route: []safeguard.Purpose{"TREAT"}, header: []string{"HPAYMT"}},
		{name: "chosen beyond the codes", grant: "TREAT", route: []safeguard.Purpose{"TREAT"}, header: []string{"FUN"}},
		{name: "nothing in common", grant: "HRESCH", route: []safeguard.Purpose{"TREAT"}},
		{name: "no claim", route: []safeguard.Purpose{"TREAT"}},
		{name: "an empty claim", grant: "", route: []safeguard.Purpose{"TREAT"}},
		{name: "a claim of no codes", grant: "TREAT FUN", route: []safeguard.Purpose{"TREAT"}, code: "oidc.claim"},
		{name: "a claim of numbers", grant: []int{1}, route: []safeguard.Purpose{"TREAT"}, code: "oidc.claim"},
		{name: "fixed", noClaim: true, fixed: []safeguard.Purpose{"HPAYMT"}, route: []safeguard.Purpose{"TREAT", "HPAYMT"}, want: "HPAYMT"},
		{name: "fixed and claimed", fixed: []safeguard.Purpose{"HPAYMT"}, grant: "TREAT HPAYMT", route: []safeguard.Purpose{"TREAT", "HPAYMT"}, want: "HPAYMT"},
		{name: "the token says nothing", noClaim: true, route: []safeguard.Purpose{"TREAT"}, want: "TREAT"},
		{name: "a route without any", grant: "TREAT", header: []string{"TREAT"}},
		{name: "a route with nonsense", noClaim: true, route: []safeguard.Purpose{"FUN"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := newVerifier(t, newIssuer("ES256"), func(_ *oidc.Trust, o *oidc.Options) {
				o.Purposes = c.fixed
				if !c.noClaim {
					o.PurposesClaim = claim
				}
			})
			token, err := v.Verify(t.Context(), good(t, map[string]any{claim: c.grant}))
			if c.code != "" {
				refused(t, err, c.code)
				return
			}
			require.NoError(t, err)
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header["Purpose-Of-Use"] = c.header
			r = r.WithContext(token.Context(r.Context()))
			got, err := access.PurposeChoice(c.route...).Of(r)
			if err == nil && !g.Decide(r.Context(), access.Request{Resource: "Patient", Action: "read", Purpose: got}).Allowed {
				got = ""
			}
			require.Equal(t, c.want, got)
		})
	}
}
