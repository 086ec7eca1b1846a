package audit_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// outputs are all the ways in which a handler can make something leave.
var outputs = map[string]http.HandlerFunc{
	"write":        func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "secret") },
	"write header": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusAccepted) },
	"not modified": func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNotModified) },
	"no content":   func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusNoContent) },
	"return":       func(w http.ResponseWriter, r *http.Request) {},
	"early hints":  func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusEarlyHints) },
	"flush":        func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush() },
	"controller": func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
	},
	"copy":      func(w http.ResponseWriter, r *http.Request) { io.Copy(w, strings.NewReader("secret")) },
	"error":     func(w http.ResponseWriter, r *http.Request) { http.Error(w, "secret", http.StatusTeapot) },
	"redirect":  func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/secret", http.StatusFound) },
	"hijacking": func(w http.ResponseWriter, r *http.Request) { _, _, _ = w.(http.Hijacker).Hijack() },
	"trailer": func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(http.TrailerPrefix+"X-Patient", "secret")
	},
}

// order is what happened, in order.
type order struct {
	mu     sync.Mutex
	events []string
}

func (o *order) happened(what string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = append(o.events, what)
}

// spy is a ResponseWriter that writes down in which order things leave.
type spy struct {
	*httptest.ResponseRecorder
	order *order
}

func (s spy) WriteHeader(code int) {
	s.order.happened("out")
	s.ResponseRecorder.WriteHeader(code)
}
func (s spy) Write(b []byte) (int, error) {
	s.order.happened("out")
	return s.ResponseRecorder.Write(b)
}
func (s spy) FlushError() error {
	s.order.happened("out")
	s.ResponseRecorder.Flush()
	return nil
}
func (s spy) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	s.order.happened("out")
	return nil, nil, http.ErrNotSupported
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNothingLeavesBeforeTheRecord(t *testing.T) {
	for name, h := range outputs {
		t.Run(name, func(t *testing.T) {
			rec, log := recorder(t, nil)
			var seen order
			log.Before(func(context.Context) error { seen.happened("record"); return nil })
			rec.Handler(signedIn(h)).ServeHTTP(spy{httptest.NewRecorder(), &seen}, httptest.NewRequest("GET", "/", nil))
			require.NoError(t, rec.Close(t.Context()))
			require.Equal(t, "record", seen.events[0])
			if name != "return" && name != "trailer" {
				require.Contains(t, seen.events, "out")
			}
		})
	}
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFailedRecordRefusesEverything(t *testing.T) {
	for name, h := range outputs {
		t.Run(name, func(t *testing.T) {
			rec, log := recorder(t, nil)
			log.Fail(errDisk)
			handler := rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Set-Cookie", "secret=1")
				w.Header().Set("X-Secret", "secret")
				w.Header().Set("Trailer", "X-Late")
				h(w, r)
				w.Header().Set("X-Late", "secret")
			}))
			servers(t, handler, func(t *testing.T, s *httptest.Server) {
				for _, method := range []string{"GET", "HEAD", "POST"} {
					req, _ := http.NewRequest(method, s.URL, nil)
					resp, err := s.Client().Do(req)
					require.NoError(t, err)
					body, err := io.ReadAll(resp.Body)
					require.NoError(t, err)
					require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
					require.NotEmpty(t, resp.Header.Get("Retry-After"))
					require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
					require.Empty(t, resp.Header.Get("X-Secret"))
					require.Empty(t, resp.Header.Get("Set-Cookie"))
					require.Empty(t, resp.Header.Get("Location"))
					require.Empty(t, resp.Trailer)
					require.NotContains(t, string(body), "secret")
				}
			})
		})
	}
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNothingLeavesADirtyEntry(t *testing.T) {
	late := map[string]http.HandlerFunc{
		"write":  func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "second") },
		"flush":  func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush() },
		"return": func(w http.ResponseWriter, r *http.Request) {},
		"trailer": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set(http.TrailerPrefix+"X-Patient", "second")
		},
	}
	for name, h := range late {
		t.Run(name, func(t *testing.T) {
			rec, log := recorder(t, nil)
			handler := rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
				io.WriteString(w, "first")
				w.(http.Flusher).Flush()
				log.Fail(errDisk)
				require.NoError(t, audit.EntryFrom(r.Context()).NoteOpened("patients", "ssn", jane))
				h(w, r)
			}))
			servers(t, handler, func(t *testing.T, s *httptest.Server) {
				log.Fail(nil)
				resp, err := s.Client().Get(s.URL)
				require.NoError(t, err)
				body, err := io.ReadAll(resp.Body)
				require.Error(t, err, "the answer must not look complete")
				require.Equal(t, "first", string(body))
				require.Empty(t, resp.Trailer.Get("X-Patient"))
			})
		})
	}
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLaterNotesAreLaterRecords(t *testing.T) {
	rec, log := recorder(t, nil)
	handler := rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
		e := audit.EntryFrom(r.Context())
		e.NoteFields("Patient.name")
		io.WriteString(w, "1")
		io.WriteString(w, "2")
		e.NoteFields("Patient.name")
		io.WriteString(w, "3")
		require.NoError(t, e.NoteOpened("patients", "ssn", jane))
		io.WriteString(w, "4")
	}))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	require.NoError(t, rec.Close(t.Context()))
	parts := audittest.Accesses(t, log.Records())
	require.Len(t, parts, 2)
	require.Equal(t, []string{"Patient.name"}, parts[0].Fields)
	require.Equal(t, []string{"patients.ssn"}, parts[1].Opened)
	require.Len(t, parts[1].Patients, 1)
	require.Equal(t, "u-17", parts[1].Principal.ID)
	ends := audittest.Data[audit.Ended](t, log.Records(), audit.TypeEnded)
	require.Len(t, ends, 1)
	require.Equal(t, audit.Ended{Entry: parts[0].Entry, Parts: 2, Outcome: audit.Completed, Status: 200, Bytes: 4, Milliseconds: ends[0].Milliseconds}, ends[0])
}

type logoff struct{}

func (logoff) Error() string   { return "logged off" }
func (logoff) HTTPStatus() int { return http.StatusUnauthorized }

// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestGatesAreAskedAtEveryCommit(t *testing.T) {
	rec, log := recorder(t, nil)
	for _, c := range []struct {
		err    error
		status int
	}{{logoff{}, http.StatusUnauthorized}, {errors.New("terminated"), http.StatusForbidden}} {
		live := true
		handler := rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
			audit.EntryFrom(r.Context()).AddGate(func(context.Context) error {
				if live {
					return nil
				}
				return c.err
			})
			live = false // between check and output
			_, err := io.WriteString(w, "secret")
			require.Error(t, err)
		}))
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		require.Equal(t, c.status, w.Code)
		require.NotContains(t, w.Body.String(), "secret")
	}
	require.NoError(t, rec.Close(t.Context()))
	for _, a := range audittest.Accesses(t, log.Records()) {
		require.Equal(t, []string{"audit.gate"}, a.Denied)
	}
	for _, e := range audittest.Data[audit.Ended](t, log.Records(), audit.TypeEnded) {
		require.Equal(t, audit.Refused, e.Outcome)
	}
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPanicIsRecordedAndItsValueGoesNowhere(t *testing.T) {
	rec, log := recorder(t, nil)
	handler := rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
		audit.EntryFrom(r.Context()).AddPatient(jane)
		panic("about " + jane.Reveal())
	}))
	func() {
		defer func() { require.Equal(t, http.ErrAbortHandler, recover()) }()
		handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}()
	servers(t, handler, func(t *testing.T, s *httptest.Server) {
		_, err := s.Client().Get(s.URL)
		require.Error(t, err)
	})
	require.NoError(t, rec.Close(t.Context()))
	ends := audittest.Data[audit.Ended](t, log.Records(), audit.TypeEnded)
	require.Len(t, ends, 3)
	for _, e := range ends {
		require.Equal(t, audit.Panicked, e.Outcome)
	}
	require.Len(t, audittest.Accesses(t, log.Records()), 3)
}

// Controls: HIPAA 164.312(a)(2)(i), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNobodyGetsNoPHI(t *testing.T) {
	rec, _ := recorder(t, nil)
	for name, touch := range map[string]func(e *audit.Entry){
		"opened": func(e *audit.Entry) { require.NoError(t, e.NoteOpened("patients", "ssn", jane)) },
		"fields": func(e *audit.Entry) { e.NoteFields("Patient.name") },
	} {
		t.Run(name, func(t *testing.T) {
			w := httptest.NewRecorder()
			rec.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				touch(audit.EntryFrom(r.Context()))
				io.WriteString(w, "secret")
			})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			require.Equal(t, http.StatusServiceUnavailable, w.Code)
			require.NotContains(t, w.Body.String(), "secret")
		})
	}
}

// A sign-in opens sealed credentials before it knows who asks.
func TestNobodyMayOpenWhatIsNoPHI(t *testing.T) {
	rec, log := recorder(t, nil)
	w := httptest.NewRecorder()
	rec.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, audit.EntryFrom(r.Context()).NoteOpened("staff", "password", safeguard.Patient{}))
		io.WriteString(w, "wrong")
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.Equal(t, []string{"staff.password"}, audittest.Accesses(t, log.Records())[0].Opened)
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestHungLogRefusesAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		log.Before(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		start := time.Now()
		w := httptest.NewRecorder()
		rec.Handler(signedIn(outputs["write"])).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Equal(t, 2*time.Second, time.Since(start))
		log.Before(nil)
	})
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestClientThatHangsUpIsRecorded(t *testing.T) {
	rec, log := recorder(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		io.WriteString(w, "secret")
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "GET", "/", nil))
	require.NoError(t, rec.Close(t.Context()))
	require.Len(t, audittest.Accesses(t, log.Records()), 1)
	require.Equal(t, audit.Aborted, audittest.Data[audit.Ended](t, log.Records(), audit.TypeEnded)[0].Outcome)
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestHijackedConnectionPassesThroughTheEntry(t *testing.T) {
	rec, log := recorder(t, nil)
	s := httptest.NewServer(rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
		e := audit.EntryFrom(r.Context())
		conn, buf, err := http.NewResponseController(w).Hijack()
		require.NoError(t, err)
		_, err = w.Write([]byte("secret"))
		require.ErrorIs(t, err, http.ErrHijacked)
		buf.WriteString("one")
		require.NoError(t, buf.Flush())
		log.Fail(errDisk)
		require.NoError(t, e.NoteOpened("patients", "ssn", jane))
		_, err = conn.Write([]byte("two"))
		require.Error(t, err)
		conn.Close()
	})))
	defer s.Close()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	defer c.Close()
	_, err = io.WriteString(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
	require.NoError(t, err)
	got, _ := io.ReadAll(c)
	require.Equal(t, "one", string(got))
}

func TestControllerIsForwardedWithoutUnwrap(t *testing.T) {
	rec, _ := recorder(t, nil)
	s := httptest.NewServer(rec.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rc := http.NewResponseController(w)
		require.NoError(t, rc.SetReadDeadline(time.Now().Add(time.Minute)))
		require.NoError(t, rc.SetWriteDeadline(time.Now().Add(time.Minute)))
		require.NoError(t, rc.EnableFullDuplex())
		_, unwraps := w.(interface{ Unwrap() http.ResponseWriter })
		require.False(t, unwraps)
		_, reads := w.(io.ReaderFrom)
		require.False(t, reads)
	})))
	defer s.Close()
	resp, err := http.Get(s.URL)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, resp.StatusCode)
}

// Headers of a middleware outside of the handler survive a refusal.
func TestRefusalKeepsOuterHeaders(t *testing.T) {
	rec, log := recorder(t, nil)
	log.Fail(errDisk)
	inner := rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", "changed")
		w.Header().Set("X-Inner", "1")
	}))
	w := httptest.NewRecorder()
	w.Header().Set("Strict-Transport-Security", "max-age=1")
	inner.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, "max-age=1", w.Header().Get("Strict-Transport-Security"))
	require.Empty(t, w.Header().Get("X-Inner"))
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLateWriterIsCutOff(t *testing.T) {
	rec, _ := recorder(t, nil)
	var kept http.ResponseWriter
	var entry *audit.Entry
	w := httptest.NewRecorder()
	rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
		kept, entry = w, audit.EntryFrom(r.Context())
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	_, err := kept.Write([]byte("secret"))
	require.ErrorIs(t, err, http.ErrHandlerTimeout)
	require.ErrorIs(t, entry.NoteOpened("patients", "ssn", jane), audit.ErrEnded)
	require.Empty(t, w.Body.String())
}

// The matched pattern is recorded, the URL with its patient is not.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRouteIsThePattern(t *testing.T) {
	rec, log := recorder(t, nil)
	mux := http.NewServeMux()
	mux.HandleFunc("GET /patients/{id}", func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "early") })
	rec.Handler(mux).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/patients/"+jane.Reveal()+"?name=x", nil))
	require.NoError(t, rec.Close(t.Context()))
	require.Equal(t, "GET /patients/{id}", audittest.Accesses(t, log.Records())[0].Route)
}

// In a service with its own sign-in, whoever looks for the Entry with the
// signed-in context makes it name the caller.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOwnSignInNamesTheCaller(t *testing.T) {
	rec, log := recorder(t, nil)
	h := rec.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx := safeguard.WithPrincipal(r.Context(), nurse)
		require.NoError(t, audit.EntryFrom(ctx).NoteOpened("patients", "ssn", jane))
		other := nurse
		other.ID = "u-18"
		require.NotNil(t, audit.EntryFrom(safeguard.WithPrincipal(ctx, other)), "the first one counts")
		io.WriteString(w, "ok")
	}))
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, http.StatusOK, w.Code)
	require.NoError(t, rec.Close(t.Context()))
	require.Equal(t, "u-17", audittest.Accesses(t, log.Records())[0].Principal.ID)
}
