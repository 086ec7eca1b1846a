package session_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/session"
)

// memoryLog is an audit log in memory.
type memoryLog struct {
	mu      sync.Mutex
	records []string
}

func (l *memoryLog) Append(_ context.Context, records ...[]byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range records {
		l.records = append(l.records, string(r))
	}
	return nil
}

func (l *memoryLog) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.records, "\n")
}

// A service is a Manager and an audit trail around one handler.
type service struct {
	*session.Manager
	log  *memoryLog
	root http.Handler
	runs int // how often the handler ran
}

// page is a handler that has something to hide.
const page = "chart of the patient"

func newService(t testing.TB, m *session.Manager, wrap func(http.Handler) http.Handler, inner http.HandlerFunc) *service {
	s := &service{Manager: m, log: &memoryLog{}}
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "a", Secret: []byte(strings.Repeat("k", 32))})
	require.NoError(t, err)
	rec, err := audit.New(s.log, keys, nil)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, rec.Close(context.Background())) })
	if inner == nil {
		inner = func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, page) }
	}
	s.root = rec.Handler(wrap(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.runs++
		inner(w, r)
	})))
	return s
}

func serve(h http.Handler, r *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func request(method string, header ...string) *http.Request {
	r := httptest.NewRequest(method, "https://clinic.example/chart", nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	return r
}

func cookie(token session.Token) string { return "__Host-session=" + token.Reveal() }

func body(t testing.TB, res *http.Response) string {
	b, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(b)
}

// refused wants a problem with a code and nothing of the handler's.
func refused(t testing.TB, res *http.Response, status int, code string) {
	t.Helper()
	text := body(t, res)
	require.Equal(t, status, res.StatusCode, text)
	require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"))
	var p struct {
		Type, Title, Code string
		Status            int
	}
	require.NoError(t, json.Unmarshal([]byte(text), &p))
	require.Equal(t, code, p.Code)
	require.Equal(t, status, p.Status)
	require.Equal(t, http.StatusText(status), p.Title)
	require.Equal(t, "about:blank", p.Type)
	require.NotContains(t, text, page)
	require.Empty(t, res.Header.Values("Set-Cookie"))
	hardened(t, res)
}

func hardened(t testing.TB, res *http.Response) {
	t.Helper()
	require.Equal(t, "no-store", res.Header.Get("Cache-Control"))
	require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))
	require.Equal(t, "frame-ancestors 'none'", res.Header.Get("Content-Security-Policy"))
	require.Equal(t, "DENY", res.Header.Get("X-Frame-Options"))
	require.Equal(t, "no-referrer", res.Header.Get("Referrer-Policy"))
}

// Controls: HIPAA 164.312(d), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-01, PR.AA-03.
func TestHandlerAdmits(t *testing.T) {
	m := newManager(t, nil)
	token, info := start(t, m)
	var got safeguard.Principal
	s := newService(t, m, m.Handler, func(w http.ResponseWriter, r *http.Request) {
		var ok bool
		got, ok = safeguard.PrincipalFrom(r.Context())
		require.True(t, ok)
		io.WriteString(w, page)
	})
	for name, r := range map[string]*http.Request{
		"cookie":            request("GET", "Cookie", cookie(token)),
		"cookie among more": request("GET", "Cookie", "a=b; "+cookie(token)+"; __host-session=x; c"),
		"second line":       request("GET", "Cookie", "a=b", "Cookie", cookie(token)),
		"bearer":            request("POST", "Authorization", "Bearer "+token.Reveal()),
		"scheme in capital": request("GET", "Authorization", "BEARER "+token.Reveal()),
		"another scheme":    request("GET", "Authorization", "Basic dTpw", "Cookie", cookie(token)),
		"same origin":       request("POST", "Cookie", cookie(token), "Sec-Fetch-Site", "same-origin"),
	} {
		got = safeguard.Principal{}
		res := serve(s.root, r)
		require.Equal(t, 200, res.StatusCode, name)
		require.Equal(t, page, body(t, res), name)
		hardened(t, res)
		require.Empty(t, res.Header.Values("Set-Cookie"), name)
		require.Equal(t, info.Principal(), got, name)
		require.Equal(t, string(info.ID), got.Session)
	}
	require.Contains(t, s.log.text(), `"id":"u-17"`)
	require.Contains(t, s.log.text(), string(info.ID))
	require.NotContains(t, s.log.text(), token.Reveal()[20:])
}

// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestHandlerRefuses(t *testing.T) {
	m := newManager(t, nil)
	token, _ := start(t, m)
	other, _ := start(t, m)
	s := newService(t, m, m.Handler, nil)
	text := token.Reveal()
	for _, c := range []struct {
		name, code string
		request    *http.Request
		challenge  string
	}{
		{"nothing", "session.missing", request("GET"), "Bearer"},
		{"other cookies", "session.missing", request("GET", "Cookie", "a=b; session="+text), "Bearer"},
		{"another scheme", "session.missing", request("GET", "Authorization", "Basic dTpw"), "Bearer"},
		{"empty cookie", "session.unknown", request("GET", "Cookie", "__Host-session="), `Bearer error="invalid_token"`},
		{"short", "session.unknown", request("GET", "Cookie", cookie(token)[:70]), `Bearer error="invalid_token"`},
		{"quoted", "session.unknown", request("GET", "Cookie", `__Host-session="`+text+`"`), `Bearer error="invalid_token"`},
		{"forged", "session.unknown", request("GET", "Cookie", "__Host-session="+text[:20]+strings.Repeat("A", 43)), `Bearer error="invalid_token"`},
		{"mixed", "session.unknown", request("GET", "Cookie", "__Host-session="+text[:20]+other.Reveal()[20:]), `Bearer error="invalid_token"`},
		{"planted first", "session.ambiguous", request("GET", "Cookie", cookie(other)+"; "+cookie(token)), `Bearer error="invalid_token"`},
		{"twice the same", "session.ambiguous", request("GET", "Cookie", cookie(token)+"; "+cookie(token)), `Bearer error="invalid_token"`},
		{"two lines", "session.ambiguous", request("GET", "Cookie", cookie(token), "Cookie", cookie(other)), `Bearer error="invalid_token"`},
		{"cookie and bearer", "session.ambiguous", request("GET", "Cookie", cookie(token), "Authorization", "Bearer "+text), `Bearer error="invalid_token"`},
		{"two bearers", "session.ambiguous", request("GET", "Authorization", "Bearer "+text, "Authorization", "Bearer "+text), `Bearer error="invalid_token"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			res := serve(s.root, c.request)
			require.Equal(t, c.challenge, res.Header.Get("WWW-Authenticate"))
			refused(t, res, 401, c.code)
			require.Contains(t, s.log.text(), c.code)
		})
	}
	require.Zero(t, s.runs)
}

// Controls: HIPAA 164.312(a)(2)(iii), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestHandlerLogsOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newManager(t, nil)
		s := newService(t, m, m.Handler, nil)
		token, _ := start(t, m)
		r := request("GET", "Cookie", cookie(token))
		after(15*time.Minute - 1)
		require.Equal(t, 200, serve(s.root, r).StatusCode)
		after(15 * time.Minute)
		before := strings.Count(s.log.text(), `"id":"u-17"`)
		refused(t, serve(s.root, r), 401, "session.idle")
		named := strings.Count(s.log.text(), `"id":"u-17"`)
		require.Greater(t, named, before, "the logoff names its user")
		for range 5 {
			refused(t, serve(s.root, r), 401, "session.idle")
		}
		require.Equal(t, named, strings.Count(s.log.text(), `"id":"u-17"`), "a page left open must not fill the log")

		token, info := start(t, m)
		require.NoError(t, m.End(t.Context(), info.ID, session.Revoked))
		refused(t, serve(s.root, request("GET", "Cookie", cookie(token))), 401, "session.ended")
		require.Equal(t, 1, s.runs)
	})
}

// An unattended page that polls does not stay signed in, and a client cannot
// make a passive route active.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestPollingDoesNotProlong(t *testing.T) {
	for _, c := range []struct {
		name    string
		passive bool
		header  []string
		prolong bool
	}{
		{"a person", false, nil, true},
		{"says it is passive", false, []string{"Session-Activity", "passive"}, false},
		{"prefetch", false, []string{"Sec-Purpose", "prefetch;prerender"}, false},
		{"passive route", true, nil, false},
		{"passive route that claims to be active", true, []string{"Session-Activity", "active"}, false},
		{"from another origin", false, []string{"Sec-Fetch-Site", "cross-site"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newManager(t, nil)
				wrap := m.Handler
				if c.passive {
					wrap = m.Passive
				}
				s := newService(t, m, wrap, nil)
				token, _ := start(t, m)
				for range 14 {
					after(time.Minute)
					serve(s.root, request("POST", append([]string{"Cookie", cookie(token)}, c.header...)...))
				}
				after(time.Minute)
				_, err := m.Check(t.Context(), token, session.Passive)
				require.Equal(t, c.prolong, err == nil)
			})
		})
	}
}

// A slow request of a session that ends meanwhile gets nothing out and brings
// nothing back.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestEndedBetweenCheckAndOutput(t *testing.T) {
	for _, c := range []struct {
		name, code string
		happens    func(*testing.T, *session.Manager, session.ID)
	}{
		{"signed out elsewhere", "session.ended", func(t *testing.T, m *session.Manager, id session.ID) {
			require.NoError(t, m.End(t.Context(), id, session.SignedOut))
		}},
		{"account disabled", "session.ended", func(t *testing.T, m *session.Manager, _ session.ID) {
			n, err := m.EndUser(t.Context(), "north", "u-17", session.Terminated)
			require.NoError(t, err)
			require.Equal(t, 1, n)
		}},
		{"idle", "session.idle", func(*testing.T, *session.Manager, session.ID) { after(15 * time.Minute) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newManager(t, nil)
				token, info := start(t, m)
				s := newService(t, m, m.Handler, func(w http.ResponseWriter, r *http.Request) {
					c.happens(t, m, info.ID)
					w.Header().Set("X-Chart", page)
					io.WriteString(w, page)
				})
				res := serve(s.root, request("GET", "Cookie", cookie(token)))
				require.Equal(t, 401, res.StatusCode)
				require.NotContains(t, body(t, res), page)
				require.Empty(t, res.Header.Get("X-Chart"))
				_, err := m.Check(t.Context(), token, session.Active)
				require.Error(t, err)
				synctest.Wait()
				require.Contains(t, s.log.text(), c.code)
			})
		})
	}
}

// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-05.
func TestStoreDownIs503(t *testing.T) {
	store := newFaulty(t)
	m, err := session.New(store, &session.Options{SignInPage: "/signin"})
	require.NoError(t, err)
	s := newService(t, m, m.Handler, nil)
	token, _ := start(t, m)
	store.down = true
	res := serve(s.root, request("GET", "Cookie", cookie(token), "Sec-Fetch-Mode", "navigate"))
	require.Equal(t, "1", res.Header.Get("Retry-After"))
	refused(t, res, 503, "session.store")
	require.Zero(t, s.runs)

	store.down = false
	s = newService(t, m, m.Handler, func(w http.ResponseWriter, r *http.Request) {
		store.down = true
		io.WriteString(w, page)
	})
	res = serve(s.root, request("GET", "Cookie", cookie(token)))
	require.Equal(t, 503, res.StatusCode, "the store fails between check and output")
	require.NotContains(t, body(t, res), page)
	last := store.seen[len(store.seen)-1]
	require.True(t, last.Recheck)
	require.Equal(t, session.Passive, last.Activity)
}

// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestWrongOrderShows(t *testing.T) {
	m := newManager(t, nil)
	token, _ := start(t, m)
	r := request("GET", "Cookie", cookie(token))
	never := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the handler ran") })
	refused(t, serve(m.Handler(never), r), 500, "session.misplaced")

	s := newService(t, m, func(h http.Handler) http.Handler { return m.Handler(m.Passive(never)) }, nil)
	refused(t, serve(s.root, r), 500, "session.misplaced")
}

// A service with its own access log uses session alone.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestAlone(t *testing.T) {
	m := newManager(t, &session.Options{UnsafeWithoutEntry: true})
	token, info := start(t, m)
	var own []string
	root := m.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := safeguard.PrincipalFrom(r.Context())
		own = append(own, p.ID+" read "+r.URL.Path)
		io.WriteString(w, page)
	}))
	res := serve(root, request("GET", "Cookie", cookie(token)))
	require.Equal(t, page, body(t, res))
	require.Equal(t, []string{"u-17 read /chart"}, own)
	require.NoError(t, m.End(t.Context(), info.ID, session.SignedOut))
	refused(t, serve(root, request("GET", "Cookie", cookie(token))), 401, "session.ended")
	obs, err := m.Report(t.Context())
	require.NoError(t, err)
	require.Contains(t, obs[0].Settings["audited"], "own access log")
}

// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-05.
func TestBrowsersAreSentToSignIn(t *testing.T) {
	m := newManager(t, &session.Options{SignInPage: "/signin"})
	s := newService(t, m, m.Handler, nil)
	const html = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"
	for _, c := range []struct {
		name   string
		r      *http.Request
		status int
	}{
		{"navigation", request("GET", "Sec-Fetch-Mode", "navigate"), 303},
		{"older browser", request("GET", "Accept", html), 303},
		{"head", request("HEAD", "Accept", html), 303},
		{"fetch", request("GET", "Sec-Fetch-Mode", "cors", "Accept", html), 401},
		{"program", request("GET", "Accept", "application/json"), 401},
		{"form", request("POST", "Sec-Fetch-Mode", "navigate"), 401},
		{"the page itself", httptest.NewRequest("GET", "https://clinic.example/signin", nil), 401},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "the page itself" {
				c.r.Header.Set("Sec-Fetch-Mode", "navigate")
			}
			res := serve(s.root, c.r)
			require.Equal(t, c.status, res.StatusCode)
			hardened(t, res)
			if c.status == 303 {
				require.Equal(t, "/signin", res.Header.Get("Location"), "no part of the URL is passed on")
				require.Empty(t, res.Header.Get("WWW-Authenticate"))
				require.Contains(t, res.Header.Get("Set-Cookie"), "__Host-forget=", "the back button shows nothing")
			}
		})
	}
	require.Zero(t, s.runs)
}

// Controls: HIPAA 164.312(d), 164.312(a)(1); NIST CSF 2.0 PR.AA-03, PR.AA-05.
func TestCrossOriginIsRefused(t *testing.T) {
	m := newManager(t, &session.Options{TrustedOrigins: []string{"https://app.example"}})
	s := newService(t, m, m.Handler, nil)
	token, _ := start(t, m)
	for _, header := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		refused(t, serve(s.root, request("POST", append(header, "Cookie", cookie(token))...)), 403, "session.cross_origin")
	}
	require.Zero(t, s.runs)
	res := serve(s.root, request("POST", "Sec-Fetch-Site", "cross-site", "Origin", "https://app.example", "Cookie", cookie(token)))
	require.Equal(t, 200, res.StatusCode)
}
