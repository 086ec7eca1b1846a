package audit_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// A second commit that finds nothing new must still wait for the first one,
// whose notes account for what the second is about to let out.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestCommitWaitsForTheOneUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		release := make(chan struct{})
		log.Before(func(context.Context) error { <-release; return nil })
		_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
		var done atomic.Int32
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				require.NoError(t, e.Commit(t.Context()))
				require.Len(t, log.Records(), 1)
				done.Add(1)
			})
			synctest.Wait()
		}
		require.Zero(t, done.Load())
		close(release)
		wg.Wait()
		log.Before(nil)
		e.End(audit.Completed, 0, 0)
	})
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFailedCommitBreaksTheEntryForGood(t *testing.T) {
	rec, log := recorder(t, nil)
	log.Fail(errDisk)
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
	err := e.Commit(t.Context())
	require.ErrorIs(t, err, errDisk)
	refusal, ok := errors.AsType[*audit.RefusalError](err)
	require.True(t, ok)
	require.Equal(t, "audit.not-durable", refusal.Code)
	log.Fail(nil)
	require.ErrorIs(t, e.Commit(t.Context()), errDisk)
	require.True(t, e.Dirty())
	e.End(audit.Refused, 0, 0)
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestManyPatientsBecomeSeveralRecords(t *testing.T) {
	rec, log := recorder(t, nil)
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "search", "")
	for i := range 600 {
		e.AddPatient(safeguard.NewPatient(fmt.Sprint("MRN-", i)))
	}
	require.NoError(t, e.Commit(t.Context()))
	parts := audittest.Accesses(t, log.Records())
	require.Len(t, parts, 3)
	seen := map[string]bool{}
	for i, p := range parts {
		require.Equal(t, i, p.Part)
		for _, token := range p.Patients {
			seen[token] = true
		}
	}
	require.Len(t, seen, 600)
	e.End(audit.Completed, 0, 0)
}

// An Entry that is told more than it can hold refuses instead of forgetting.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFullEntryRefuses(t *testing.T) {
	rec, _ := recorder(t, nil)
	_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "search", "")
	var err error
	for i := 0; err == nil; i++ {
		err = e.NoteOpened("patients", fmt.Sprint("c", i), safeguard.Patient{})
	}
	require.ErrorIs(t, err, audit.ErrFull)
	require.ErrorIs(t, e.Commit(t.Context()), audit.ErrFull)
	e.End(audit.Refused, 0, 0)
}

func TestNilEntryTakesNotesInVain(t *testing.T) {
	e := audit.EntryFrom(t.Context())
	require.Nil(t, e)
	e.SetPrincipal(nurse)
	e.SetRoute("/")
	e.SetAction("Patient", "read", safeguard.Treatment)
	e.SetDecision(audit.Decision{})
	e.Deny("x")
	e.AddPatient(jane)
	e.NoteFields("x")
	e.AddGate(func(context.Context) error { return errDisk })
	require.NoError(t, e.NoteOpened("t", "c", jane))
	require.NoError(t, e.Commit(t.Context()))
	e.End(audit.Completed, 0, 0)
	require.Empty(t, e.ID())
	require.Zero(t, testing.AllocsPerRun(10, func() { _ = e.NoteOpened("t", "c", jane) }))
}

// A flood of requests without a sign-in is counted, not recorded one by one,
// and none is forgotten.
//
// Controls: HIPAA 164.312(b), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.PS-04.
func TestFloodOfNobodyEndsInCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		h := rec.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			audit.EntryFrom(r.Context()).Deny("session.missing")
			w.WriteHeader(http.StatusUnauthorized)
		}))
		const flood = 5000
		for range flood {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
			require.Equal(t, http.StatusUnauthorized, w.Code)
		}
		time.Sleep(61 * time.Second)
		synctest.Wait()
		single := audittest.Accesses(t, log.Records())
		require.Len(t, single, 100)
		require.NotEmpty(t, single[0].Source)
		require.NotContains(t, single[0].Source, "192.0.2.1")
		counts := audittest.Data[audit.Unauthenticated](t, log.Records(), audit.TypeUnauthenticated)
		require.Len(t, counts, 1)
		require.EqualValues(t, flood-100, counts[0].Counts["session.missing"])

		// Somebody who is identified is recorded whatever the flood.
		rec.Handler(signedIn(outputs["write"])).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
		require.Len(t, audittest.Accesses(t, log.Records()), 101)
	})
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNoEndIsDropped(t *testing.T) {
	rec, log := recorder(t, nil)
	const requests = 3000
	h := rec.Handler(signedIn(outputs["write"]))
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for range requests / 20 {
				h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			}
		})
	}
	wg.Wait()
	require.NoError(t, rec.Close(t.Context()))
	require.ErrorIs(t, rec.Close(t.Context()), audit.ErrClosed)
	require.Len(t, audittest.Data[audit.Ended](t, log.Records(), audit.TypeEnded), requests)
}

type reporter struct{ err error }

func (r reporter) Report(context.Context) ([]safeguard.Observation, error) {
	return []safeguard.Observation{{Component: "session", Controls: []safeguard.Control{safeguard.AutomaticLogoff}, Settings: map[string]string{"idle": "15m0s"}}}, r.err
}

// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func TestObservationsAtStartHourlyAndStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		require.NoError(t, rec.Watch(t.Context(), reporter{}, reporter{errDisk}, rec))
		time.Sleep(2*time.Hour + time.Second)
		synctest.Wait()
		require.NoError(t, rec.Close(t.Context()))
		occasions := map[string]int{}
		failed, clocks := 0, 0
		for _, o := range audittest.Data[audit.Observed](t, log.Records(), audit.TypeObservation) {
			if o.Component == "audit/clock" {
				clocks++
				continue
			}
			occasions[o.Occasion]++
			if o.Failed {
				failed++
				require.Equal(t, "session", o.Component)
				require.Empty(t, o.Settings)
			}
		}
		// What a component gave before it failed is recorded too.
		require.Equal(t, map[string]int{"start": 4, "hourly": 8, "stop": 4}, occasions)
		require.Equal(t, 4, failed)
		require.Equal(t, 4, clocks)
	})
}

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestWatchThatIsNotDurableFails(t *testing.T) {
	rec, log := recorder(t, nil)
	log.Fail(errDisk)
	require.ErrorIs(t, rec.Watch(t.Context(), reporter{}), errDisk)
}

func TestNewRefusesWhatMakesNoSense(t *testing.T) {
	log := audittest.NewLog()
	for name, f := range map[string]func() error{
		"log":      func() error { _, err := audit.New(nil, tokens(t), nil); return err },
		"tokens":   func() error { _, err := audit.New(log, nil, nil); return err },
		"deadline": func() error { _, err := audit.New(log, tokens(t), &audit.Options{Deadline: -1}); return err },
		"source":   func() error { _, err := audit.New(log, tokens(t), &audit.Options{Source: "a\nb"}); return err },
		"no URI":   func() error { _, err := audit.New(log, tokens(t), &audit.Options{Source: "my service"}); return err },
		"limit": func() error {
			_, err := audit.New(log, tokens(t), &audit.Options{Unauthenticated: audit.Limit{Burst: -1}})
			return err
		},
	} {
		require.ErrorIs(t, f(), audit.ErrOptions, name)
	}
}
