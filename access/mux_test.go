package access_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// planted must not leave on any route of these tests that hides the name.
const planted = "Wilhelmina-Planted-7731"

const chart = `{"resourceType":"Patient","id":"1","name":[{"family":"` + planted + `"}],"birthDate":"1970-01-01","text":{"div":"` + planted + `"}}`

// A request gets what its caller and purpose may see, and the log says so
// before it leaves.
//
// Controls: HIPAA 164.312(a)(1), 164.312(b), 164.502(b)(1), 164.514(d)(2); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestMuxProjects(t *testing.T) {
	s := route(t, readPatient, answerChart)
	a := s.get(t, "GET", "/patients/1", "sam", "TREAT")
	require.Equal(t, http.StatusOK, a.status)
	require.JSONEq(t, `{"resourceType":"Patient","id":"1",`+redactedMeta+`}`, a.body)
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
		Fields: []string{"Patient.id"}, Basis: []string{"role:scheduler"},
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
			require.NotContains(t, string(bytes.Join(s.log.Records(), nil)), planted)
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
		"nothing":       {func(http.ResponseWriter, *http.Request) {}, 500, access.CodeNoAnswer},
		"headers only":  {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("ETag", planted) }, 500, access.CodeNoAnswer},
		"informational": {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints) }, 500, access.CodeNoAnswer},
		"status":        {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, 204, ""},
		"empty 200":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(200) }, 200, ""},
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
