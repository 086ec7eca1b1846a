package oidc_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/oidc"
)

// sessions are those of a program: a token is the session's id with "secret-"
// before it.
type sessions struct {
	started []safeguard.Principal
	until   []time.Time
	fail    error
	noID    bool
}

func (s *sessions) Start(_ context.Context, p safeguard.Principal, until time.Time) (token, id string, err error) {
	if s.fail != nil || s.noID {
		return "", "", s.fail
	}
	s.started, s.until = append(s.started, p), append(s.until, until)
	id = "s-" + strconv.Itoa(len(s.started))
	return "secret-" + id, id, nil
}

// handler identifies the caller as a session would.
func (s *sessions) handler(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := safeguard.Principal{ID: r.Header.Get("Test-User"), Kind: safeguard.Person, Session: r.Header.Get("Test-Session"), At: time.Now()}
		if r.Header.Get("Test-Robot") != "" {
			p.Kind = safeguard.Service
		}
		next.ServeHTTP(w, r.WithContext(safeguard.WithPrincipal(r.Context(), p)))
	})
}

func in(session, user string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, audience+"/x", nil)
	r.Header.Set("Test-Session", session)
	r.Header.Set("Test-User", user)
	return r
}

func post(token string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, audience+"/session", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	return r
}

// scopeOf says what narrows a request.
var scopeOf = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
	if t, ok := oidc.TokenFrom(r.Context()); ok {
		w.Write([]byte(t.Scope())) //nolint:errcheck // of a test
	}
})

// A token is exchanged for a session that ends with it and can do no more; when
// the token stops to count, so does the session.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d), 164.502(b)(1); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestExchange(t *testing.T) {
	for name, c := range map[string]struct {
		act  func(*oidc.Verifier)
		code string
	}{
		"expired":    {func(*oidc.Verifier) { after(10*time.Minute + 10*time.Second) }, "oidc.expired"},
		"distrusted": {func(v *oidc.Verifier) { v.Distrust("ES256") }, "oidc.key"},                           //nolint:errcheck // shown by the answer
		"terminated": {func(v *oidc.Verifier) { v.Revoke(context.Background(), "", "ada") }, "oidc.revoked"}, //nolint:errcheck // shown by the answer
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v, s := newVerifier(t, newIssuer("ES256"), nil), &sessions{}
				x, err := oidc.NewExchange(v, s)
				require.NoError(t, err)
				routes := recorded(t, s.handler(x.Handler(scopeOf)))
				text := good(t, map[string]any{"scope": "user/Patient.r"})
				answer := serve(recorded(t, x), post(text))
				require.Equal(t, http.StatusOK, answer.StatusCode)
				require.Equal(t, "no-store", answer.Header.Get("Cache-Control"))
				require.JSONEq(t, `{"access_token":"secret-s-1","token_type":"Bearer","expires_in":600}`, body(t, answer))
				token := verify(t, v, text)
				require.Equal(t, []time.Time{token.Expires()}, s.until)
				require.Equal(t, []safeguard.Principal{token.Principal()}, s.started)

				answer = serve(routes, in("s-1", "ada"))
				require.Equal(t, http.StatusOK, answer.StatusCode)
				require.Equal(t, "user/Patient.r", body(t, answer))
				c.act(v)
				answer = serve(routes, in("s-1", "ada"))
				require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
				require.Contains(t, body(t, answer), c.code)
				require.Equal(t, http.StatusUnauthorized, serve(recorded(t, x), post(text)).StatusCode)
			})
		})
	}
}

// Sessions of another sign-in, of another user and of nobody are not narrowed by
// a token, so they are denied.
//
// Controls: HIPAA 164.312(d), 164.502(b)(1); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestExchangeKnowsItsSessions(t *testing.T) {
	v, s := newVerifier(t, newIssuer("ES256"), nil), &sessions{}
	x, err := oidc.NewExchange(v, s)
	require.NoError(t, err)
	routes := recorded(t, s.handler(x.Handler(scopeOf)))
	require.Equal(t, http.StatusOK, serve(recorded(t, x), post(good(t, nil))).StatusCode)
	robot := in("s-1", "ada")
	robot.Header.Set("Test-Robot", "yes")
	for _, r := range []*http.Request{in("s-2", "ada"), in("s-1", "eve"), in("", "ada"), in("s-1", ""), robot} {
		answer := serve(routes, r)
		require.Equal(t, http.StatusUnauthorized, answer.StatusCode)
		require.Contains(t, body(t, answer), "oidc.missing")
	}
}

// No session starts where it would not be narrowed, for a token that is bound to
// a key or is not good, by another method, or if sessions fail.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestExchangeRefuses(t *testing.T) {
	_, err := oidc.NewExchange(nil, &sessions{})
	require.ErrorIs(t, err, oidc.ErrOptions)
	v := newVerifier(t, newIssuer("ES256"), nil)
	_, err = oidc.NewExchange(v, nil)
	require.ErrorIs(t, err, oidc.ErrOptions)
	s := &sessions{}
	x, err := oidc.NewExchange(v, s)
	require.NoError(t, err)
	h := recorded(t, x)
	status := func(r *http.Request) int { return serve(h, r).StatusCode }
	require.Equal(t, http.StatusInternalServerError, status(post(good(t, nil)))) // Handler wraps nothing yet
	x.Handler(scopeOf)
	get := post(good(t, nil))
	get.Method = http.MethodGet
	require.Equal(t, http.StatusMethodNotAllowed, status(get))
	require.Equal(t, http.StatusUnauthorized, status(post(garbage("x"))))
	require.Equal(t, http.StatusUnauthorized, status(post(good(t, map[string]any{"cnf": map[string]any{"jkt": b64(make([]byte, 32))}}))))
	require.Equal(t, http.StatusInternalServerError, serve(x, post(good(t, nil))).StatusCode)
	proven, h2 := newVerifier(t, newIssuer("ES256"), withOrigin), newHolder(t)
	bound, err := oidc.NewExchange(proven, s)
	require.NoError(t, err)
	bound.Handler(scopeOf)
	r := h2.request(h2.proof(t, nil, map[string]any{"htm": http.MethodPost}))
	r.Method = http.MethodPost
	require.Equal(t, http.StatusUnauthorized, serve(recorded(t, bound), r).StatusCode)
	require.Empty(t, s.started)
	s.fail = errors.New("full")
	require.Equal(t, http.StatusServiceUnavailable, status(post(good(t, nil))))
	s.fail, s.noID = nil, true
	require.Equal(t, http.StatusServiceUnavailable, status(post(good(t, nil))))
	require.Empty(t, s.started)
}

// An Exchange that can remember no more starts no session.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(7)(ii)(C); NIST CSF 2.0 PR.AA-05, PR.IR-04.
func TestExchangeIsFull(t *testing.T) {
	s := &sessions{}
	x, err := oidc.NewExchange(newVerifier(t, newIssuer("ES256"), nil), s)
	require.NoError(t, err)
	x.Handler(scopeOf)
	oidc.Fill(x)
	answer := serve(recorded(t, x), post(good(t, nil)))
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Contains(t, body(t, answer), "oidc.full")
	require.Empty(t, s.started)
}

// What is under way in a session ends with its token: nothing leaves any more.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestExchangeEndsUnderWay(t *testing.T) {
	v, s := newVerifier(t, newIssuer("ES256"), nil), &sessions{}
	x, err := oidc.NewExchange(v, s)
	require.NoError(t, err)
	routes := recorded(t, s.handler(x.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, v.Revoke(r.Context(), "", "ada"))
		w.Write([]byte("a chart")) //nolint:errcheck // of a test
	}))))
	require.Equal(t, http.StatusOK, serve(recorded(t, x), post(good(t, nil))).StatusCode)
	answer := serve(routes, in("s-1", "ada"))
	require.NotEqual(t, http.StatusOK, answer.StatusCode)
	require.NotContains(t, body(t, answer), "chart")
}

// The answer of the exchange is the token's and expires with it.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestExchangeAnswerExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v, s := newVerifier(t, newIssuer("ES256"), nil), &sessions{}
		x, err := oidc.NewExchange(v, s)
		require.NoError(t, err)
		x.Handler(scopeOf)
		token := good(t, nil)
		after(9 * time.Minute)
		var answer struct {
			Expires int64 `json:"expires_in"`
		}
		require.NoError(t, json.Unmarshal([]byte(body(t, serve(recorded(t, x), post(token)))), &answer))
		require.EqualValues(t, 60, answer.Expires)
		after(time.Minute)
		verify(t, v, token) // by the leeway
		late := serve(recorded(t, x), post(token))
		require.Equal(t, http.StatusUnauthorized, late.StatusCode)
		require.Contains(t, body(t, late), "oidc.expired")
		require.Len(t, s.started, 1)
	})
}
