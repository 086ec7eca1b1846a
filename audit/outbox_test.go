package audit_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/stretchr/testify/require"
)

// A disclosure and an emergency access are no routine: their records are
// durable before the answer in mode Async too, with or without a patient.
//
// Controls: HIPAA 164.312(b), 164.528(a), 164.312(a)(2)(ii); NIST CSF 2.0 PR.PS-04.
func TestAsyncWaitsForDisclosureAndEmergency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, do := range []func(e *audit.Entry){
			func(e *audit.Entry) { e.Disclose(audit.Disclosure{Recipient: "r-1", Basis: "research"}) },
			func(e *audit.Entry) { e.SetBreakGlass() },
			func(e *audit.Entry) { e.SetAction("Patient", "read", safeguard.BreakGlass) },
		} {
			rec, log := recorder(t, nil)
			_, e := rec.In(audit.Async).Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
			do(e)
			require.NoError(t, e.Commit(t.Context()))
			require.Len(t, log.Records(), 1)
		}
	})
}

// small is a log that refuses an append of more than 1.5 MiB, for ever.
type small struct{ *audittest.Log }

func (s small) Append(ctx context.Context, records ...[]byte) error {
	n := 0
	for _, r := range records {
		n += len(r)
	}
	if n > 3<<19 {
		return errors.New("too large")
	}
	return s.Log.Append(ctx, records...)
}

// wide is a decision whose record is about 50,000 bytes long.
func wide() audit.Decision {
	d := audit.Decision{Allowed: true}
	for range 50 {
		d.Rules = append(d.Rules, strings.Repeat("\x00", 128))
	}
	return d
}

// Large records that wait do not close the way for all that come after them,
// and a large commit is no reason to refuse it.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLargeRecordsAreAppendedInPieces(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := audittest.NewLog()
		rec, err := audit.New(small{log}, tokens(t), nil)
		require.NoError(t, err)
		for range 40 {
			_, e := rec.In(audit.Async).Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
			e.SetDecision(wide())
			require.NoError(t, e.Commit(t.Context()))
			e.End(audit.Completed, 0, 0)
		}
		require.NoError(t, rec.Close(t.Context()))
		require.Len(t, log.Records(), 80)

		d := wide()
		for range 6 {
			d.Rules = append(d.Rules, d.Rules...)
		}
		_, e := rec.Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
		e.SetDecision(d)
		require.NoError(t, e.Commit(t.Context()))
		require.Greater(t, len(log.Records()), 80+50)
	})
}

// deaf does not report until it is let go, whatever the context says.
type deaf chan struct{}

func (d deaf) Report(context.Context) ([]safeguard.Observation, error) {
	<-d
	return nil, nil
}

// A component that hangs holds up neither the start, nor what waits to become
// durable, nor the end.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func TestHungReporterHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rec, log := recorder(t, nil)
		d := make(deaf)
		defer close(d)
		began := time.Now()
		require.NoError(t, rec.Watch(t.Context(), d, reporter{}))
		require.Equal(t, 2*time.Second, time.Since(began))
		got := audittest.Data[audit.Observed](t, log.Records(), audit.TypeObservation)
		require.True(t, got[1].Failed)
		require.Equal(t, "session", got[2].Component)

		time.Sleep(time.Hour) // it is asked again
		_, e := rec.In(audit.Async).Begin(safeguard.WithPrincipal(t.Context(), nurse), "job", "")
		require.NoError(t, e.Commit(t.Context()))
		time.Sleep(10 * time.Second)
		require.Len(t, audittest.Accesses(t, log.Records()), 1)
		require.NoError(t, rec.Close(t.Context()))
	})
}

// A limit that is no number would be none.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestLimitThatIsNoNumberIsRefused(t *testing.T) {
	_, err := audit.New(audittest.NewLog(), tokens(t), &audit.Options{Unauthenticated: audit.Limit{PerSecond: math.NaN(), Burst: 1}})
	require.ErrorIs(t, err, audit.ErrOptions)
}

// Times that RFC 3339 does not know are refused, though package time reads
// them.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestLooseTimesAreRefused(t *testing.T) {
	for at, good := range map[string]bool{
		"2024-01-01T01:00:00.5Z": true, "2024-01-01T01:00:00+02:00": true,
		"2024-01-01T1:00:00Z": false, "2024-01-01T01:00:00,5Z": false, "2024-01-01T01:00:00+25:00": false, "2024": false,
	} {
		_, err := audit.ParseEvent([]byte(`{"specversion":"1.0","id":"a","source":"b","type":"c","time":"` + at + `","data":{}}`))
		if good {
			require.NoError(t, err, at)
		} else {
			require.ErrorIs(t, err, audit.ErrEvent, at)
		}
	}
}
