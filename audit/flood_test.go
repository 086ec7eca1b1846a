package audit_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// lowLog is a log that can run low.
type lowLog struct {
	*audittest.Log
	low atomic.Bool
}

func (l *lowLog) Low() bool { return l.low.Load() }

// unauthenticated answers 401.
func unauthenticated(w http.ResponseWriter, r *http.Request) {
	audit.EntryFrom(r.Context()).Deny("session.missing")
	w.WriteHeader(http.StatusUnauthorized)
}

// A flood costs a bounded number of records, however long it is, and every
// request of it is in a record or in a count.
//
// Controls: HIPAA 164.312(b), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.PS-04.
func TestFloodCostsABoundedNumberOfRecords(t *testing.T) {
	flood := 50_000
	if os.Getenv("SAFEGUARD_SOAK") != "" {
		flood = 1_000_000
	}
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		h := rec.Handler(http.HandlerFunc(unauthenticated))
		req := httptest.NewRequest("GET", "/", nil)
		for i := range flood {
			w := &answer{}
			h.ServeHTTP(w, req)
			require.Equal(t, http.StatusUnauthorized, w.status)
			if i%(flood/10) == 0 {
				time.Sleep(time.Minute)
			}
		}
		require.NoError(t, rec.Close(t.Context()))
		single := len(audittest.Accesses(t, log.Records()))
		counted := uint64(0)
		for _, u := range audittest.Data[audit.Unauthenticated](t, log.Records(), audit.TypeUnauthenticated) {
			counted += u.Counts["session.missing"]
		}
		require.EqualValues(t, flood, uint64(single)+counted)
		require.LessOrEqual(t, len(log.Records()), 2*100*11+11, "100 at each minute, their ends, and a count a minute")
		t.Logf("soak: %d requests of nobody, %d records", flood, len(log.Records()))
	})
}

// answer is a ResponseWriter that costs next to nothing.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}
func (a *answer) Write(b []byte) (int, error) { return len(b), nil }
func (a *answer) WriteHeader(code int)        { a.status = code }

// While the log is low, nobody costs no record at all and somebody still gets
// his; the counts follow.
//
// Controls: HIPAA 164.312(b), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.PS-04.
func TestLowLogCountsNobodyOnly(t *testing.T) {
	log := &lowLog{Log: audittest.NewLog()}
	rec, err := audit.New(log, tokens(t), nil)
	require.NoError(t, err)
	log.low.Store(true)
	for range 10 {
		rec.Handler(http.HandlerFunc(unauthenticated)).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	}
	require.Empty(t, log.Records())
	rec.Handler(signedIn(outputs["write"])).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	require.Len(t, audittest.Accesses(t, log.Records()), 1)
	require.NoError(t, rec.Close(t.Context()))
	counts := audittest.Data[audit.Unauthenticated](t, log.Records(), audit.TypeUnauthenticated)
	require.Len(t, counts, 1)
	require.EqualValues(t, 10, counts[0].Counts["session.missing"])
}

// Counts that could not be recorded are kept for the next minute, and Close
// says so if even it could not.
//
// Controls: HIPAA 164.312(b), 164.308(a)(5)(ii)(C); NIST CSF 2.0 PR.PS-04.
func TestCountsSurviveAFailureAndClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, down := range []bool{false, true} {
			log := &lowLog{Log: audittest.NewLog()}
			log.low.Store(true)
			rec, err := audit.New(log, tokens(t), nil)
			require.NoError(t, err)
			h := rec.Handler(http.HandlerFunc(unauthenticated))
			log.Fail(errDisk)
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			time.Sleep(150 * time.Second)
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			if down {
				require.ErrorIs(t, rec.Close(t.Context()), errDisk)
				continue
			}
			log.Fail(nil)
			require.NoError(t, rec.Close(t.Context()))
			counts := audittest.Data[audit.Unauthenticated](t, log.Records(), audit.TypeUnauthenticated)
			require.EqualValues(t, 2, counts[0].Counts["session.missing"])

			// Behind Close nobody is recorded one by one, since no count follows.
			h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
			require.Len(t, audittest.Accesses(t, log.Records()), 1)
		}
	})
}

// half gives one observation and fails.
type half struct{}

func (half) Report(context.Context) ([]safeguard.Observation, error) {
	return []safeguard.Observation{
		{Component: "half", Statement: "One thing."},
		{Component: "half", Settings: map[string]string{"large": string(make([]byte, 70_000))}},
	}, errDisk
}

// hung does not report in time.
type hung struct{}

func (hung) Report(ctx context.Context) ([]safeguard.Observation, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A component that fails, hangs or says too much takes nothing away from what
// the others say.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func TestFailingReporterTakesNothingAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		require.NoError(t, rec.Watch(t.Context(), hung{}, half{}, reporter{}))
		var got []string
		for _, o := range audittest.Data[audit.Observed](t, log.Records(), audit.TypeObservation)[1:] {
			got = append(got, o.Component+" "+map[bool]string{true: "failed"}[o.Failed])
		}
		require.Equal(t, []string{"unknown failed", "half ", "half failed", "half failed", "session "}, got)
	})
}
