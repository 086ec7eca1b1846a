package access_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
	"github.com/stretchr/testify/require"
)

// workforce is a SubjectSource in which everybody is a clinician until they are
// terminated.
type workforce struct{ gone sync.Map }

func (w *workforce) Roles(ctx context.Context, p safeguard.Principal) ([]string, error) {
	s, err := w.Subject(ctx, p)
	return s.Roles, err
}

func (w *workforce) Subject(_ context.Context, p safeguard.Principal) (*access.Subject, error) {
	if _, gone := w.gone.Load(p.ID); gone {
		return &access.Subject{}, nil
	}
	return &access.Subject{Active: true, Roles: []string{"clinician"}}, nil
}

// terminate does what a workforce does: mark, then cut.
func (w *workforce) terminate(t testing.TB, g *access.Guard, id string) {
	t.Helper()
	w.gone.Store(id, true)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	require.NoError(t, g.Cut(ctx, "", id))
}

// cutRoute serves h as GET /patients/{id}, on HTTP/1.1 or HTTP/2.
func cutRoute(t *testing.T, rule access.Rule, http2 bool, h http.HandlerFunc) (*service, *workforce) {
	t.Helper()
	staff := &workforce{}
	g := guard(t, clinicPolicy, staff)
	mux := g.Mux()
	mux.HandleFunc("GET /patients/{id}", rule, h)
	require.NoError(t, g.VerifyRoutes(mux))
	s := serve(t, g, mux)
	if http2 {
		two := httptest.NewUnstartedServer(s.Config.Handler)
		two.EnableHTTP2 = true
		two.StartTLS()
		s.Server.Close()
		s.Server = two
	}
	return s, staff
}

// ask sends a request whose answer is not read yet.
func (s *service) ask(t testing.TB, path, who string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+path, nil)
	require.NoError(t, err)
	req.Header.Set("User", who)
	req.Header.Set("Purpose-Of-Use", "TREAT")
	return s.Client().Do(req)
}

func unprojected() access.Rule {
	rule := readPatient
	rule.Unprojected = "a film cannot be projected"
	return rule
}

func overBoth(t *testing.T, test func(t *testing.T, http2 bool)) {
	t.Run("HTTP/1.1", func(t *testing.T) { test(t, false) })
	t.Run("HTTP/2", func(t *testing.T) { test(t, true) })
}

// No request that begins after a termination returned is allowed, however many
// are under way.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNothingBeginsAfterTermination(t *testing.T) {
	const clients = 64
	rounds := cases(3, 50)
	for round := range rounds {
		s, staff := cutRoute(t, readPatient, false, answerChart)
		var over atomic.Bool
		var allowed, late atomic.Int64
		begun := make(chan struct{}, clients)
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for first := true; ; first = false {
					after := over.Load()
					w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/patients/1", nil)
					r.Header.Set("User", "carla")
					r.Header.Set("Purpose-Of-Use", "TREAT")
					aborted := serveOrAbort(s.Config.Handler, w, r)
					switch {
					case aborted, w.Code != http.StatusOK:
					case after:
						late.Add(1)
					default:
						allowed.Add(1)
					}
					if first {
						begun <- struct{}{}
					}
					if after {
						return
					}
				}
			})
		}
		for range clients {
			<-begun
		}
		staff.terminate(t, s.guard, "carla")
		over.Store(true)
		wg.Wait()
		require.Zero(t, late.Load())
		require.NotZero(t, allowed.Load())
		require.Zero(t, s.guard.Flights())
		if round == rounds-1 && os.Getenv("SAFEGUARD_SOAK") == "1" {
			fmt.Printf("soak: terminations under 64 clients %d\n", rounds)
		}
	}
}

// serveOrAbort reports whether the answer was broken off, as net/http would.
func serveOrAbort(h http.Handler, w http.ResponseWriter, r *http.Request) (aborted bool) {
	defer func() {
		cause := recover()
		aborted = cause != nil
		if aborted && cause != http.ErrAbortHandler {
			panic(cause)
		}
	}()
	h.ServeHTTP(w, r)
	return false
}

// A stream in flight ends, and its client sees that it was cut. What the time
// was is printed, not judged.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCutEndsStreams(t *testing.T) {
	overBoth(t, func(t *testing.T, http2 bool) {
		ended := make(chan error, 1)
		s, staff := cutRoute(t, readPatient, http2, func(w http.ResponseWriter, r *http.Request) {
			stream, err := access.NewStream(w, r)
			if err != nil {
				panic(err)
			}
			for stream.Send([]byte(chart)) == nil {
				select {
				case <-r.Context().Done():
				case <-time.After(time.Millisecond):
				}
			}
			<-r.Context().Done() // the gate may have seen the closed account before the cut came
			ended <- errors.Join(stream.Send([]byte(chart)), context.Cause(r.Context()))
		})
		res, err := s.ask(t, "/patients/1", "carla")
		require.NoError(t, err)
		defer res.Body.Close()
		require.Equal(t, "application/x-ndjson", res.Header.Get("Content-Type"))
		_, err = bufio.NewReader(res.Body).ReadBytes('\n')
		require.NoError(t, err)
		began := time.Now()
		staff.terminate(t, s.guard, "carla")
		cut := time.Since(began)
		err = <-ended
		t.Logf("cut after %v, and the handler's stream ended after %v", cut, time.Since(began))
		require.ErrorIs(t, err, access.ErrStream)
		require.ErrorIs(t, err, access.ErrTerminated)
		_, err = io.Copy(io.Discard, res.Body)
		require.Error(t, err, "the client must not take it for whole")
		require.Contains(t, s.deniedAtLast(t), access.CodeTerminated)
	})
}

// deniedAtLast closes the server and returns the denials of all records.
func (s *service) deniedAtLast(t *testing.T) []string {
	t.Helper()
	s.Close()
	s.handlers.Wait() // Close does not for an HTTP/2 stream that was reset
	var denied []string
	for _, a := range s.accesses(t) {
		denied = append(denied, a.Denied...)
	}
	return denied
}

// A client that does not read holds no cut up: the write to it is aborted.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCutAbortsAWriteToASlowClient(t *testing.T) {
	overBoth(t, func(t *testing.T, http2 bool) {
		ended := make(chan error, 1)
		block := make([]byte, 64<<20) // more than any buffer on the way
		s, staff := cutRoute(t, unprojected(), http2, func(w http.ResponseWriter, _ *http.Request) {
			_, err := w.Write(block)
			ended <- err
		})
		res, err := s.ask(t, "/patients/1", "carla")
		require.NoError(t, err)
		defer res.Body.Close()
		staff.terminate(t, s.guard, "carla")
		require.Error(t, <-ended)
		_, err = io.Copy(io.Discard, res.Body)
		require.Error(t, err)
	})
}

// A handler that ignores its context holds no cut up, and what it writes later
// does not leave.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCutDoesNotWaitForHandlers(t *testing.T) {
	for name, rule := range map[string]access.Rule{"projected": readPatient, "unprojected": unprojected()} {
		t.Run(name, func(t *testing.T) {
			running, goOn := make(chan struct{}), make(chan struct{})
			s, staff := cutRoute(t, rule, false, func(w http.ResponseWriter, r *http.Request) {
				close(running)
				<-goOn
				if rule.Unprojected == "" {
					answerChart(w, r)
					return
				}
				if _, err := io.WriteString(w, planted); !errors.Is(err, access.ErrTerminated) {
					panic(err)
				}
			})
			go func() {
				<-running
				staff.terminate(t, s.guard, "carla")
				close(goOn)
			}()
			a := s.get(t, "GET", "/patients/1", "carla", "TREAT")
			require.Equal(t, http.StatusForbidden, a.status)
			require.NotContains(t, a.all, planted)
			require.Contains(t, s.deniedAtLast(t), access.CodeTerminated)
			require.Zero(t, s.guard.Flights())
		})
	}
}

// A record that hangs in the log holds no cut up, and the answer that waits for
// it does not leave afterwards.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestCutDuringACommit(t *testing.T) {
	s, staff := cutRoute(t, readPatient, false, answerChart)
	appending, goOn := make(chan struct{}), make(chan struct{})
	s.log.Hold(func() {
		close(appending)
		<-goOn
	})
	go func() {
		<-appending
		staff.terminate(t, s.guard, "carla")
		close(goOn)
	}()
	a := s.get(t, "GET", "/patients/1", "carla", "TREAT")
	require.Equal(t, http.StatusForbidden, a.status)
	require.NotContains(t, a.all, planted)
}

// A hijacked connection is closed, and its writes end.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCutClosesHijackedConnections(t *testing.T) {
	conns := make(chan net.Conn, 1)
	s, staff := cutRoute(t, unprojected(), false, func(w http.ResponseWriter, r *http.Request) {
		conn, buf, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		_, _ = buf.WriteString("HTTP/1.1 101 Switching Protocols\r\n\r\n")
		_ = buf.Flush()
		conns <- conn
	})
	client, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer client.Close()
	_, err = io.WriteString(client, "GET /patients/1 HTTP/1.1\r\nHost: x\r\nUser: carla\r\nPurpose-Of-Use: TREAT\r\n\r\n")
	require.NoError(t, err)
	conn := <-conns
	_, err = conn.Write([]byte("hello\n"))
	require.NoError(t, err)
	require.Equal(t, 1, s.guard.Flights())
	staff.terminate(t, s.guard, "carla")
	_, err = conn.Write([]byte(planted))
	require.ErrorIs(t, err, access.ErrTerminated)
	require.ErrorIs(t, conn.SetDeadline(time.Time{}), access.ErrTerminated)
	require.ErrorIs(t, conn.SetWriteDeadline(time.Time{}), access.ErrTerminated)
	got, _ := io.ReadAll(client)
	require.True(t, strings.HasSuffix(string(got), "hello\n"))
	require.NotContains(t, string(got), planted)
	_ = conn.Close()
	require.Zero(t, s.guard.Flights())
}

// Once a cut has returned, the server writes nothing more to the connections of
// who was cut, whatever was in its buffers: looked at from below.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNoByteLeavesAfterACut(t *testing.T) {
	var over atomic.Bool
	var late atomic.Int64
	const streams = 16
	running := make(chan struct{}, streams)
	s, staff := cutRoute(t, unprojected(), false, func(w http.ResponseWriter, r *http.Request) {
		for n := 0; ; n++ {
			if _, err := io.WriteString(w, planted); err != nil { // mostly stays in the buffer of net/http
				return
			}
			if n == 3 {
				running <- struct{}{}
			}
		}
	})
	below := httptest.NewUnstartedServer(s.Config.Handler)
	below.Listener = &watched{below.Listener, &over, &late}
	below.Start()
	s.Server.Close()
	s.Server = below
	for range streams {
		go func() {
			if res, err := s.ask(t, "/patients/1", "carla"); err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
		}()
	}
	for range streams {
		<-running
	}
	staff.terminate(t, s.guard, "carla")
	over.Store(true)
	s.Close()
	require.Zero(t, late.Load())
}

// watched counts bytes that leave after a moment.
type watched struct {
	net.Listener
	over *atomic.Bool
	late *atomic.Int64
}

func (l *watched) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &watchedConn{c, l}, nil
}

type watchedConn struct {
	net.Conn
	listener *watched
}

func (c *watchedConn) Write(b []byte) (int, error) {
	after := c.listener.over.Load()
	n, err := c.Conn.Write(b)
	if after {
		c.listener.late.Add(int64(n))
	}
	return n, err
}

// A cut is of one account of one tenant, of what a service does on its behalf,
// and of jobs that say so; CutAll is of everybody.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCutChoosesByAccount(t *testing.T) {
	g := clinic(t)
	track := func(p safeguard.Principal) context.Context {
		p.Kind = safeguard.Person
		ctx, release := g.Track(safeguard.WithPrincipal(t.Context(), p))
		t.Cleanup(release)
		return ctx
	}
	carla, sam := track(safeguard.Principal{ID: "carla"}), track(safeguard.Principal{ID: "sam"})
	elsewhere := track(safeguard.Principal{ID: "carla", Tenant: "b"})
	agent := track(safeguard.Principal{ID: "agent", OnBehalfOf: "carla"})
	nobody, release := g.Track(t.Context())
	require.Equal(t, 5, g.Flights())

	require.NoError(t, g.Cut(t.Context(), "", "carla"))
	require.ErrorIs(t, context.Cause(carla), access.ErrTerminated)
	require.ErrorIs(t, context.Cause(agent), access.ErrTerminated)
	require.ErrorIs(t, g.Cut(t.Context(), "", ""), safeguard.ErrPrincipal, "who acts for nobody is not nobody")
	require.NoError(t, sam.Err())
	require.NoError(t, elsewhere.Err())
	require.NoError(t, g.CutAll(t.Context()))
	for _, ctx := range []context.Context{sam, elsewhere, nobody} {
		require.ErrorIs(t, context.Cause(ctx), access.ErrTerminated)
	}
	release()
	release() // twice does no harm
	require.Equal(t, 4, g.Flights())
}

// A write that cannot be aborted is waited for as long as the context allows.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestCutSaysWhenItCannot(t *testing.T) {
	s, staff := cutRoute(t, unprojected(), false, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, planted)
	})
	w := &stuck{ResponseRecorder: httptest.NewRecorder(), writing: make(chan struct{}), goOn: make(chan struct{})}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }() // http.ErrAbortHandler
		r := httptest.NewRequest("GET", "/patients/1", nil)
		r.Header.Set("User", "carla")
		r.Header.Set("Purpose-Of-Use", "TREAT")
		s.Config.Handler.ServeHTTP(w, r)
	}()
	<-w.writing
	staff.gone.Store("carla", true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, s.guard.Cut(ctx, "", "carla"), context.Canceled)
	close(w.goOn)
	<-done
	require.NoError(t, s.guard.Cut(t.Context(), "", "carla"))
}

// stuck is a ResponseWriter that takes its time and knows no deadline.
type stuck struct {
	*httptest.ResponseRecorder
	writing, goOn chan struct{}
}

func (w *stuck) Write(b []byte) (int, error) {
	close(w.writing)
	<-w.goOn
	return w.ResponseRecorder.Write(b)
}

func (w *stuck) WriteString(s string) (int, error) { return w.Write([]byte(s)) }
