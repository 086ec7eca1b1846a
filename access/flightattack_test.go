package access_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// below is a ResponseWriter that looks at what reaches the server, and when. It
// has a buffer, as net/http has.
type below struct {
	header   http.Header
	flights  func() int
	status   int
	buffered int
	late     int // calls when no cut would have found the request
	aborted  bool
	sent     string
	block    chan struct{} // if not nil, a Write waits for it
}

func (b *below) Header() http.Header { return b.header }

func (b *below) look() {
	if b.flights() == 0 {
		b.late++
	}
}

func (b *below) WriteHeader(status int) {
	b.look()
	b.status, b.buffered = status, b.buffered+1
	for name := range b.header {
		b.sent += name + ":" + b.header.Get(name) + "\n"
	}
}

func (b *below) Write(p []byte) (int, error) {
	b.look()
	if b.block != nil {
		<-b.block
	}
	if b.status == 0 {
		b.WriteHeader(http.StatusOK)
	}
	b.buffered += len(p)
	b.sent += string(p)
	b.look()
	return len(p), nil
}

func (b *below) Flush() {
	b.look()
	b.buffered = 0
}

// server is what the program's net/http does with an unprojected route.
func unrecorded(t *testing.T, rule access.Rule, roles access.RoleSource, h http.HandlerFunc) (*access.Guard, *below, func()) {
	t.Helper()
	g, err := access.New(parsed(t, clinicPolicy), &access.Options{Roles: roles, UnsafeWithoutEntry: true})
	require.NoError(t, err)
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", rule, h)
	require.NoError(t, g.VerifyRoutes(mux))
	w := &below{header: http.Header{}, flights: g.Flights}
	return g, w, func() {
		defer func() { w.aborted = recover() == http.ErrAbortHandler }()
		r := httptest.NewRequestWithContext(as("carla"), "GET", "/patients/1", nil)
		r.Header.Set("Purpose-Of-Use", "TREAT")
		mux.ServeHTTP(w, r)
	}
}

// Whatever a handler does, nothing of it is handed to the server, or waits in a
// buffer of the server, when a cut would no longer find the request.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNothingIsLeftToTheServer(t *testing.T) {
	for name, c := range map[string]struct {
		rule access.Rule
		h    http.HandlerFunc
	}{
		"json": {readPatient, answerChart},
		"stream": {readPatient, func(w http.ResponseWriter, r *http.Request) {
			s, _ := access.NewStream(w, r)
			_ = s.Send([]byte(chart))
		}},
		"empty stream": {readPatient, func(w http.ResponseWriter, r *http.Request) { _, _ = access.NewStream(w, r) }},
		"raw":          {unprojected(), func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, planted) }},
		"raw json":     {unprojected(), answerChart},
		"raw stream": {unprojected(), func(w http.ResponseWriter, r *http.Request) {
			s, _ := access.NewStream(w, r)
			_ = s.Send([]byte(chart))
		}},
		"headers only": {unprojected(), func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Etag", planted) }},
		"status only":  {unprojected(), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) }},
		"a hint first": {unprojected(), func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusEarlyHints) }},
		"a trailer": {unprojected(), func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "film")
			w.Header().Set(http.TrailerPrefix+"Of", planted)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			g, w, serve := unrecorded(t, c.rule, people(), c.h)
			serve()
			require.Zero(t, w.late)
			require.Zero(t, w.buffered)
			require.NotZero(t, w.status)
			require.False(t, w.aborted)
			require.Zero(t, g.Flights())
			if name == "a trailer" {
				require.Empty(t, w.header)
			}
		})
	}
}

// A write that a goroutine of the handler goes on with after the handler has
// returned is still found by a cut, and none begins.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCutFindsWhatAHandlerLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		again := make(chan error, 1)
		g, w, serve := unrecorded(t, unprojected(), people(), func(w http.ResponseWriter, _ *http.Request) {
			go func() {
				_, _ = io.WriteString(w, planted)
				_, err := io.WriteString(w, planted)
				again <- err
			}()
			time.Sleep(time.Second) // it writes
		})
		w.block = make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			serve()
		}()
		synctest.Wait()
		require.Equal(t, 1, g.Flights(), "the handler has returned, and its write goes on")
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		require.ErrorIs(t, g.Cut(ctx, "", "carla"), context.Canceled, "it says that a write cannot be aborted")
		close(w.block)
		<-done
		require.Error(t, <-again)
		require.Zero(t, w.late)
		require.True(t, w.aborted)
	})
}

// What is refused takes the handler's headers with it, also where no audit
// Handler stands outside.
//
// Controls: HIPAA 164.312(a)(1), 164.502(b)(1); NIST CSF 2.0 PR.AA-05.
func TestRefusalsTakeHeadersBack(t *testing.T) {
	named := readPatient
	named.Headers = []string{"Etag"}
	for name, rule := range map[string]access.Rule{"projected": named, "unprojected": unprojected()} {
		t.Run(name, func(t *testing.T) {
			roles := people()
			g, w, serve := unrecorded(t, rule, roles, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Etag", planted)
				delete(roles, "carla")
				if rule.Unprojected == "" {
					answerChart(w, r)
				}
			})
			serve()
			require.Equal(t, http.StatusForbidden, w.status)
			require.NotContains(t, w.sent, planted)
			require.Contains(t, w.sent, access.CodeNoRole)

			staff := &workforce{}
			var cut func()
			g, w, serve = unrecorded(t, rule, staff, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Etag", planted)
				cut()
			})
			cut = func() { staff.terminate(t, g, "carla") }
			serve()
			require.Equal(t, http.StatusForbidden, w.status)
			require.NotContains(t, w.sent, planted)
		})
	}
}

// A stream on a route that is not projected that ends early is not taken for
// whole either.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRawStreamsEndAborted(t *testing.T) {
	_, w, serve := unrecorded(t, unprojected(), people(), func(w http.ResponseWriter, r *http.Request) {
		s, err := access.NewStream(w, r)
		if err == nil {
			err = s.Send([]byte(chart))
		}
		if err != nil || s.Send([]byte(`{"`)) == nil {
			panic("want the second to fail")
		}
		if _, err := access.NewStream(w, r); err == nil {
			panic("want one stream")
		}
	})
	serve()
	require.True(t, w.aborted)
}

// The answer to a request that a gate refuses at the end says why by its code.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRefusalAtCommitHasItsCode(t *testing.T) {
	roles := people()
	g := guard(t, clinicPolicy, roleFunc(func(_ context.Context, p safeguard.Principal) ([]string, error) { return roles[p.ID], nil }))
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", readPatient, func(w http.ResponseWriter, r *http.Request) {
		answerChart(w, r)
		delete(roles, "carla")
	})
	require.NoError(t, g.VerifyRoutes(mux))
	a := serve(t, g, mux).get(t, "GET", "/patients/1", "carla", "TREAT")
	require.Equal(t, http.StatusForbidden, a.status)
	require.Contains(t, a.body, access.CodeNoRole)
}
