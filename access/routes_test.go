package access_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

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

// No answer of a PHI route is kept by a cache or taken for another type, unless
// the handler of an unprojected route says so itself.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestAnswersAreNotKept(t *testing.T) {
	g := clinic(t)
	mux := g.Mux()
	unprojected := readPatient
	unprojected.Unprojected = "a PDF cannot be projected"
	mux.HandleFunc("GET /patients/{id}/json", readPatient, answerChart)
	mux.HandleFunc("GET /patients/{id}/none", readPatient, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) })
	mux.HandleFunc("GET /patients/{id}/pdf", unprojected, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "%PDF") })
	mux.HandleFunc("GET /patients/{id}/file", unprojected, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "a.pdf", time.Time{}, strings.NewReader("%PDF"))
	})
	mux.HandleFunc("GET /patients/{id}/own", unprojected, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=60")
		_, _ = io.WriteString(w, "%PDF")
	})
	require.NoError(t, g.VerifyRoutes(mux))
	s := serve(t, g, mux)
	for _, path := range []string{"json", "none", "pdf", "file", "own"} {
		for user, status := range map[string]int{"carla": 200, "gone": 403} {
			got := s.get(t, "GET", "/patients/1/"+path, user, "TREAT")
			want := "private, no-store"
			if path == "own" && status == 200 {
				want = "private, max-age=60"
			}
			require.Equal(t, status == 200, got.status < 300, path)
			require.Equal(t, want, got.header.Get("Cache-Control"), path)
			require.Equal(t, "nosniff", got.header.Get("X-Content-Type-Options"), path)
		}
	}
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
		"no purpose": {func(m *access.Mux) {
			m.HandleFunc("/a", with(func(r *access.Rule) { r.Purpose = access.Purposes{} }), ok)
		}, "no Purpose"},
		"none to choose": {func(m *access.Mux) {
			m.HandleFunc("/a", with(func(r *access.Rule) { r.Purpose = access.PurposeChoice() }), ok)
		}, "no Purpose"},
		"free to choose": {func(m *access.Mux) {
			free := func(r *http.Request) []string { return r.Header["Purpose-Of-Use"] }
			m.HandleFunc("/a", with(func(r *access.Rule) { r.Purpose = access.Purposes{}.ChosenBy(free) }), ok)
		}, "no Purpose"},
		"unknown purpose": {func(m *access.Mux) {
			m.HandleFunc("/a", with(func(r *access.Rule) { r.Purpose = access.FixedPurpose("CURIOSITY") }), ok)
		}, "CURIOSITY"},
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
}

// A Mux that was told to do without an Entry still asks again before the
// answer leaves.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestAsksAgainWithoutEntry(t *testing.T) {
	p, err := access.ParsePolicy([]byte(clinicPolicy))
	require.NoError(t, err)
	roles := people()
	g, err := access.New(p, &access.Options{Roles: roles, UnsafeWithoutEntry: true})
	require.NoError(t, err)
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", readPatient, func(w http.ResponseWriter, r *http.Request) {
		answerChart(w, r)
		delete(roles, "carla")
	})
	require.NoError(t, g.VerifyRoutes(mux))
	req := httptest.NewRequestWithContext(as("carla"), "GET", "/patients/1", nil)
	req.Header.Set("Purpose-Of-Use", "TREAT")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, req)
	require.Equal(t, http.StatusForbidden, w.Code)
	require.NotContains(t, w.Body.String(), planted)
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
		require.Equal(t, !unsafe, strings.Contains(w.Body.String(), `"detail":"put audit.Handler outside the Mux"`))
		seen, err := g.Report(context.Background())
		require.NoError(t, err)
		require.Equal(t, unsafe, seen[1].Settings["UnsafeWithoutEntry"] == "true")
	}
}
