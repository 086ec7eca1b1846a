package shred_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

func releaseOf(caseRef string) shred.Order {
	o := orderOf(patient(1))
	o.Kind, o.Case, o.Reason = shred.ReleaseHold, caseRef, "case.closed"
	return o
}

// A hold forbids shredding at every step until two persons release the last
// case.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestHold(t *testing.T) {
	w := newWorld(t, shred.Options{})
	sealed := w.seal(t, tenantA, patient(1), 1)
	requested, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)

	for range 2 {
		require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "2026-CV-1"))
	}
	require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "2026-CV-2"))
	cases, err := w.Holds(t.Context(), tenantA, patient(1))
	require.NoError(t, err)
	require.Equal(t, []string{"2026-CV-1", "2026-CV-2"}, cases)

	_, err = w.Approve(w.as(t, "ms.ray"), requested, orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrHeld, "requested before the hold")
	_, err = w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrHeld)
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed), "held data is used as before")

	w.destroy(t, releaseOf("2026-CV-1"))
	_, err = w.Approve(w.as(t, "ms.ray"), requested, orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrHeld, "another case is open")
	w.destroy(t, releaseOf("2026-CV-2"))
	_, err = w.Request(w.as(t, "dr.lee"), releaseOf("2026-CV-2"))
	require.ErrorIs(t, err, shred.ErrNotHeld)

	_, err = w.Approve(w.as(t, "ms.ray"), requested, orderOf(patient(1)))
	require.NoError(t, err)
	require.ErrorIs(t, w.opens(t, tenantA, patient(1), 1, sealed), crypto.ErrShredded)
	require.ErrorIs(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "2026-CV-3"), shred.ErrUnderway)
}

// A patient without a key is held too.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestHoldWithoutKey(t *testing.T) {
	w := newWorld(t, shred.Options{})
	w.seal(t, tenantA, patient(2), 1)
	require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "1"))
	_, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrHeld)
	sealed := w.seal(t, tenantA, patient(1), 1)
	_, err = w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrHeld)
	w.destroy(t, releaseOf("1"))
	w.destroy(t, orderOf(patient(1)))
	require.ErrorIs(t, w.opens(t, tenantA, patient(1), 1, sealed), crypto.ErrShredded)
}

// A record that another program has marked as held is left alone, whatever
// the register says, and so is what the organisation's own system holds.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestForeignHolds(t *testing.T) {
	w := newWorld(t, shred.Options{})
	sealed := w.seal(t, tenantA, patient(1), 1)
	elsewhere := newWorld(t, shred.Options{})
	elsewhere.sealer, elsewhere.store = w.sealer, w.store
	elsewhere.open(t)
	require.NoError(t, elsewhere.Hold(elsewhere.as(t, "counsel"), tenantA, patient(1), "1"))

	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	_, err = w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrHeld)
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))

	w = newWorld(t, shred.Options{Held: func(_ context.Context, o shred.Order) error {
		require.Equal(t, patient(1), o.Patient)
		return errors.New("hold 17")
	}})
	sealed = w.seal(t, tenantA, patient(1), 1)
	id, err = w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	_, err = w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrHeld)
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
}

// Of a hold and an approval that come at once, in different processes, exactly
// one wins; with the hold the data still opens.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestHoldOrShredNeverBoth(t *testing.T) {
	held, shredded := 0, 0
	for round := 0; round < soak(60, 2000) || (held == 0 || shredded == 0) && round < 5000; round++ {
		w := newWorld(t, shred.Options{})
		sealed := w.seal(t, tenantA, patient(1), 1)
		second := *w
		second.open(t)
		id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
		require.NoError(t, err)

		const each = 3
		var wg sync.WaitGroup
		holds, approvals, seals := make([]error, each), make([]error, each), make([]error, each)
		for i := range each {
			holder, approver := w.as(t, "counsel"), w.as(t, "ms.ray")
			both := []func(){
				func() { holds[i] = w.Hold(holder, tenantA, patient(1), "1") },
				func() { _, approvals[i] = second.Approve(approver, id, orderOf(patient(1))) },
			}
			wg.Go(both[round%2])
			wg.Go(both[1-round%2])
			wg.Go(func() {
				_, seals[i] = newSealer(t, w.keys, w.store).AppendSeal(t.Context(), nil, []byte("x"), refOf(tenantA, patient(1), i))
			})
		}
		wg.Wait()
		if holds[0] == nil {
			held++
			for i := range each {
				require.NoError(t, holds[i])
				require.ErrorIs(t, approvals[i], shred.ErrHeld)
				require.NoError(t, seals[i])
			}
			require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
			continue
		}
		shredded++
		for i := range each {
			require.ErrorIs(t, holds[i], shred.ErrUnderway)
			require.NoError(t, approvals[i])
		}
		require.ErrorIs(t, w.opens(t, tenantA, patient(1), 1, sealed), crypto.ErrShredded)
	}
	t.Logf("held %d, shredded %d", held, shredded)
	require.NotZero(t, held)
	require.NotZero(t, shredded)
}

// Holds and releases at once never leave an open case unmarked in the end.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestReleaseBesideHold(t *testing.T) {
	for range soak(30, 1000) {
		w := newWorld(t, shred.Options{})
		sealed := w.seal(t, tenantA, patient(1), 1)
		require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "1"))
		id, err := w.Request(w.as(t, "dr.lee"), releaseOf("1"))
		require.NoError(t, err)
		second := *w
		second.open(t)
		var wg sync.WaitGroup
		var holding, releasing error
		holder, approver := w.as(t, "counsel"), w.as(t, "ms.ray")
		wg.Go(func() { holding = w.Hold(holder, tenantA, patient(1), "2") })
		wg.Go(func() { _, releasing = second.Approve(approver, id, releaseOf("1")) })
		wg.Wait()
		require.NoError(t, holding)
		require.NoError(t, releasing)
		_, err = w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
		require.ErrorIs(t, err, shred.ErrHeld)
		require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))

		// The mark in the store alone is enough.
		elsewhere := newWorld(t, shred.Options{})
		elsewhere.sealer, elsewhere.store = w.sealer, w.store
		elsewhere.open(t)
		id, err = elsewhere.Request(elsewhere.as(t, "dr.lee"), orderOf(patient(1)))
		require.NoError(t, err)
		_, err = elsewhere.Approve(elsewhere.as(t, "ms.ray"), id, orderOf(patient(1)))
		require.ErrorIs(t, err, shred.ErrHeld)
	}
}

// An interruptedStore calls before before the first Put.
type interruptedStore struct {
	*cryptotest.Subjects
	once   *sync.Once
	before func()
}

func (s interruptedStore) Put(ctx context.Context, tenant, name string, old, record []byte) error {
	s.once.Do(s.before)
	return s.Subjects.Put(ctx, tenant, name, old, record)
}

// A hold that comes while the mark of another is taken off is marked in the
// end.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestHoldWhileMarkIsTakenOff(t *testing.T) {
	w := newWorld(t, shred.Options{})
	w.seal(t, tenantA, patient(1), 1)
	require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "1"))
	id, err := w.Request(w.as(t, "dr.lee"), releaseOf("1"))
	require.NoError(t, err)
	second := *w
	second.store = interruptedStore{w.store.(*cryptotest.Subjects), new(sync.Once), func() {
		require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "2"))
	}}
	second.open(t)
	_, err = second.Approve(w.as(t, "ms.ray"), id, releaseOf("1"))
	require.NoError(t, err)

	elsewhere := newWorld(t, shred.Options{}) // sees only the mark
	elsewhere.sealer, elsewhere.store = w.sealer, w.store
	elsewhere.open(t)
	id, err = elsewhere.Request(elsewhere.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	_, err = elsewhere.Approve(elsewhere.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrHeld)
}
