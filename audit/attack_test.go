package audit_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// blocking makes the next append wait until release is closed, and every one
// after it fail. It returns a channel that is closed when the first has begun.
func blocking(log *audittest.Log, release <-chan struct{}) <-chan struct{} {
	began := make(chan struct{})
	first := true
	log.Before(func(context.Context) error {
		if !first {
			return errDisk
		}
		first = false
		close(began)
		<-release
		return nil
	})
	return began
}

// What another goroutine opens while a record is being written is not
// accounted for by that record; no header or trailer may carry it out.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestHeadersSetDuringTheCommitStayBehind(t *testing.T) {
	ways := map[string]http.HandlerFunc{
		"flush":  func(w http.ResponseWriter, r *http.Request) { w.(http.Flusher).Flush() },
		"write":  func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, strings.Repeat("x", 20<<10)) },
		"return": func(w http.ResponseWriter, r *http.Request) {},
	}
	for name, way := range ways {
		for _, header := range []string{"X-Phi", http.TrailerPrefix + "X-Phi"} {
			t.Run(name+" "+header, func(t *testing.T) {
				rec, log := recorder(t, nil)
				release := make(chan struct{})
				began := blocking(log, release)
				s := httptest.NewServer(rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
					go func() {
						<-began
						_ = audit.EntryFrom(r.Context()).NoteOpened("patients", "ssn", jane)
						w.Header().Set(header, "123-45-6789")
						close(release)
					}()
					way(w, r)
				})))
				defer s.Close()
				resp, err := http.Get(s.URL)
				if err != nil {
					return // cut off, which is right too
				}
				_, _ = io.ReadAll(resp.Body)
				require.Empty(t, resp.Header.Get("X-Phi"))
				require.Empty(t, resp.Trailer.Get("X-Phi"))
			})
		}
	}
}

// A stream that notes nothing new ends soon after a gate has closed.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestCleanStreamEndsWithItsSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		live := true
		w := httptest.NewRecorder()
		func() {
			defer func() { require.Equal(t, http.ErrAbortHandler, recover()) }()
			rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
				e := audit.EntryFrom(r.Context())
				e.AddGate(func(context.Context) error {
					if live {
						return nil
					}
					return logoff{}
				})
				for range 3 {
					require.NoError(t, e.NoteOpened("patients", "record", jane))
					_, err := io.WriteString(w, "row ")
					require.NoError(t, err)
				}
				live = false
				time.Sleep(300 * time.Millisecond)
				require.NoError(t, e.NoteOpened("patients", "record", jane))
				_, err := io.WriteString(w, "after")
				require.Error(t, err)
			})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		}()
		require.Equal(t, "row row row ", w.Body.String())
		require.NoError(t, rec.Close(t.Context()))
		require.Equal(t, audit.Aborted, audittest.Data[audit.Ended](t, log.Records(), audit.TypeEnded)[0].Outcome)
	})
}

// A session that ends while its record is being written gets nothing.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestGatesAreAskedAgainAfterASlowWrite(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		live := true
		log.Before(func(context.Context) error {
			time.Sleep(time.Second / 2)
			live = false
			return nil
		})
		_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
		e.AddGate(func(context.Context) error {
			if live {
				return nil
			}
			return logoff{}
		})
		require.ErrorIs(t, e.Commit(t.Context()), logoff{})
		e.End(audit.Refused, 0, 0)
	})
}

// Whatever the log panics with, the request ends and the value goes nowhere.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPanicOfTheLogCutsTheConnection(t *testing.T) {
	for name, h := range outputs {
		t.Run(name, func(t *testing.T) {
			rec, log := recorder(t, nil)
			log.Before(func(context.Context) error { panic("about " + jane.Reveal()) })
			defer log.Before(nil)
			func() {
				defer func() { require.Equal(t, http.ErrAbortHandler, recover()) }()
				rec.Handler(signedIn(h)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			}()
		})
	}
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestEndedEntryLetsNothingOut(t *testing.T) {
	rec, _ := recorder(t, nil)
	w := httptest.NewRecorder()
	rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
		e := audit.EntryFrom(r.Context())
		e.End(audit.Completed, 200, 0)
		e.NoteFields("Patient.name")
		_, err := io.WriteString(w, "secret")
		require.Error(t, err)
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotContains(t, w.Body.String(), "secret")
}

// Headers set behind a refusal do not leave through a wrapper that sends
// headers late, and those of the outer handler cannot be changed in place.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestHeadersBehindARefusalStayBehind(t *testing.T) {
	rec, log := recorder(t, nil)
	log.Fail(errDisk)
	inner := rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Vary"][0] = "Wilhelmina"
		w.WriteHeader(http.StatusOK)
		w.Header().Set("X-Patient", "Wilhelmina")
	}))
	h := http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Vary", "Accept")
		inner.ServeHTTP(w, r)
	}), time.Minute, "")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.Empty(t, w.Header().Get("X-Patient"))
	require.Equal(t, "Accept", w.Header().Get("Vary"))
}

// Nobody gets an answer about a patient that somebody named, unless it is a
// denial.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNobodyGetsNoAnswerAboutAPatient(t *testing.T) {
	rec, _ := recorder(t, nil)
	for denied, want := range map[bool]int{false: http.StatusServiceUnavailable, true: http.StatusForbidden} {
		w := httptest.NewRecorder()
		rec.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			e := audit.EntryFrom(r.Context())
			e.AddPatient(jane)
			if denied {
				e.Deny("x")
				w.WriteHeader(http.StatusForbidden)
				return
			}
			io.WriteString(w, "Wilhelmina")
		})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		require.Equal(t, want, w.Code)
		require.NotContains(t, w.Body.String(), "Wilhelmina")
	}
}

// Controls: HIPAA 164.312(a)(2)(i), 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestWhatOneHasSeenIsNotedForTheNextToo(t *testing.T) {
	rec, log := recorder(t, nil)
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	require.NoError(t, e.NoteOpened("patients", "ssn", jane))
	require.NoError(t, e.Commit(t.Context()))
	next := nurse
	next.ID = "u-18"
	e.SetPrincipal(next)
	require.NoError(t, e.NoteOpened("patients", "ssn", jane))
	require.NoError(t, e.Commit(t.Context()))
	e.End(audit.Completed, 0, 0)
	parts := audittest.Accesses(t, log.Records())
	require.Equal(t, "u-18", parts[1].Principal.ID)
	require.Equal(t, parts[0].Patients, parts[1].Patients)
	require.Equal(t, parts[0].Opened, parts[1].Opened)
}

// A refused Entry is recorded once, however often somebody tries again.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRefusalIsRecordedOnce(t *testing.T) {
	rec, log := recorder(t, nil)
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	e.AddGate(func(context.Context) error { return logoff{} })
	for range 1000 {
		refusal, ok := errors.AsType[*audit.RefusalError](e.Commit(t.Context()))
		require.True(t, ok)
		require.Equal(t, "audit.gate", refusal.Code)
	}
	require.Len(t, log.Records(), 1)
	e.End(audit.Refused, 0, 0)
}

// What a client makes up does not get into the log as a method.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestMadeUpMethodIsNotRecorded(t *testing.T) {
	rec, log := recorder(t, nil)
	rec.Handler(signedIn(outputs["write"])).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("JANE-DOE-SSN", "/", nil))
	require.Equal(t, "OTHER", audittest.Accesses(t, log.Records())[0].Method)
}

// A decision over very many fields is spread over records that a log takes.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestWideDecisionFitsIntoRecords(t *testing.T) {
	rec, log := recorder(t, nil)
	var d audit.Decision
	for i := range 1500 {
		d.Fields = append(d.Fields, fmt.Sprintf("Patient.%040d", i))
	}
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	e.SetDecision(d)
	require.NoError(t, e.Commit(t.Context()))
	var fields []string
	for _, r := range log.Records() {
		require.Less(t, len(r), 64<<10)
	}
	for _, a := range audittest.Accesses(t, log.Records()) {
		fields = append(fields, a.Decision.Fields...)
	}
	require.Equal(t, d.Fields, fields)
	e.End(audit.Completed, 0, 0)
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestEntryKnowsWhetherItTouchedPHI(t *testing.T) {
	rec, _ := recorder(t, nil)
	require.False(t, (*audit.Entry)(nil).TouchesPHI())
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	require.NoError(t, e.NoteOpened("staff", "password", safeguard.Patient{}))
	require.False(t, e.TouchesPHI())
	require.NoError(t, e.NoteOpened("patients", "ssn", jane))
	require.NoError(t, e.Commit(t.Context()))
	require.True(t, e.TouchesPHI())
	e.End(audit.Completed, 0, 0)
}

// One request has one account.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestHandlerInsideAHandlerIsRefused(t *testing.T) {
	rec, log := recorder(t, nil)
	w := httptest.NewRecorder()
	rec.Handler(signedIn(rec.Handler(outputs["write"]).ServeHTTP)).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.Contains(t, w.Body.String(), "audit.misplaced")
	require.NotContains(t, w.Body.String(), "secret")
	require.NoError(t, rec.Close(t.Context()))
	require.Len(t, audittest.Accesses(t, log.Records()), 1)
}

// The service learns why, its clients only that.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRefusalIsTold(t *testing.T) {
	var told []error
	rec, log := recorder(t, &audit.Options{OnRefusal: func(err error) { told = append(told, err) }})
	log.Fail(errDisk)
	w := httptest.NewRecorder()
	rec.Handler(signedIn(outputs["write"])).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Len(t, told, 1)
	require.ErrorIs(t, told[0], errDisk)
	require.Contains(t, w.Body.String(), `"code":"audit.not-durable"`)
	require.NotContains(t, w.Body.String(), errDisk.Error())
}

// A panic of the log loses the notes, and with them the answer, also for a
// handler that recovers and goes on.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNotesLostInAPanicAreNotPassedOver(t *testing.T) {
	rec, log := recorder(t, nil)
	log.Before(func(context.Context) error { log.Before(nil); panic("once") })
	w := httptest.NewRecorder()
	rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
		require.NoError(t, audit.EntryFrom(r.Context()).NoteOpened("patients", "ssn", jane))
		func() {
			defer func() { require.NotNil(t, recover()) }()
			w.(http.Flusher).Flush()
		}()
		_, err := io.WriteString(w, "secret")
		require.Error(t, err)
		require.Error(t, audit.EntryFrom(r.Context()).NoteOpened("patients", "name", jane), "nothing is opened in vain")
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, http.StatusServiceUnavailable, w.Code)
	require.NotContains(t, w.Body.String(), "secret")
}

// A gate that takes all the time there is refuses, and that is recorded.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04.
func TestGateThatRunsOutOfTimeIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
		e.AddGate(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		refusal, ok := errors.AsType[*audit.RefusalError](e.Commit(t.Context()))
		require.True(t, ok)
		require.Equal(t, "audit.gate", refusal.Code)
		require.Equal(t, []string{"audit.gate"}, audittest.Accesses(t, log.Records())[0].Denied)
		e.End(audit.Refused, 0, 0)
	})
}

// A gate is asked at the next commit, however soon that comes, and one that
// panicked has not said yes.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestNewAndPanickedGatesAreAsked(t *testing.T) {
	rec, _ := recorder(t, nil)
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	e.AddGate(func(context.Context) error { return nil })
	require.NoError(t, e.Commit(t.Context()))
	e.AddGate(func(context.Context) error { return logoff{} })
	require.ErrorIs(t, e.Commit(t.Context()), logoff{})
	e.End(audit.Refused, 0, 0)

	_, e = rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	require.NoError(t, e.Commit(t.Context()))
	e.AddGate(func(context.Context) error { panic("gate") })
	require.Panics(t, func() { _ = e.Commit(t.Context()) })
	require.Error(t, e.Commit(t.Context()))
	e.End(audit.Refused, 0, 0)
}

// An opening that is not noted is not allowed.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestOpeningsBeyondTheBoundAreRefused(t *testing.T) {
	rec, _ := recorder(t, nil)
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	allowed := 0
	for i := range 100_000 {
		if e.NoteOpened("patients", "ssn", safeguard.NewPatient(fmt.Sprint("p", i))) != nil {
			break
		}
		allowed++
	}
	require.Less(t, allowed, 1<<15)
	require.Error(t, e.NoteOpened("patients", "ssn", safeguard.NewPatient("one more")))
	require.Error(t, e.Commit(t.Context()))
	e.End(audit.Refused, 0, 0)
}

// What the service does with a refusal, or a component with its report, cannot
// take the record or the process away.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPanicsOfTheServiceAreHeld(t *testing.T) {
	rec, log := recorder(t, &audit.Options{OnRefusal: func(error) { panic("alarm") }})
	require.NoError(t, rec.Watch(t.Context(), panicking{}))
	require.True(t, audittest.Data[audit.Observed](t, log.Records(), audit.TypeObservation)[1].Failed)
	w := httptest.NewRecorder()
	rec.Handler(signedIn(func(w http.ResponseWriter, r *http.Request) {
		audit.EntryFrom(r.Context()).AddGate(func(context.Context) error { return logoff{} })
	})).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	require.Equal(t, http.StatusUnauthorized, w.Code)
	require.Equal(t, []string{"audit.gate"}, audittest.Accesses(t, log.Records())[0].Denied)
}

type panicking struct{}

func (panicking) Report(context.Context) ([]safeguard.Observation, error) { panic("report") }

// A commit that hangs does not make others wait for ever.
func TestHungCommitIsNotWaitedForForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, _ := recorder(t, nil)
		_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
		release := make(chan struct{})
		e.AddGate(func(context.Context) error { <-release; return logoff{} })
		go func() { _ = e.Commit(t.Context()) }()
		synctest.Wait()
		start := time.Now()
		require.ErrorIs(t, e.Commit(t.Context()), context.DeadlineExceeded)
		require.Equal(t, 2*time.Second, time.Since(start))
		close(release)
		synctest.Wait()
		e.End(audit.Refused, 0, 0)
	})
}
