package access_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// planted must not leave on any route of these tests that hides the name.
const planted = "Wilhelmina-Planted-7731"

const chart = `{"resourceType":"Patient","id":"1","name":[{"family":"` + planted + `"}],"birthDate":"1970-01-01","text":{"div":"` + planted + `"}}`

// service is a server as a program with its own sign-in builds it: the audit
// Handler, a sign-in, the Mux.
type service struct {
	*httptest.Server
	guard *access.Guard
	log   *audittest.Log
}

func serve(t *testing.T, g *access.Guard, mux http.Handler) *service {
	t.Helper()
	secret := make([]byte, 32)
	_, _ = rand.Read(secret)
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: secret})
	require.NoError(t, err)
	log := audittest.NewLog()
	rec, err := audit.New(log, keys, nil)
	require.NoError(t, err)
	signIn := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if who := r.Header.Get("User"); who != "" {
			r = r.WithContext(safeguard.WithPrincipal(r.Context(), safeguard.Principal{ID: who, Kind: safeguard.Person}))
		}
		w.Header().Set("Set-Cookie", "of=the-sign-in")
		mux.ServeHTTP(w, r)
	})
	s := &service{Server: httptest.NewServer(rec.Handler(signIn)), guard: g, log: log}
	t.Cleanup(func() {
		s.Server.Close()
		require.NoError(t, rec.Close(context.Background()))
	})
	return s
}

// answer is what came over the wire.
type answer struct {
	status int
	header http.Header
	body   string
	all    string // status line, headers and body
}

func (s *service) get(t *testing.T, method, path, who string, purpose ...string) answer {
	t.Helper()
	req, err := http.NewRequest(method, s.URL+path, nil)
	require.NoError(t, err)
	if who != "" {
		req.Header.Set("User", who)
	}
	for _, p := range purpose {
		req.Header.Add("Purpose-Of-Use", p)
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var all bytes.Buffer
	fmt.Fprintln(&all, res.Status, res.Header, res.Trailer)
	all.Write(body)
	return answer{res.StatusCode, res.Header, string(body), all.String()}
}

// accesses returns the access records of the log.
func (s *service) accesses(t *testing.T) []audit.Access {
	return audittest.Data[audit.Access](t, s.log.Records(), audit.TypeAccess)
}

var readPatient = access.Rule{Resource: "Patient", Action: "read", Patient: access.PathPatient("id")}

// route serves one handler under GET /patients/{id}.
func route(t *testing.T, rule access.Rule, h http.HandlerFunc) *service {
	t.Helper()
	g := clinic(t)
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", rule, h)
	require.NoError(t, g.VerifyRoutes(mux))
	return serve(t, g, mux)
}

func answerChart(w http.ResponseWriter, r *http.Request) {
	_ = access.WriteJSON(w, r, http.StatusOK, []byte(chart))
}

// A request gets what its caller and purpose may see, and the log says so
// before it leaves.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestMuxProjects(t *testing.T) {
	s := route(t, readPatient, answerChart)
	a := s.get(t, "GET", "/patients/1", "sam", "TREAT")
	require.Equal(t, http.StatusOK, a.status)
	require.JSONEq(t, `{"resourceType":"Patient","id":"1"}`, a.body)
	require.NotContains(t, a.all, planted)
	require.Equal(t, "application/json", a.header.Get("Content-Type"))
	require.Equal(t, "private, no-store", a.header.Get("Cache-Control"))
	require.Equal(t, "nosniff", a.header.Get("X-Content-Type-Options"))
	require.Equal(t, "of=the-sign-in", a.header.Get("Set-Cookie"))

	all := s.accesses(t)
	require.Len(t, all, 1)
	got := all[0]
	require.Equal(t, "sam", got.Principal.ID)
	require.Equal(t, "GET /patients/{id}", got.Route)
	require.Equal(t, "Patient", got.Resource)
	require.Equal(t, "read", got.Action)
	require.Equal(t, safeguard.Treatment, got.Purpose)
	require.Len(t, got.Patients, 1)
	require.Equal(t, &audit.Decision{
		Allowed: true, Code: access.CodeAllowed, Rules: []string{"D-1", "S-1"}, Policy: got.Decision.Policy,
		Fields: []string{"Patient.id"},
	}, got.Decision)
	require.Equal(t, []string{"Patient.id"}, got.Fields)
	require.Empty(t, got.Denied)

	a = s.get(t, "GET", "/patients/1", "carla", "TREAT")
	require.Contains(t, a.body, planted)
	require.NotContains(t, a.body, "div")
	require.Equal(t, []string{"Patient.*", "Patient.id"}, s.accesses(t)[1].Fields)

	require.Empty(t, s.get(t, "HEAD", "/patients/1", "sam", "TREAT").body)
}

// Denials: nothing runs, nothing leaves, the code is in the answer and in the
// log.
//
// Controls: HIPAA 164.312(a)(1), 164.312(d), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestMuxDenies(t *testing.T) {
	ran := false
	s := route(t, readPatient, func(w http.ResponseWriter, r *http.Request) {
		ran = true
		answerChart(w, r)
	})
	for name, c := range map[string]struct {
		method, path, who string
		purposes          []string
		status            int
		code              string
	}{
		"nobody":              {"GET", "/patients/1", "", []string{"TREAT"}, 401, access.CodeNoPrincipal},
		"a shared account":    {"GET", "/patients/1", "Anonymous", []string{"TREAT"}, 401, access.CodeNoPrincipal},
		"no purpose":          {"GET", "/patients/1", "carla", nil, 403, access.CodeNoPurpose},
		"two purposes":        {"GET", "/patients/1", "carla", []string{"TREAT", "HOPERAT"}, 403, access.CodeNoPurpose},
		"an unknown purpose":  {"GET", "/patients/1", "carla", []string{planted}, 403, access.CodeNoPurpose},
		"another purpose":     {"GET", "/patients/1", "carla", []string{"HMARKT"}, 403, access.CodePurpose},
		"a deny rule":         {"GET", "/patients/1", "gone", []string{"TREAT"}, 403, access.CodeDenyRule},
		"no role":             {"GET", "/patients/1", "new", []string{"TREAT"}, 403, access.CodeNoRole},
		"no route":            {"GET", "/" + planted, "carla", []string{"TREAT"}, 404, access.CodeNoRoute},
		"another method":      {"DELETE", "/patients/1", "carla", []string{"TREAT"}, 404, access.CodeNoRoute},
		"a path to clean":     {"GET", "/x/..//patients/" + planted, "carla", []string{"TREAT"}, 404, access.CodeNoRoute},
		"no patient named":    {"GET", "/patients/", "carla", []string{"TREAT"}, 404, access.CodeNoRoute},
		"no route for nobody": {"GET", "/", "", nil, 404, access.CodeNoRoute},
	} {
		t.Run(name, func(t *testing.T) {
			before := len(s.accesses(t))
			a := s.get(t, c.method, c.path, c.who, c.purposes...)
			require.Equal(t, c.status, a.status)
			require.Contains(t, a.body, `"code":"`+c.code+`"`)
			require.Equal(t, "application/problem+json", a.header.Get("Content-Type"))
			require.NotContains(t, a.all, planted)
			require.False(t, ran)
			all := s.accesses(t)
			require.Len(t, all, before+1)
			require.Contains(t, all[before].Denied, c.code)
			require.NotContains(t, fmt.Sprint(s.log.Records()), planted)
		})
	}
}

// The ways past the projection, each tried by a handler. All of them end in a
// bare 500, and the log says why.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestRawWritesAreRefused(t *testing.T) {
	for name, attack := range map[string]func(w http.ResponseWriter, r *http.Request){
		"Write":       func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(planted)) },
		"WriteString": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, planted) },
		"Fprint":      func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, planted) },
		"io.Copy":     func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, strings.NewReader(planted)) },
		"ReadFrom": func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.(io.ReaderFrom).ReadFrom(strings.NewReader(planted))
		},
		"http.Error":    func(w http.ResponseWriter, _ *http.Request) { http.Error(w, planted, http.StatusBadRequest) },
		"http.Redirect": func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/"+planted, http.StatusFound) },
		"after a status": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte(planted))
		},
		"after an answer": func(w http.ResponseWriter, r *http.Request) {
			_ = access.WriteJSON(w, r, http.StatusOK, []byte(`{"id":"1"}`))
			_, _ = w.Write([]byte(planted))
		},
		"after a flush": func(w http.ResponseWriter, _ *http.Request) {
			w.(http.Flusher).Flush()
			_, _ = w.Write([]byte(planted))
		},
		"Hijack": func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, _ = conn.Write([]byte(planted))
			}
		},
		"announced trailer": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Name")
			_ = access.WriteJSON(w, r, http.StatusOK, []byte(`{"id":"1"}`))
			w.Header().Set("X-Name", planted)
		},
		"trailer by prefix": func(w http.ResponseWriter, r *http.Request) {
			_ = access.WriteJSON(w, r, http.StatusOK, []byte(`{"id":"1"}`))
			w.Header().Set(http.TrailerPrefix+"X-Name", planted)
		},
		"through Unwrap": func(w http.ResponseWriter, _ *http.Request) {
			u, ok := w.(interface{ Unwrap() http.ResponseWriter })
			if ok {
				_, _ = u.Unwrap().Write([]byte(planted))
			}
			_, _ = w.Write([]byte(planted))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := route(t, readPatient, attack)
			a := s.get(t, "GET", "/patients/1", "sam", "TREAT")
			require.Equal(t, http.StatusInternalServerError, a.status)
			require.NotContains(t, a.all, planted)
			require.Contains(t, a.body, access.CodeRawWrite)
			require.Equal(t, "of=the-sign-in", a.header.Get("Set-Cookie"))
			all := s.accesses(t)
			require.Contains(t, all[len(all)-1].Denied, access.CodeRawWrite)
		})
	}
}

// Headers of a handler leave only where its rule names them; those that frame
// or cache an answer never do.
//
// Controls: HIPAA 164.502(b)(1), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestHeadersAreSifted(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		for _, name := range []string{"Location", "ETag", "Set-Cookie", "X-Patient", "Link", "Content-Disposition", "Cache-Control", "Content-Length"} {
			w.Header().Set(name, planted)
		}
		w.Header().Set("Content-Type", "application/fhir+json; name="+planted)
		w.Header().Set("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
		w.WriteHeader(http.StatusEarlyHints)
		_ = access.WriteJSON(w, r, http.StatusCreated, []byte(`{"id":"1"}`))
		w.Header().Set("X-Late", planted)
	}
	rule := readPatient
	rule.Headers = []string{"last-modified"}
	s := route(t, rule, h)
	a := s.get(t, "GET", "/patients/1", "sam", "TREAT")
	require.Equal(t, http.StatusCreated, a.status)
	require.NotContains(t, a.all, planted)
	require.Equal(t, "application/fhir+json", a.header.Get("Content-Type"))
	require.Equal(t, "Thu, 01 Jan 2026 00:00:00 GMT", a.header.Get("Last-Modified"))
	require.Equal(t, []string{"of=the-sign-in"}, a.header["Set-Cookie"])
	require.Equal(t, []string{"Last-Modified"}, s.guard.Routes()[0].Headers)
}

// What a handler may do besides answering with a document.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestAnswersWithoutDocument(t *testing.T) {
	for name, c := range map[string]struct {
		h      http.HandlerFunc
		status int
		body   string
	}{
		"nothing": {func(http.ResponseWriter, *http.Request) {}, 200, ""},
		"status":  {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 204, ""},
		"first status counts": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(304)
			w.WriteHeader(200)
		}, 304, ""},
		"error":      {func(w http.ResponseWriter, r *http.Request) { _ = access.Error(w, r, 404) }, 404, `"title":"Not Found"`},
		"no error":   {func(w http.ResponseWriter, r *http.Request) { _ = access.Error(w, r, 200) }, 500, `"status":500`},
		"bad status": {func(w http.ResponseWriter, r *http.Request) { _ = access.WriteJSON(w, r, 99, []byte(`{}`)) }, 500, access.CodeProjection},
		"no body":    {func(w http.ResponseWriter, r *http.Request) { _ = access.WriteJSON(w, r, 204, []byte(`{}`)) }, 500, access.CodeProjection},
		"malformed":  {func(w http.ResponseWriter, r *http.Request) { _ = access.WriteJSON(w, r, 200, []byte(planted)) }, 500, access.CodeProjection},
		"another one": {func(w http.ResponseWriter, r *http.Request) {
			_ = access.WriteJSON(w, r, 200, []byte(`{"resourceType":"Encounter"}`))
		}, 500, access.CodeProjection},
		"controls": {func(w http.ResponseWriter, r *http.Request) {
			rc := http.NewResponseController(w)
			far := time.Now().Add(time.Hour)
			if errors.Join(rc.SetReadDeadline(far), rc.SetWriteDeadline(far), rc.EnableFullDuplex()) != nil || rc.Flush() == nil {
				return
			}
			w.WriteHeader(202)
		}, 202, ""},
		"twice": {func(w http.ResponseWriter, r *http.Request) {
			_ = access.WriteJSON(w, r, 201, []byte(`{"id":"1"}`))
			if errors.Is(access.WriteJSON(w, r, 200, []byte(`{"id":"2"}`)), access.ErrAnswer) && errors.Is(access.Error(w, r, 404), access.ErrAnswer) {
				return
			}
			panic("a second answer")
		}, 201, `{"id":"1"}`},
	} {
		t.Run(name, func(t *testing.T) {
			a := route(t, readPatient, c.h).get(t, "GET", "/patients/1", "sam", "TREAT")
			require.Equal(t, c.status, a.status)
			require.Contains(t, a.body, c.body)
			require.NotContains(t, a.all, planted)
		})
	}
}

// A handler that fails half-way has sent nothing.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestPanicSendsNothing(t *testing.T) {
	s := route(t, readPatient, func(w http.ResponseWriter, r *http.Request) {
		answerChart(w, r)
		panic(planted)
	})
	req, err := http.NewRequest("GET", s.URL+"/patients/1", nil)
	require.NoError(t, err)
	req.Header.Set("User", "carla")
	req.Header.Set("Purpose-Of-Use", "TREAT")
	_, err = http.DefaultTransport.RoundTrip(req)
	require.Error(t, err)
}

// Who loses the role between the check and the output gets nothing.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestGateAsksAgain(t *testing.T) {
	for name, later := range map[string][]string{"terminated": nil, "other rules": {"scheduler"}, "denied": {"clinician", "suspended"}} {
		t.Run(name, func(t *testing.T) {
			var lost atomic.Bool
			g := guard(t, clinicPolicy, roleFunc(func(context.Context, safeguard.Principal) ([]string, error) {
				if lost.Load() {
					return later, nil
				}
				return []string{"clinician"}, nil
			}))
			mux := g.Mux()
			mux.HandleFunc("GET /patients/{id}", readPatient, func(w http.ResponseWriter, r *http.Request) {
				answerChart(w, r)
				lost.Store(true)
			})
			require.NoError(t, g.VerifyRoutes(mux))
			s := serve(t, g, mux)
			a := s.get(t, "GET", "/patients/1", "u", "TREAT")
			require.Equal(t, http.StatusForbidden, a.status)
			require.NotContains(t, a.all, planted)
			require.NotEmpty(t, s.accesses(t)[0].Denied)
		})
	}
}

// Nothing leaves if the log cannot take it.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNothingLeavesUnrecorded(t *testing.T) {
	s := route(t, readPatient, answerChart)
	s.log.Fail(errors.New("disk full"))
	a := s.get(t, "GET", "/patients/1", "carla", "TREAT")
	require.Equal(t, http.StatusServiceUnavailable, a.status)
	require.NotContains(t, a.all, planted)
	s.log.Fail(nil)
}

// An unprojected route is decided, recorded as one from which anything may
// have left, and listed with its justification; a public one is open.
//
// Controls: HIPAA 164.312(a)(1), 164.514(d)(5), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestUnprojectedAndPublic(t *testing.T) {
	g := clinic(t)
	mux := g.Mux()
	unprojected := readPatient
	unprojected.Unprojected = "a PDF cannot be projected"
	mux.HandleFunc("GET /patients/{id}/pdf", unprojected, func(w http.ResponseWriter, r *http.Request) {
		d, ok := access.DecisionFrom(r.Context())
		if !ok || !d.Allowed {
			panic("no decision")
		}
		_, _ = io.WriteString(w, "%PDF "+planted)
	})
	mux.HandleFunc("GET /patients/{id}/json", unprojected, answerChart)
	mux.HandleFunc("GET /health", access.Rule{Public: "says only that the service is up"}, func(w http.ResponseWriter, r *http.Request) {
		if _, ok := access.DecisionFrom(r.Context()); ok {
			panic("a decision")
		}
		_, _ = io.WriteString(w, "up")
	})
	mux.HandleFunc("GET /mixed", access.Rule{Public: "none"}, func(w http.ResponseWriter, r *http.Request) {
		if !errors.Is(access.WriteJSON(w, r, 200, []byte(chart)), access.ErrAnswer) {
			panic("answered without a decision")
		}
	})
	mux.HandleFunc("GET /error", access.Rule{Public: "none"}, func(w http.ResponseWriter, r *http.Request) { _ = access.Error(w, r, 410) })
	require.NoError(t, g.VerifyRoutes(mux))
	s := serve(t, g, mux)

	require.Equal(t, "%PDF "+planted, s.get(t, "GET", "/patients/1/pdf", "carla", "TREAT").body)
	require.Equal(t, []string{"Patient.* unprojected"}, s.accesses(t)[0].Fields)
	require.Equal(t, http.StatusForbidden, s.get(t, "GET", "/patients/1/pdf", "gone", "TREAT").status)
	require.NotContains(t, s.get(t, "GET", "/patients/1/json", "sam", "TREAT").all, planted)
	require.Equal(t, "up", s.get(t, "GET", "/health", "").body)
	mixed := s.get(t, "GET", "/mixed", "carla", "TREAT")
	require.Equal(t, http.StatusInternalServerError, mixed.status)
	require.NotContains(t, mixed.all, planted)
	require.Equal(t, http.StatusGone, s.get(t, "GET", "/error", "").status)

	seen, err := g.Report(context.Background())
	require.NoError(t, err)
	require.Equal(t, uint64(5), seen[1].Counters["routes"])
	require.Equal(t, uint64(2), seen[1].Counters["routes.unprojected"])
	require.Equal(t, uint64(3), seen[1].Counters["routes.public"])
	require.Equal(t, "a PDF cannot be projected", seen[1].Settings["unprojected GET /patients/{id}/pdf"])
	require.Equal(t, "GET /error", g.Routes()[0].Pattern)
}

// Every mistake in the routes is found at start, and nothing is served.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestVerifyRoutes(t *testing.T) {
	ok := func(http.ResponseWriter, *http.Request) {}
	with := func(change func(*access.Rule)) access.Rule {
		r := readPatient
		change(&r)
		return r
	}
	for name, c := range map[string]struct {
		add     func(*access.Mux)
		problem string
	}{
		"no route":        {func(*access.Mux) {}, "no route"},
		"no rule":         {func(m *access.Mux) { m.HandleFunc("/a", access.Rule{}, ok) }, "no rule"},
		"no handler":      {func(m *access.Mux) { m.Handle("/a", readPatient, nil) }, "no handler"},
		"no handler func": {func(m *access.Mux) { m.HandleFunc("/a", readPatient, nil) }, "no handler"},
		"bad pattern":     {func(m *access.Mux) { m.HandleFunc("GET a{", readPatient, ok) }, "not a valid pattern"},
		"empty pattern":   {func(m *access.Mux) { m.HandleFunc("", readPatient, ok) }, "not a valid pattern"},
		"conflict": {func(m *access.Mux) {
			m.HandleFunc("/a/{x}", readPatient, ok)
			m.HandleFunc("/{y}/b", readPatient, ok)
		}, "conflicts"},
		"same twice": {func(m *access.Mux) {
			m.HandleFunc("/a", readPatient, ok)
			m.HandleFunc("/a", readPatient, ok)
		}, "conflicts"},
		"resource": {func(m *access.Mux) { m.HandleFunc("/a", with(func(r *access.Rule) { r.Resource = "Pateint" }), ok) }, `no action "read" on "Pateint"`},
		"action":   {func(m *access.Mux) { m.HandleFunc("/a", with(func(r *access.Rule) { r.Action = "raed" }), ok) }, `no action "raed"`},
		"half":     {func(m *access.Mux) { m.HandleFunc("/a", access.Rule{Resource: "Patient"}, ok) }, "no action"},
		"header": {func(m *access.Mux) {
			m.HandleFunc("/a", with(func(r *access.Rule) { r.Headers = []string{"trailer"} }), ok)
		}, "no header"},
		"no name": {func(m *access.Mux) {
			m.HandleFunc("/a", with(func(r *access.Rule) { r.Headers = []string{"a b"} }), ok)
		}, "no header"},
		"blank":          {func(m *access.Mux) { m.HandleFunc("/a", with(func(r *access.Rule) { r.Unprojected = " " }), ok) }, "no justification"},
		"blank too":      {func(m *access.Mux) { m.HandleFunc("/a", access.Rule{Public: " "}, ok) }, "no justification"},
		"public and not": {func(m *access.Mux) { m.HandleFunc("/a", with(func(r *access.Rule) { r.Public = "p" }), ok) }, "about no resource"},
	} {
		t.Run(name, func(t *testing.T) {
			g := clinic(t)
			mux := g.Mux()
			if name != "no route" {
				mux.HandleFunc("GET /good", readPatient, ok)
			}
			c.add(mux)
			err := g.VerifyRoutes(mux)
			require.ErrorIs(t, err, access.ErrRoutes)
			require.ErrorContains(t, err, c.problem)
			require.Empty(t, g.Routes())
			a := serve(t, g, mux).get(t, "GET", "/good", "carla", "TREAT")
			require.Equal(t, http.StatusInternalServerError, a.status)
			require.Contains(t, a.body, access.CodeUnverified)
		})
	}
	t.Run("all at once", func(t *testing.T) {
		g := clinic(t)
		mux := g.Mux()
		mux.HandleFunc("/first", access.Rule{}, ok)
		mux.HandleFunc("/second", access.Rule{}, ok)
		err := g.VerifyRoutes(mux)
		require.ErrorContains(t, err, "/first")
		require.ErrorContains(t, err, "/second")
	})
	t.Run("another guard", func(t *testing.T) {
		require.ErrorIs(t, clinic(t).VerifyRoutes(clinic(t).Mux()), access.ErrRoutes)
		require.ErrorIs(t, clinic(t).VerifyRoutes(nil), access.ErrRoutes)
	})
	t.Run("a route added later", func(t *testing.T) {
		g := clinic(t)
		mux := g.Mux()
		mux.HandleFunc("/a", readPatient, ok)
		require.NoError(t, g.VerifyRoutes(mux))
		mux.HandleFunc("/b", readPatient, ok)
		require.Contains(t, serve(t, g, mux).get(t, "GET", "/a", "carla", "TREAT").body, access.CodeUnverified)
	})
}

// A route that names a patient denies a request that does not.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestRouteWithoutItsPatient(t *testing.T) {
	rule := readPatient
	rule.Patient = access.PathPatient("other")
	rule.Purpose = access.FixedPurpose(safeguard.Treatment)
	s := route(t, rule, answerChart)
	a := s.get(t, "GET", "/patients/1", "carla")
	require.Equal(t, http.StatusForbidden, a.status)
	require.Contains(t, a.body, access.CodeNoPatient)
	require.False(t, s.accesses(t)[0].Decision.Allowed)

	rule.Purpose = access.FixedPurpose("CURIOSITY")
	require.Contains(t, route(t, rule, answerChart).get(t, "GET", "/patients/1", "carla").body, access.CodeNoPurpose)
}

// Without audit.Handler outside nothing is served, unless that was asked for.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestMuxWantsAnEntry(t *testing.T) {
	p, err := access.ParsePolicy([]byte(clinicPolicy))
	require.NoError(t, err)
	for _, unsafe := range []bool{false, true} {
		g, err := access.New(p, &access.Options{Roles: people(), UnsafeWithoutEntry: unsafe})
		require.NoError(t, err)
		mux := g.Mux()
		mux.HandleFunc("GET /patients/{id}", readPatient, answerChart)
		require.NoError(t, g.VerifyRoutes(mux))
		req := httptest.NewRequestWithContext(as("carla"), "GET", "/patients/1", nil)
		req.Header.Set("Purpose-Of-Use", "TREAT")
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, req)
		require.Equal(t, unsafe, strings.Contains(w.Body.String(), planted))
		require.Equal(t, !unsafe, strings.Contains(w.Body.String(), access.CodeNoEntry))
		seen, err := g.Report(context.Background())
		require.NoError(t, err)
		require.Equal(t, unsafe, seen[1].Settings["UnsafeWithoutEntry"] == "true")
	}
}
