package shred_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// A backup of an epoch in the middle, under a tenant key that the record no
// longer shows, is outstanding until that epoch has ended too.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestOutstandingMiddleEpoch(t *testing.T) {
	w := newWorld(t, shred.Options{})
	known := facts{{Tenant: tenantB, ID: 99}}
	turn := func(primary uint32, ids ...uint32) {
		w.keys[tenantA] = keysetOf(t, primary, ids...)
		known = facts{{Tenant: tenantB, ID: 99}}
		for _, id := range ids {
			known = append(known, crypto.KeyFact{Tenant: tenantA, ID: id, Primary: id == primary, Enabled: true})
		}
		w.opts.Keys = known
		w.open(t)
		_, _, err := w.sealer.RewrapSubjects(t.Context(), tenantA, "", 100)
		require.NoError(t, err)
	}
	w.keys[tenantA] = keysetOf(t, 1, 1)
	sealed := w.seal(t, tenantA, patient(1), 1)
	turn(2, 1, 2)
	backup := copied(t, w.store) // in the epoch of 2
	turn(3, 1, 2, 3)
	s := w.destroy(t, orderOf(patient(1)))
	require.Equal(t, []uint32{1, 2, 3}, s.TenantKeys)

	outstanding := func() []uint32 {
		orders, err := w.register.Outstanding(t.Context(), tenantA)
		require.NoError(t, err)
		return orders[s.Order]
	}
	require.Equal(t, []uint32{1, 2, 3}, outstanding())
	end := func(id uint32, left ...uint32) {
		turn(4, append(left, 4)...)
		w.destroy(t, shred.Order{Kind: shred.EndEpoch, Tenant: tenantA, TenantKey: id, Reason: "epoch.over"})
	}
	turn(4, 1, 2, 3, 4)
	end(1, 2, 3)
	end(3, 2)
	require.Equal(t, []uint32{2}, outstanding())
	_, err := newSealer(t, w.keys, backup).AppendOpen(t.Context(), nil, sealed, refOf(tenantA, patient(1), 1))
	require.NoError(t, err, "as it says")
	end(2)
	require.Empty(t, outstanding())
	_, err = newSealer(t, w.keys, backup).AppendOpen(t.Context(), nil, sealed, refOf(tenantA, patient(1), 1))
	require.Error(t, err)
}

// What is not known is never all clear: an order that is not done, keys that
// somebody else destroyed before, and an order for which nobody was asked.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestOutstandingIsNeverAGuess(t *testing.T) {
	w, b := faultWorld(t)
	w.opts.Keys = facts{{Tenant: tenantA, ID: 1}}
	w.open(t)
	left := func(id string) []uint32 {
		orders, err := w.register.Outstanding(t.Context(), tenantA)
		require.NoError(t, err)
		return orders[id]
	}
	w.seal(t, tenantA, patient(1), 1)
	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	require.Empty(t, left(id), "nothing was decided")
	w.opts.Erasers["ssn"] = eraser{&breaker{left: 1}, nil}
	w.open(t)
	_, err = w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.ErrorIs(t, err, errBroken)
	require.Equal(t, []uint32{0, 1}, left(id))
	b.calls, b.left = 0, 0
	_, err = w.Resume(w.as(t, "startup"))
	require.NoError(t, err)
	require.Equal(t, []uint32{1}, left(id))

	name, err := w.sealer.SubjectName(t.Context(), tenantA, patient(2))
	require.NoError(t, err)
	require.NoError(t, w.store.Destroy(t.Context(), tenantA, name))
	s := w.destroy(t, orderOf(patient(2)))
	require.Equal(t, "destroyed", s.Found)
	require.Equal(t, []uint32{1}, left(s.Order))

	require.Empty(t, left(w.destroy(t, orderOf(patient(7))).Order), "there never was a key")
	w.opts.Keys = nil
	w.open(t)
	w.seal(t, tenantA, patient(3), 1)
	require.Equal(t, []uint32{0, 1}, left(w.destroy(t, orderOf(patient(3))).Order))
	_, err = w.Request(w.as(t, "dr.lee"), shred.Order{Kind: shred.EndEpoch, Tenant: tenantA, TenantKey: 7, Reason: "epoch.over"})
	require.ErrorIs(t, err, shred.ErrOrder)
}

// The bound of a certificate is never shorter than the keysets'.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestBoundIsRoundedUp(t *testing.T) {
	w := tenantWorld(t)
	w.opts.Keysets = longKeysets{keysets{new(breaker), w.keys}}
	w.open(t)
	w.seal(t, tenantA, patient(1), 1)
	s := w.destroy(t, tenantOrder())
	require.Equal(t, 2*time.Hour+time.Second, s.Forgotten.Sub(s.Done))
}
