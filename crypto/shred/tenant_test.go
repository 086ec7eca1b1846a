package shred_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

func tenantWorld(t *testing.T) *world {
	w := newWorld(t, shred.Options{})
	w.opts.Exporter, w.opts.Keysets = exporter{new(breaker)}, keysets{new(breaker), w.keys}
	w.open(t)
	return w
}

// At the end of a contract everything of the tenant is handed over and then
// destroyed, and nothing of another.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.314(a)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestShredTenant(t *testing.T) {
	const patients = 25
	w := tenantWorld(t)
	erased := map[string]int64{}
	w.opts.Erasers = map[string]crypto.TokenEraser{"ssn": eraser{new(breaker), erased}}
	w.open(t)
	var sealed [][]byte
	for i := range patients {
		sealed = append(sealed, w.seal(t, tenantA, patient(i), i))
	}
	other := w.seal(t, tenantB, patient(1), 1)
	for i := range 2 {
		name, err := w.sealer.SubjectName(t.Context(), tenantA, patient(i))
		require.NoError(t, err)
		erased[tenantA+"/"+name] = 3
	}
	s := w.destroy(t, tenantOrder())
	require.Equal(t, map[string]int64{"ssn": 6}, s.Erased)
	require.Empty(t, erased)
	require.EqualValues(t, patients, s.Subjects)
	require.Equal(t, &shred.Export{Digest: s.Export.Digest, Records: 7}, s.Export)
	require.Equal(t, []uint32{1}, s.TenantKeys)
	for i := range patients {
		require.ErrorIs(t, w.opens(t, tenantA, patient(i), i, sealed[i]), crypto.ErrTenant)
	}
	require.NoError(t, w.opens(t, tenantB, patient(1), 1, other))
	left, err := w.store.(*cryptotest.Subjects).Names(t.Context(), tenantA, "", 100)
	require.NoError(t, err)
	require.Empty(t, left)

	// Even with the keyset back, nothing opens.
	fresh, err := cryptotest.NewKeys(tenantA)
	require.NoError(t, err)
	w.keys[tenantA] = fresh[tenantA]
	require.ErrorIs(t, w.opens(t, tenantA, patient(1), 1, sealed[1]), crypto.ErrShredded)
	require.Contains(t, s.Text(), "7 records")
}

// A hold on one patient keeps the whole tenant.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestTenantUnderHold(t *testing.T) {
	w := tenantWorld(t)
	w.seal(t, tenantA, patient(2), 2)
	sealed := w.seal(t, tenantA, patient(1), 1)
	id, err := w.Request(w.as(t, "dr.lee"), tenantOrder())
	require.NoError(t, err)
	require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "1"))
	_, err = w.Approve(w.as(t, "ms.ray"), id, tenantOrder())
	require.ErrorIs(t, err, shred.ErrHeld)

	empty := tenantWorld(t) // a patient without a key holds it as well
	empty.seal(t, tenantA, patient(2), 2)
	require.NoError(t, empty.Hold(empty.as(t, "counsel"), tenantA, patient(1), "1"))
	_, err = empty.Request(empty.as(t, "dr.lee"), tenantOrder())
	require.ErrorIs(t, err, shred.ErrHeld)

	elsewhere := tenantWorld(t) // sees only the mark in the store
	elsewhere.sealer, elsewhere.store = w.sealer, w.store
	elsewhere.open(t)
	id, err = elsewhere.Request(elsewhere.as(t, "dr.lee"), tenantOrder())
	require.NoError(t, err)
	_, err = elsewhere.Approve(elsewhere.as(t, "ms.ray"), id, tenantOrder())
	require.ErrorIs(t, err, shred.ErrHeld)
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
}

type plainStore struct{ crypto.SubjectKeys }

// A tenant is not destroyed without an export or a reason, nor with half of
// what it takes.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestTenantNeeds(t *testing.T) {
	w := tenantWorld(t)
	sealed := w.seal(t, tenantA, patient(1), 1)
	try := func(o shred.Order) error {
		w.open(t)
		id, err := w.Request(w.as(t, "dr.lee"), o)
		if err != nil {
			return err
		}
		_, err = w.Approve(w.as(t, "ms.ray"), id, o)
		return err
	}
	good := w.opts
	w.opts.Exporter = nil
	require.ErrorIs(t, try(tenantOrder()), shred.ErrOrder)
	w.opts.Exporter = badExporter{}
	require.ErrorContains(t, try(tenantOrder()), "export")
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed), "a failed export destroys nothing")
	w.opts = good
	w.opts.Keysets = nil
	w.open(t)
	_, err := w.Request(w.as(t, "dr.lee"), tenantOrder())
	require.ErrorIs(t, err, shred.ErrOrder)
	w.opts = good
	store := w.store
	w.store = plainStore{store}
	w.open(t)
	_, err = w.Request(w.as(t, "dr.lee"), tenantOrder())
	require.ErrorIs(t, err, crypto.ErrNotListed)
	w.store = store

	w = tenantWorld(t)
	w.opts.Exporter = nil
	w.open(t)
	w.seal(t, tenantA, patient(1), 1)
	o := tenantOrder()
	o.NoExport = "returned.on.paper"
	s := w.destroy(t, o)
	require.Nil(t, s.Export)
	require.Equal(t, "returned.on.paper", s.NoExport)
}

type badExporter struct{}

func (badExporter) ExportTenant(context.Context, string) (shred.Export, error) {
	return shred.Export{}, nil
}

func keysetOf(t *testing.T, primary uint32, ids ...uint32) *crypto.Keyset {
	t.Helper()
	var keys []*crypto.Key
	for _, id := range ids {
		k, err := crypto.NewKey(id, seed(byte(id)))
		require.NoError(t, err)
		keys = append(keys, k)
	}
	ks, err := crypto.NewKeyset(primary, keys...)
	require.NoError(t, err)
	return ks
}

type facts []crypto.KeyFact

func (f facts) KeyFacts(context.Context) ([]crypto.KeyFact, error) { return f, nil }

// A backup from before still opens what was shredded, as the certificate says,
// until the epoch of its tenant key has ended; the end is certified only when
// the store needs the key no more.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestEpochMutesBackups(t *testing.T) {
	w := newWorld(t, shred.Options{})
	w.keys[tenantA] = keysetOf(t, 10, 10)
	w.opts.Keys = facts{{Tenant: tenantA, ID: 10, Primary: true, Enabled: true}, {Tenant: tenantB, ID: 9}}
	w.open(t)
	gone, living := w.seal(t, tenantA, patient(1), 1), w.seal(t, tenantA, patient(2), 2)
	backup := cryptotest.NewSubjects()
	for _, p := range []int{0, 1, 2} {
		name := "index" // first
		if p > 0 {
			var err error
			name, err = w.sealer.SubjectName(t.Context(), tenantA, patient(p))
			require.NoError(t, err)
		}
		b, err := w.store.Get(t.Context(), tenantA, name)
		require.NoError(t, err)
		require.NoError(t, backup.Put(t.Context(), tenantA, name, nil, b))
	}
	fromBackup := func(p int, sealed []byte) error {
		_, err := newSealer(t, w.keys, backup).AppendOpen(t.Context(), nil, sealed, refOf(tenantA, patient(p), p))
		return err
	}
	s := w.destroy(t, orderOf(patient(1)))
	require.Equal(t, []uint32{10}, s.TenantKeys)
	require.NoError(t, fromBackup(1, gone), "what the certificate warns of")
	left, err := w.register.Outstanding(t.Context(), tenantA)
	require.NoError(t, err)
	require.Equal(t, map[string][]uint32{s.Order: {10}}, left)

	epoch := shred.Order{Kind: shred.EndEpoch, Tenant: tenantA, TenantKey: 10, Reason: "epoch.2026"}
	try := func() error {
		id, err := w.Request(w.as(t, "dr.lee"), epoch)
		require.NoError(t, err)
		_, err = w.Approve(w.as(t, "ms.ray"), id, epoch)
		return err
	}
	require.ErrorContains(t, try(), "primary")
	w.keys[tenantA] = keysetOf(t, 11, 10, 11)
	require.ErrorContains(t, try(), "still wrapped")
	_, _, err = w.sealer.RewrapSubjects(t.Context(), tenantA, "", 100)
	require.NoError(t, err)
	w.opts.Keys = facts{{Tenant: tenantA, ID: 10}, {Tenant: tenantA, ID: 11, Primary: true, Enabled: true}}
	w.open(t)
	require.ErrorContains(t, try(), "not destroyed", "a key that is disabled is there")
	w.keys[tenantA] = keysetOf(t, 11, 11)
	w.opts.Keys = facts{{Tenant: tenantA, ID: 11, Primary: true, Enabled: true}, {Tenant: tenantB, ID: 10, Enabled: true}}
	w.open(t)
	e := w.destroy(t, epoch)
	require.Equal(t, []uint32{10}, e.TenantKeys)
	require.GreaterOrEqual(t, e.Checked, int64(2))
	require.Error(t, fromBackup(1, gone))
	require.NoError(t, w.opens(t, tenantA, patient(2), 2, living))
	left, err = w.register.Outstanding(t.Context(), tenantA)
	require.NoError(t, err)
	require.Empty(t, left)
}
