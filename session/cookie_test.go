package session_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/stretchr/testify/require"
)

const gone = "__Host-session=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Lax"

// Controls: HIPAA 164.312(d), 164.312(e)(1); NIST CSF 2.0 PR.AA-03, PR.DS-02.
func TestCookie(t *testing.T) {
	m := newManager(t, nil)
	token, _ := start(t, m)
	w := httptest.NewRecorder()
	m.SetCookie(w, token)
	require.Equal(t, []string{cookie(token) + "; Path=/; HttpOnly; Secure; SameSite=Lax"}, w.Header().Values("Set-Cookie"))
	require.Equal(t, "no-store", w.Header().Get("Cache-Control"))

	w = httptest.NewRecorder()
	m.SetCookie(w, session.Token{})
	require.Empty(t, w.Header())

	m = newManager(t, &session.Options{Cookie: "__Host-clinic"})
	token, _ = start(t, m)
	w = httptest.NewRecorder()
	m.SetCookie(w, token)
	require.Equal(t, "__Host-clinic="+token.Reveal(), w.Header().Get("Set-Cookie")[:len("__Host-clinic=")+63])
}

// Signing out works inside Handler, where the audit's gate would otherwise
// hold the farewell back, and outside.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestSignOut(t *testing.T) {
	m := newManager(t, nil)
	farewell := func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, m.SignOut(w, r))
		io.WriteString(w, "goodbye")
	}
	outside := func(h http.Handler) http.Handler { return h }
	for name, wrap := range map[string]func(http.Handler) http.Handler{"inside": m.Handler, "outside": outside} {
		t.Run(name, func(t *testing.T) {
			token, _ := start(t, m)
			s := newService(t, m, wrap, farewell)
			res := serve(s.root, request("POST", "Cookie", cookie(token)))
			require.Equal(t, 200, res.StatusCode)
			require.Equal(t, "goodbye", body(t, res))
			require.Equal(t, []string{gone}, res.Header.Values("Set-Cookie"))
			require.Equal(t, `"cache", "cookies", "storage"`, res.Header.Get("Clear-Site-Data"))
			require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
			_, err := m.Check(t.Context(), token, session.Active)
			require.ErrorIs(t, err, session.ErrEnded)
		})
	}
}

// A session that somebody else ended first gives its last request no way out.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestSignOutOfAnEndedSession(t *testing.T) {
	m := newManager(t, nil)
	token, info := start(t, m)
	s := newService(t, m, m.Handler, func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, m.End(r.Context(), info.ID, session.Terminated))
		require.NoError(t, m.SignOut(w, r))
		io.WriteString(w, page)
	})
	res := serve(s.root, request("POST", "Cookie", cookie(token)))
	require.Equal(t, 401, res.StatusCode)
	require.NotContains(t, body(t, res), page)
}

// Controls: HIPAA 164.312(a)(2)(iii), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestSignOutRefuses(t *testing.T) {
	store := newFaulty(t)
	m, err := session.New(store, nil)
	require.NoError(t, err)
	token, _ := start(t, m)
	other, _ := start(t, m)
	for name, r := range map[string]*http.Request{
		"get":          request("GET", "Cookie", cookie(token)),
		"head":         request("HEAD", "Cookie", cookie(token)),
		"cross-origin": request("POST", "Cookie", cookie(token), "Sec-Fetch-Site", "cross-site"),
	} {
		w := httptest.NewRecorder()
		require.Error(t, m.SignOut(w, r), name)
		require.Empty(t, w.Header(), name)
	}
	w := httptest.NewRecorder()
	require.ErrorIs(t, m.SignOut(w, request("POST", "Cookie", cookie(token)+"; "+cookie(other))), session.ErrUnknown)
	require.Equal(t, []string{gone}, w.Header().Values("Set-Cookie"))

	store.down = true
	w = httptest.NewRecorder()
	require.ErrorIs(t, m.SignOut(w, request("POST", "Cookie", cookie(token))), session.ErrStore)
	require.Equal(t, []string{gone}, w.Header().Values("Set-Cookie"), "the browser forgets it all the same")
	store.down = false

	for _, live := range []session.Token{token, other} {
		_, err = m.Check(t.Context(), live, session.Active)
		require.NoError(t, err, "none of these ended a session")
	}
	for name, r := range map[string]*http.Request{
		"nobody":  request("POST"),
		"unknown": request("POST", "Cookie", "__Host-session=x"),
	} {
		require.NoError(t, m.SignOut(httptest.NewRecorder(), r), name)
	}
}

// The farewell passes only if this very request ended the session: here
// somebody else does so between its check and its end.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestSignOutThatComesSecond(t *testing.T) {
	store := newFaulty(t)
	m, err := session.New(store, nil)
	require.NoError(t, err)
	token, info := start(t, m)
	s := newService(t, m, m.Handler, func(w http.ResponseWriter, r *http.Request) {
		store.lies = func(*session.Verdict) {
			store.lies = nil
			_, err := store.Store.End(t.Context(), session.Selector{ID: info.ID}, session.Terminated)
			require.NoError(t, err)
		}
		require.NoError(t, m.SignOut(w, r))
		io.WriteString(w, page)
	})
	res := serve(s.root, request("POST", "Cookie", cookie(token)))
	require.Equal(t, 401, res.StatusCode)
	require.NotContains(t, body(t, res), page)
}

// A client that hangs up is signed out all the same.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestSignOutOutlivesItsRequest(t *testing.T) {
	m, err := session.New(newFaulty(t), nil)
	require.NoError(t, err)
	token, _ := start(t, m)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, m.SignOut(httptest.NewRecorder(), request("POST", "Cookie", cookie(token)).WithContext(ctx)))
	_, err = m.Check(t.Context(), token, session.Active)
	require.ErrorIs(t, err, session.ErrEnded)
}

// After signing out a request may say goodbye, and nothing of a patient.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestSignedOutRequestShowsNoPHI(t *testing.T) {
	m := newManager(t, nil)
	token, _ := start(t, m)
	s := newService(t, m, m.Handler, func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, m.SignOut(w, r))
		require.NoError(t, audit.EntryFrom(r.Context()).NoteOpened("charts", "note", safeguard.NewPatient("1")))
		io.WriteString(w, page)
	})
	res := serve(s.root, request("POST", "Cookie", cookie(token)))
	require.Equal(t, 401, res.StatusCode)
	require.NotContains(t, body(t, res), page)
}

// What one handler does to the values of its headers stays with its request.
func TestHeadersAreOfOneRequest(t *testing.T) {
	m := newManager(t, nil)
	token, _ := start(t, m)
	s := newService(t, m, m.Handler, func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Referrer-Policy"][0] = page
	})
	serve(s.root, request("GET", "Cookie", cookie(token)))
	res := serve(s.root, request("GET"))
	require.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"))
}
