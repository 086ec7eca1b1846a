package audit_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

var modes = map[string]audit.Mode{"before response": audit.BeforeResponse, "strict": audit.Strict, "async": audit.Async}

// In every mode, over HTTP/1.1 and HTTP/2, a record that cannot be made
// durable keeps PHI back, whatever way the handler lets it out.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNoModeLetsPHIOutUnrecorded(t *testing.T) {
	for mode, m := range modes {
		for name, h := range outputs {
			t.Run(mode+" "+name, func(t *testing.T) {
				rec, log := recorder(t, nil)
				ran := false
				handler := rec.In(m).Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
					ran = true
					_ = audit.EntryFrom(r.Context()).NoteOpened("patients", "ssn", jane)
					w.Header().Set("X-Secret", "secret")
					h(w, r)
				}))
				log.Fail(errDisk)
				servers(t, handler, func(t *testing.T, s *httptest.Server) {
					resp, err := s.Client().Get(s.URL)
					require.NoError(t, err)
					body, err := io.ReadAll(resp.Body)
					require.NoError(t, err)
					require.Equal(t, http.StatusServiceUnavailable, resp.StatusCode)
					require.NotEmpty(t, resp.Header.Get("Retry-After"))
					require.Empty(t, resp.Header.Get("X-Secret"))
					require.NotContains(t, string(body), "secret")
				})
				require.Equal(t, m != audit.Strict, ran, "Strict refuses before the handler runs")
			})
		}
	}
}

// A stream of events: each leaves with its record, in every mode, over HTTP/1.1
// and HTTP/2, and the one that cannot be recorded does not.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestStreamsInEveryMode(t *testing.T) {
	for mode, m := range modes {
		t.Run(mode, func(t *testing.T) {
			rec, log := recorder(t, nil)
			next := make(chan string)
			handler := rec.In(m).Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Content-Type", "text/event-stream")
				for event := range next {
					_ = audit.EntryFrom(r.Context()).NoteOpened("patients", event, jane)
					if _, err := io.WriteString(w, "data: "+event+"\n\n"); err != nil {
						return
					}
					if http.NewResponseController(w).Flush() != nil {
						return
					}
				}
			}))
			servers(t, handler, func(t *testing.T, s *httptest.Server) {
				log.Fail(nil)
				was := len(log.Records())
				go func() { next <- "one" }()
				resp, err := s.Client().Get(s.URL)
				require.NoError(t, err)
				defer resp.Body.Close()
				lines := bufio.NewReader(resp.Body)
				line, err := lines.ReadString('\n')
				require.NoError(t, err)
				require.Equal(t, "data: one\n", line)
				require.Greater(t, len(log.Records()), was)
				log.Fail(errDisk)
				next <- "two"
				rest, err := io.ReadAll(lines)
				require.Error(t, err, "the stream must not look complete")
				require.NotContains(t, string(rest), "two")
			})
		})
	}
}

// In Strict the intent is there before the handler, then the access, which
// names it, then the end.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestStrictRecordsIntentAccessAndEnd(t *testing.T) {
	rec, log := recorder(t, nil)
	handler := rec.In(audit.Strict).Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		events := audittest.Events(t, log.Records())
		require.Len(t, events, 1)
		require.Equal(t, audit.TypeIntent, events[0].Type)
		e := audit.EntryFrom(r.Context())
		e.SetPrincipal(nurse)
		e.SetAction("Patient", "update", safeguard.Treatment)
		require.NoError(t, e.NoteOpened("patients", "ssn", jane))
		io.WriteString(w, "ok")
	}))
	ctx := safeguard.WithPrincipal(t.Context(), nurse)
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, "PUT", "/", nil))
	require.NoError(t, rec.Close(t.Context()))
	events := audittest.Events(t, log.Records())
	require.Equal(t, []string{audit.TypeIntent, audit.TypeUpdated, audit.TypeEnded}, []string{events[0].Type, events[1].Type, events[2].Type})
	require.Equal(t, events[0].ID, events[1].CausationID)
	require.Equal(t, events[0].Subject, events[2].Subject)
	require.Equal(t, "u-17", events[0].AuthID)
}

// A flood of nobody leaves no more intents than the limit allows; somebody who
// signs in later has his before he opens anything, or opens nothing.
//
// Controls: HIPAA 164.312(b), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.PS-04.
func TestIntentsOfNobodyAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, &audit.Options{Unauthenticated: audit.Limit{PerSecond: 1, Burst: 5}})
		strict := rec.In(audit.Strict)
		for range 500 {
			_, e := strict.Begin(t.Context(), "job", "192.0.2.1")
			e.Deny("session.missing")
			require.NoError(t, e.Commit(t.Context()))
			e.End(audit.Completed, 0, 0)
		}
		intents := func() (n int) {
			for _, e := range audittest.Events(t, log.Records()) {
				if e.Type == audit.TypeIntent {
					n++
				}
			}
			return n
		}
		require.LessOrEqual(t, len(log.Records()), 5)
		was := intents()
		_, e := strict.Begin(t.Context(), "job", "192.0.2.1")
		require.Equal(t, was, intents())
		e.SetPrincipal(nurse)
		require.Equal(t, was+1, intents())
		require.NoError(t, e.NoteOpened("patients", "ssn", jane))
		require.NoError(t, e.Commit(t.Context()))
		e.End(audit.Completed, 0, 0)

		_, e = strict.Begin(t.Context(), "job", "192.0.2.1")
		log.Fail(errDisk)
		e.SetPrincipal(nurse)
		require.Error(t, e.NoteOpened("patients", "ssn", jane))
		log.Fail(nil)
		require.Error(t, e.Commit(t.Context()))
		e.End(audit.Refused, 0, 0)
	})
}

// An answer without PHI does not wait for the log in Async, one with PHI or
// about a patient does.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestAsyncWaitsForPHIOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		log.Before(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		async := rec.In(audit.Async)
		begin := func() *audit.Entry {
			_, e := async.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
			return e
		}
		start := time.Now()
		quiet := begin()
		require.NoError(t, quiet.Commit(t.Context()))
		require.Zero(t, time.Since(start))
		for name, note := range map[string]func(e *audit.Entry){
			"opened":  func(e *audit.Entry) { _ = e.NoteOpened("patients", "ssn", jane) },
			"fields":  func(e *audit.Entry) { e.NoteFields("Patient.name") },
			"patient": func(e *audit.Entry) { e.AddPatient(jane) },
		} {
			e := begin()
			note(e)
			require.Error(t, e.Commit(t.Context()), name)
			e.End(audit.Refused, 0, 0)
		}
		note := begin()
		require.NoError(t, note.Commit(t.Context()))
		note.AddPatient(jane)
		require.Error(t, note.Commit(t.Context()), "a patient who is noted later counts too")
		note.End(audit.Refused, 0, 0)

		log.Before(nil)
		time.Sleep(10 * time.Second)
		quiet.End(audit.Completed, 0, 0)
		require.NoError(t, rec.Close(t.Context()))
		entries := map[string]bool{}
		for _, a := range audittest.Accesses(t, log.Records()) {
			entries[a.Entry] = true
		}
		require.True(t, entries[quiet.ID()], "what waited came through")
		require.True(t, entries[note.ID()])
	})
}

// While the log is down the queue of Async fills up to its bound; then requests
// wait for the log, and are refused. Nothing in the queue is lost.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestAsyncQueueIsBoundedAndLosesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		log.Fail(errDisk)
		async := rec.In(audit.Async)
		acknowledged := map[string]bool{}
		refused := 0
		for range 6000 {
			_, e := async.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
			if e.Commit(t.Context()) == nil {
				acknowledged[e.ID()] = true
			} else {
				refused++
			}
		}
		require.Positive(t, refused)
		require.Len(t, acknowledged, 4096)
		time.Sleep(time.Minute)
		require.Empty(t, log.Records())
		log.Fail(nil)
		time.Sleep(time.Minute)
		for _, a := range audittest.Accesses(t, log.Records()) {
			delete(acknowledged, a.Entry)
		}
		require.Empty(t, acknowledged)
		observations, err := rec.Report(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, 4096, observations[0].Counters["async.queued"])
		require.EqualValues(t, refused, observations[0].Counters["async.waited"])
		require.NoError(t, rec.Close(t.Context()))
	})
}

// What Async could not make durable until the end is told.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestCloseTellsWhatAsyncLost(t *testing.T) {
	rec, log := recorder(t, nil)
	log.Fail(errDisk)
	_, e := rec.In(audit.Async).Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	require.NoError(t, e.Commit(t.Context()))
	require.ErrorIs(t, rec.Close(t.Context()), errDisk)
	observations, err := rec.Report(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, observations[0].Counters["records.lost"])
}

// A panic, a sign-in that is missing and a client that is gone end in every
// mode with a record and an outcome.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestEveryModeRecordsHowItEnded(t *testing.T) {
	endings := map[string]struct {
		h       http.HandlerFunc
		outcome audit.Outcome
	}{
		"panic": {func(http.ResponseWriter, *http.Request) { panic("about " + jane.Reveal()) }, audit.Panicked},
		"abort": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, audit.Aborted},
		"401": {func(w http.ResponseWriter, r *http.Request) {
			audit.EntryFrom(r.Context()).Deny("session.missing")
			w.WriteHeader(http.StatusUnauthorized)
		}, audit.Completed},
		"timeout": {func(w http.ResponseWriter, r *http.Request) {
			http.TimeoutHandler(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
				time.Millisecond, "").ServeHTTP(w, r)
		}, audit.Completed},
	}
	for mode, m := range modes {
		for name, c := range endings {
			t.Run(mode+" "+name, func(t *testing.T) {
				rec, log := recorder(t, nil)
				servers(t, rec.In(m).Handler(c.h), func(t *testing.T, s *httptest.Server) {
					resp, err := s.Client().Get(s.URL)
					require.Equal(t, c.outcome == audit.Completed, err == nil)
					if err == nil {
						resp.Body.Close()
					}
				})
				require.NoError(t, rec.Close(t.Context()))
				ends := audittest.Data[audit.Ended](t, log.Records(), audit.TypeEnded)
				require.Len(t, ends, 2)
				for _, e := range ends {
					require.Equal(t, c.outcome, e.Outcome)
				}
				require.Len(t, audittest.Accesses(t, log.Records()), 2)
			})
		}
	}
}

// The log decides within the deadline in every mode.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestStrictRefusesAtTheDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		log.Before(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		start := time.Now()
		w := httptest.NewRecorder()
		rec.In(audit.Strict).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			t.Error("the handler ran")
		})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		require.Equal(t, http.StatusServiceUnavailable, w.Code)
		require.Equal(t, 2*time.Second, time.Since(start))
		log.Before(nil)
	})
}

// An error of the tokens, or of a gate, does not get into the text of a
// refusal.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04.
func TestRefusalRepeatsNoForeignText(t *testing.T) {
	rec, _ := recorder(t, nil)
	cause := errors.New("no session for " + jane.Reveal())
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	e.AddGate(func(context.Context) error { return cause })
	err := e.Commit(t.Context())
	require.ErrorIs(t, err, cause)
	require.NotContains(t, err.Error(), jane.Reveal())
	e.End(audit.Refused, 0, 0)
}
