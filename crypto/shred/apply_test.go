package shred_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// copied returns a backup of a store.
func copied(t testing.TB, store crypto.SubjectKeys) *cryptotest.Subjects {
	t.Helper()
	out := cryptotest.NewSubjects()
	for _, tenant := range []string{tenantA, tenantB} {
		names, err := store.(crypto.SubjectLister).Names(t.Context(), tenant, "", 1000)
		require.NoError(t, err)
		// The key that names subjects comes first.
		for i := len(names) - 1; i >= 0; i-- {
			b, err := store.Get(t.Context(), tenant, names[i])
			require.NoError(t, err)
			require.NoError(t, out.Put(t.Context(), tenant, names[i], nil, b))
		}
	}
	return out
}

// restored lets the world go on with a backup of its store.
func (w *world) restored(t testing.TB, backup crypto.SubjectKeys) {
	t.Helper()
	w.store, w.sealer = backup, newSealer(t, w.keys, backup)
	w.open(t)
}

func staffRef() crypto.Ref {
	return crypto.Ref{Tenant: tenantA, Table: "staff", Column: "note", Row: "1", Subject: crypto.NoSubject()}
}

// A restore of the store, of the keysets and of the database with its tokens
// brings nothing back once the whole of the register was applied: not what is no
// patient's either.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01.
func TestApplyRestoresTheWholePromise(t *testing.T) {
	w := tenantWorld(t)
	erased := map[string]int64{}
	w.opts.Erasers = map[string]crypto.TokenEraser{"ssn": eraser{new(breaker), erased}}
	w.open(t)
	staff, err := w.sealer.AppendSeal(t.Context(), nil, []byte("note"), staffRef())
	require.NoError(t, err)
	gone := w.seal(t, tenantA, patient(1), 1)
	other := w.seal(t, tenantB, patient(2), 2)
	kept := w.seal(t, tenantB, patient(3), 3)
	name, err := w.sealer.SubjectName(t.Context(), tenantB, patient(2))
	require.NoError(t, err)
	backup, keysetA := copied(t, w.store), w.keys[tenantA]
	o := orderOf(patient(2))
	o.Tenant = tenantB
	w.destroy(t, o)
	w.destroy(t, tenantOrder())
	whole, _, err := w.register.Ended(t.Context(), tenantA)
	require.NoError(t, err)
	require.True(t, whole)

	// All three come back.
	w.keys[tenantA], erased[tenantB+"/"+name] = keysetA, 4
	w.restored(t, backup)
	open := func() error {
		_, err := newSealer(t, w.keys, w.store).AppendOpen(t.Context(), nil, staff, staffRef())
		return err
	}
	require.NoError(t, open(), "the attack")
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, gone))
	require.NoError(t, w.opens(t, tenantB, patient(2), 2, other))

	good := w.opts
	w.opts.Keysets = nil
	w.open(t)
	_, err = w.Apply(w.as(t, "startup"))
	require.ErrorIs(t, err, shred.ErrOrder, "half of it is an error")
	w.opts = good
	w.open(t)
	_, err = w.Apply(t.Context())
	require.ErrorIs(t, err, crypto.ErrUnaudited)
	done, err := w.Apply(w.as(t, "startup"))
	require.NoError(t, err)
	require.Equal(t, 2, done.Tenants)
	require.Equal(t, 1, done.Keysets)
	require.EqualValues(t, 4, done.Tokens)
	require.Empty(t, erased)
	require.ErrorIs(t, open(), crypto.ErrTenant)
	require.Error(t, w.opens(t, tenantA, patient(1), 1, gone))
	require.ErrorIs(t, w.opens(t, tenantB, patient(2), 2, other), crypto.ErrShredded)
	require.NoError(t, w.opens(t, tenantB, patient(3), 3, kept))
	_, err = w.Apply(w.as(t, "startup"))
	require.NoError(t, err, "it may be repeated")
}

// A tenant key that is certified as destroyed and is there again is reported.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestApplyReportsAReturnedKey(t *testing.T) {
	w := newWorld(t, shred.Options{Keys: facts{{Tenant: tenantA, ID: 1, Primary: true, Enabled: true}}})
	w.seal(t, tenantA, patient(1), 1)
	w.destroy(t, shred.Order{Kind: shred.EndEpoch, Tenant: tenantA, TenantKey: 7, Reason: "epoch.2026"})
	_, keys, err := w.register.Ended(t.Context(), tenantA)
	require.NoError(t, err)
	require.Equal(t, []uint32{7}, keys)
	_, err = w.Apply(w.as(t, "startup"))
	require.NoError(t, err)
	w.opts.Keys = facts{{Tenant: tenantB, ID: 7}, {Tenant: tenantA, ID: 1}, {Tenant: tenantA, ID: 7}}
	w.open(t)
	_, err = w.Apply(w.as(t, "startup"))
	require.ErrorIs(t, err, shred.ErrReturned)
}

type awayExporter struct{}

func (awayExporter) ExportTenant(context.Context, string) (shred.Export, error) {
	return shred.Export{}, errBroken
}

// What was approved but never began stays as it is when the register is
// applied: nothing is lost that was not handed over.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01.
func TestApplyLeavesWhatDidNotBegin(t *testing.T) {
	w := tenantWorld(t)
	w.opts.Exporter = awayExporter{}
	w.open(t)
	sealed := w.seal(t, tenantA, patient(1), 1)
	id, err := w.Request(w.as(t, "dr.lee"), tenantOrder())
	require.NoError(t, err)
	_, err = w.Approve(w.as(t, "ms.ray"), id, tenantOrder())
	require.ErrorIs(t, err, errBroken)
	whole, _, err := w.register.Ended(t.Context(), tenantA)
	require.NoError(t, err)
	require.False(t, whole)

	w.restored(t, copied(t, w.store))
	done, err := w.Apply(w.as(t, "startup"))
	require.NoError(t, err)
	require.Zero(t, done)
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
	w.opts.Exporter = exporter{new(breaker)}
	w.open(t)
	certificates, err := w.Resume(w.as(t, "startup"))
	require.NoError(t, err)
	require.Len(t, certificates, 1)
	require.Error(t, w.opens(t, tenantA, patient(1), 1, sealed))
}

// setMark sets or clears the mark of a hold as another program does.
func setMark(t testing.TB, store crypto.SubjectKeys, name string, held bool) {
	t.Helper()
	b, err := store.Get(t.Context(), tenantA, name)
	require.NoError(t, err)
	r, err := record.Parse(b)
	require.NoError(t, err)
	r.Held = held
	marked, err := r.Encode()
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), tenantA, name, b, marked))
}

// A hold that another program places while an order is carried out stops it,
// and applying the register does not carry it out either.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestApplyKeepsWhatIsHeld(t *testing.T) {
	for _, o := range []shred.Order{orderOf(patient(1)), tenantOrder()} {
		w := tenantWorld(t)
		sealed := w.seal(t, tenantA, patient(1), 1)
		w.seal(t, tenantA, patient(2), 2)
		name, err := w.sealer.SubjectName(t.Context(), tenantA, patient(1))
		require.NoError(t, err)
		id, err := w.Request(w.as(t, "dr.lee"), o)
		require.NoError(t, err)
		store := w.store.(*cryptotest.Subjects)
		w.store = markingStore{store, name, func() { setMark(t, store, name, true) }}
		w.open(t)
		_, err = w.Approve(w.as(t, "ms.ray"), id, o)
		require.ErrorIs(t, err, shred.ErrHeld, o.Kind)
		w.restored(t, copied(t, store))
		for range 2 {
			done, err := w.Apply(w.as(t, "startup"))
			require.NoError(t, err)
			require.Equal(t, 1, done.Kept, o.Kind)
			require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed), o.Kind)
		}
		setMark(t, w.store, name, false)
		_, err = w.Resume(w.as(t, "startup"))
		require.NoError(t, err)
		require.Error(t, w.opens(t, tenantA, patient(1), 1, sealed))
	}
}

// A markingStore calls mark before a record of name is replaced.
type markingStore struct {
	*cryptotest.Subjects
	name string
	mark func()
}

func (s markingStore) Put(ctx context.Context, tenant, name string, old, b []byte) error {
	if name == s.name {
		s.mark()
	}
	return s.Subjects.Put(ctx, tenant, name, old, b)
}

// heldRecord reports whether the record of a patient is marked.
func (w *world) heldRecord(t testing.TB, p safeguard.Patient) bool {
	t.Helper()
	name, err := w.sealer.SubjectName(t.Context(), tenantA, p)
	require.NoError(t, err)
	b, err := w.store.Get(t.Context(), tenantA, name)
	require.NoError(t, err)
	r, err := record.Parse(b)
	require.NoError(t, err)
	return r.Held
}

// No version of a key is pruned under a hold: not where the hold came before
// the patient's first record, and not where the mark was lost with a restore.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01.
func TestHoldKeepsVersions(t *testing.T) {
	prune := func(w *world, sealed []byte) {
		w.keys[tenantA] = keysetOf(t, 11, 10, 11)
		w.sealer = newSealer(t, w.keys, w.store)
		w.seal(t, tenantA, patient(1), 2) // a second version
		_, r, err := w.sealer.PruneSubjects(t.Context(), tenantA, 10, "", 100)
		require.NoError(t, err)
		require.Equal(t, 1, r.Held)
		require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
	}
	early := newWorld(t, shred.Options{})
	early.keys[tenantA] = keysetOf(t, 10, 10)
	early.seal(t, tenantA, patient(2), 1)
	require.NoError(t, early.Hold(early.as(t, "counsel"), tenantA, patient(1), "1"))
	prune(early, early.seal(t, tenantA, patient(1), 1))

	lost := newWorld(t, shred.Options{})
	lost.keys[tenantA] = keysetOf(t, 10, 10)
	sealed := lost.seal(t, tenantA, patient(1), 1)
	backup := copied(t, lost.store)
	require.NoError(t, lost.Hold(lost.as(t, "counsel"), tenantA, patient(1), "1"))
	require.NoError(t, lost.Hold(lost.as(t, "counsel"), tenantA, patient(9), "1"))
	lost.restored(t, backup)
	require.False(t, lost.heldRecord(t, patient(1)), "the attack")
	done, err := lost.register.Apply(t.Context(), backup)
	require.NoError(t, err)
	require.Equal(t, 2, done.Held)
	require.True(t, lost.heldRecord(t, patient(9)), "who has no record gets one")
	prune(lost, sealed)
}

// Releasing the hold of a patient who has no key yet leaves no hold behind, and
// no key.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestReleaseWithoutKey(t *testing.T) {
	w := newWorld(t, shred.Options{})
	w.seal(t, tenantA, patient(2), 1)
	require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(1), "1"))
	require.True(t, w.heldRecord(t, patient(1)))
	w.destroy(t, releaseOf("1"))
	require.False(t, w.heldRecord(t, patient(1)))
	sealed := w.seal(t, tenantA, patient(1), 1)
	require.False(t, w.heldRecord(t, patient(1)))
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
	require.Equal(t, "keys", w.destroy(t, orderOf(patient(1))).Found)
}

// What a process makes after the certificate of a tenant, because it had not
// forgotten the key that names its subjects, is destroyed by the next Resume.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestResumeSweepsAfterTheCertificate(t *testing.T) {
	w := tenantWorld(t)
	w.seal(t, tenantA, patient(1), 1)
	keys, err := cryptotest.NewKeys()
	require.NoError(t, err)
	keys[tenantA] = w.keys[tenantA]
	late := newSealer(t, keys, w.store)
	_, err = late.AppendSeal(t.Context(), nil, []byte("x"), refOf(tenantA, patient(2), 1))
	require.NoError(t, err)
	w.destroy(t, tenantOrder())
	_, err = late.AppendSeal(t.Context(), nil, []byte("x"), refOf(tenantA, patient(3), 1))
	require.NoError(t, err, "it has the keys in memory")
	left, err := w.store.(crypto.SubjectLister).Names(t.Context(), tenantA, "", 10)
	require.NoError(t, err)
	require.NotEmpty(t, left)
	_, err = w.Resume(w.as(t, "startup"))
	require.NoError(t, err)
	left, err = w.store.(crypto.SubjectLister).Names(t.Context(), tenantA, "", 10)
	require.NoError(t, err)
	require.Empty(t, left)
}

// The mark of a hold that two persons released does not return with a restore,
// where nobody could release it again; one of a case that is open does.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01.
func TestApplyReleasesWhatWasReleased(t *testing.T) {
	w := tenantWorld(t)
	sealed := w.seal(t, tenantA, patient(1), 1)
	w.seal(t, tenantA, patient(2), 2)
	for _, i := range []int{1, 2} {
		require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(i), "1"))
	}
	require.NoError(t, w.Hold(w.as(t, "counsel"), tenantA, patient(2), "2"))
	backup := copied(t, w.store)
	w.destroy(t, releaseOf("1"))
	o := releaseOf("1")
	o.Patient = patient(2)
	w.destroy(t, o)

	w.restored(t, copied(t, backup))
	require.True(t, w.heldRecord(t, patient(1)), "the attack")
	done, err := w.Apply(w.as(t, "startup"))
	require.NoError(t, err)
	require.Equal(t, shred.Applied{Tenants: 1, Held: 1, Released: 1}, done)
	require.False(t, w.heldRecord(t, patient(1)))
	require.True(t, w.heldRecord(t, patient(2)), "a case is open")
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))

	o.Case = "2"
	w.destroy(t, o)
	w.restored(t, copied(t, backup))
	done, err = w.Apply(w.as(t, "startup"))
	require.NoError(t, err)
	require.Equal(t, shred.Applied{Tenants: 1, Released: 2}, done, "nothing is held any more")

	// An order that was under way goes on.
	exporter := w.opts.Exporter
	w.opts.Exporter = awayExporter{}
	w.open(t)
	id, err := w.Request(w.as(t, "dr.lee"), tenantOrder())
	require.NoError(t, err)
	_, err = w.Approve(w.as(t, "ms.ray"), id, tenantOrder())
	require.ErrorIs(t, err, errBroken)
	w.opts.Exporter = exporter
	w.restored(t, copied(t, backup))
	_, err = w.Apply(w.as(t, "startup"))
	require.NoError(t, err)
	certificates, err := w.Resume(w.as(t, "startup"))
	require.NoError(t, err)
	require.Len(t, certificates, 1)
	require.Error(t, w.opens(t, tenantA, patient(1), 1, sealed))
}
