package shred_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
	"github.com/safeguard-sdk/safeguard/crypto/shred/shredtest"
)

// While an approved order waits, because its export fails, a hold stops it and
// it can be taken back; once it has begun, neither.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestHoldAndCancelWhileItWaits(t *testing.T) {
	w := tenantWorld(t)
	good := w.opts.Exporter
	w.opts.Exporter = awayExporter{}
	w.open(t)
	sealed := w.seal(t, tenantA, patient(1), 1)
	id, err := w.Request(w.as(t, "dr.lee"), tenantOrder())
	require.NoError(t, err)
	_, err = w.Approve(w.as(t, "ms.ray"), id, tenantOrder())
	require.ErrorIs(t, err, errBroken)

	require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "1"), "nothing is destroyed yet")
	w.opts.Exporter = good
	w.open(t)
	_, err = w.Resume(w.as(t, "startup"))
	require.ErrorIs(t, err, shred.ErrHeld)
	_, err = w.Approve(w.as(t, "ms.ray"), id, tenantOrder())
	require.ErrorIs(t, err, shred.ErrHeld)
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
	_, err = w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrHeld)

	other := tenantOrder()
	other.Reason = "other"
	require.ErrorIs(t, w.Cancel(w.as(t, "mr.cho"), id, other), shred.ErrOrder)
	require.ErrorIs(t, w.Cancel(w.as(t, "mr.cho"), "nosuch", tenantOrder()), shred.ErrUnknown)
	require.ErrorIs(t, w.Cancel(t.Context(), id, tenantOrder()), crypto.ErrUnaudited)
	for range 2 {
		require.NoError(t, w.Cancel(w.as(t, "mr.cho"), id, tenantOrder()))
	}
	w.destroy(t, releaseOf("1"))
	w.open(t) // a new process reads the same
	done, err := w.Resume(w.as(t, "startup"))
	require.NoError(t, err)
	require.Empty(t, done)
	_, err = w.Approve(w.as(t, "ms.ray"), id, tenantOrder())
	require.ErrorIs(t, err, shred.ErrCancelled)
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))

	id, err = w.Request(w.as(t, "dr.lee"), tenantOrder())
	require.NoError(t, err, "a cancelled order is in nobody's way")
	_, err = w.Approve(w.as(t, "ms.ray"), id, tenantOrder())
	require.NoError(t, err)
	require.ErrorIs(t, w.Cancel(w.as(t, "mr.cho"), id, tenantOrder()), shred.ErrUnderway)
}

// The register alone stops what has not begun, for a patient and for a tenant,
// where the mark in the store was lost.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestHoldWithoutMarkStopsWhatWaits(t *testing.T) {
	for _, o := range []shred.Order{orderOf(patient(1)), tenantOrder()} {
		w := tenantWorld(t)
		asked := 0
		w.opts.Held = func(context.Context, shred.Order) error {
			if asked++; asked == 2 {
				return errBroken
			}
			return nil
		}
		w.open(t)
		sealed := w.seal(t, tenantA, patient(1), 1)
		id, err := w.Request(w.as(t, "dr.lee"), o)
		require.NoError(t, err)
		_, err = w.Approve(w.as(t, "ms.ray"), id, o)
		require.ErrorIs(t, err, shred.ErrHeld, "asked again before it begins")
		require.Equal(t, 2, asked)
		require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "1"))
		name, err := w.sealer.SubjectName(t.Context(), tenantA, patient(1))
		require.NoError(t, err)
		setMark(t, w.store, name, false)
		_, err = w.Resume(w.as(t, "startup"))
		require.ErrorIs(t, err, shred.ErrHeld, o.Kind)
		require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
		w.destroy(t, releaseOf("1"))
		done, err := w.Resume(w.as(t, "startup"))
		require.NoError(t, err)
		require.Len(t, done, 1)
		require.Error(t, w.opens(t, tenantA, patient(1), 1, sealed))
	}
}

// A request is taken back before its approval too, by who may; the other kinds
// are decided by it.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCancelRequest(t *testing.T) {
	w := newWorld(t, shred.Options{Authorize: func(_ context.Context, who safeguard.Principal, step shred.Step, _ shred.Order) error {
		if step == shred.StepCancel && who.ID == "intern" {
			return errors.New("no")
		}
		return nil
	}})
	w.seal(t, tenantA, patient(1), 1)
	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	require.ErrorIs(t, w.Cancel(w.as(t, "intern"), id, orderOf(patient(1))), shred.ErrDenied)
	require.ErrorIs(t, w.Cancel(w.as(t, "dr.lee"), id, orderOf(patient(2))), shred.ErrOrder)
	require.NoError(t, w.Cancel(w.as(t, "dr.lee"), id, orderOf(patient(1))))
	_, err = w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrCancelled)

	require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "1"))
	id, err = w.Request(w.as(t, "dr.lee"), releaseOf("1"))
	require.NoError(t, err)
	_, err = w.Approve(w.as(t, "ms.ray"), id, releaseOf("1"))
	require.NoError(t, err)
	require.ErrorIs(t, w.Cancel(w.as(t, "dr.lee"), id, releaseOf("1")), shred.ErrUnderway)
}

// An order for a tenant that is not there does not lie in wait for it.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestTenantMustExist(t *testing.T) {
	w := tenantWorld(t)
	o := tenantOrder()
	o.Tenant = "clinic-z"
	_, err := w.Request(w.as(t, "dr.lee"), o)
	require.ErrorIs(t, err, crypto.ErrTenant)

	id, err := w.Request(w.as(t, "dr.lee"), tenantOrder())
	require.NoError(t, err)
	keys := w.keys[tenantA]
	delete(w.keys, tenantA)
	_, err = w.Approve(w.as(t, "ms.ray"), id, tenantOrder())
	require.ErrorIs(t, err, crypto.ErrTenant)
	w.keys[tenantA] = keys
	w.seal(t, tenantA, patient(1), 1)
	delete(w.keys, tenantA) // somebody destroyed the keyset, and the records are there
	_, err = w.Approve(w.as(t, "ms.ray"), id, tenantOrder())
	require.NoError(t, err)
}

// One person is not two by characters that nobody sees.
//
// Controls: HIPAA 164.312(a)(2)(i), 164.312(d); NIST CSF 2.0 PR.AA-05.
func TestInvisibleCharacters(t *testing.T) {
	w := newWorld(t, shred.Options{})
	w.seal(t, tenantA, patient(1), 1)
	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	for name, by := range map[string]string{
		"zero width space": "dr.lee\u200b", "joiner": "dr\u200d.lee", "soft hyphen": "dr.l\u00adee", "mark": "\ufeffdr.lee",
		"no-break space": "dr.lee\u00a0",
	} {
		_, err := w.Approve(w.as(t, by), id, orderOf(patient(1)))
		require.ErrorIs(t, err, shred.ErrDenied, name)
	}
	for name, by := range map[string]string{"variation": "dr.lee\ufe0f", "accent": "dr.le\u0301e", "space": "dr. lee"} {
		_, err := w.Approve(w.as(t, by), id, orderOf(patient(1)))
		require.ErrorIs(t, err, shred.ErrSamePerson, name)
	}
}

// A slowLog, once armed, blocks in every Read until it is let go.
type slowLog struct {
	shred.Log
	armed         *atomic.Bool
	entered, free chan struct{}
}

func (l slowLog) Read(ctx context.Context, number uint64) ([]byte, error) {
	if l.armed.Load() {
		l.entered <- struct{}{}
		<-l.free
	}
	return l.Log.Read(ctx, number)
}

// Who is cancelled does not wait for another who waits for the log.
//
// Controls: none, it is about availability within a process.
func TestCancelledCallerDoesNotWait(t *testing.T) {
	log := slowLog{new(shredtest.Log), new(atomic.Bool), make(chan struct{}, 1), make(chan struct{})}
	r, err := shred.OpenRegister(t.Context(), log)
	require.NoError(t, err)
	log.armed.Store(true)
	done := make(chan error, 1)
	go func() { _, _, err := r.Head(context.Background()); done <- err }()
	<-log.entered
	ctx, cancel := context.WithCancel(t.Context())
	waited := make(chan error, 1)
	go func() { _, _, err := r.Head(ctx); waited <- err }()
	cancel()
	select {
	case err := <-waited:
		require.ErrorIs(t, err, context.Canceled)
	case <-time.After(30 * time.Second):
		t.Fatal("it waits")
	}
	close(log.free)
	require.NoError(t, <-done)
}
