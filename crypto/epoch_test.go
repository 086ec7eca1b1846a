package crypto_test

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// copyOf returns a copy of what store holds for the tenant, as a backup has it.
func copyOf(t testing.TB, store *cryptotest.Subjects) *cryptotest.Subjects {
	t.Helper()
	backup := cryptotest.NewSubjects()
	names, err := store.Names(t.Context(), tenantA, "", 1<<20)
	require.NoError(t, err)
	for _, name := range names {
		b, err := store.Get(t.Context(), tenantA, name)
		require.NoError(t, err)
		require.NoError(t, backup.Put(t.Context(), tenantA, name, nil, b))
	}
	return backup
}

// walk calls step from the beginning to the end, n records at a time.
func walk(t testing.TB, n int, step func(after string, n int) (string, crypto.SubjectsReport, error)) (sum crypto.SubjectsReport) {
	t.Helper()
	for after := ""; ; {
		next, r, err := step(after, n)
		require.NoError(t, err)
		require.LessOrEqual(t, r.Records, n)
		sum.Records += r.Records
		sum.Changed += r.Changed
		sum.Keys += r.Keys
		sum.Held += r.Held
		sum.Kept += r.Kept
		if next == "" {
			return sum
		}
		require.Greater(t, next, after)
		after = next
	}
}

func rewrapAll(t testing.TB, s *crypto.Sealer, n int) crypto.SubjectsReport {
	t.Helper()
	return walk(t, n, func(after string, n int) (string, crypto.SubjectsReport, error) {
		return s.RewrapSubjects(t.Context(), tenantA, after, n)
	})
}

func pruneAll(t testing.TB, s *crypto.Sealer, id uint32) crypto.SubjectsReport {
	t.Helper()
	return walk(t, 3, func(after string, n int) (string, crypto.SubjectsReport, error) {
		return s.PruneSubjects(t.Context(), tenantA, id, after, n)
	})
}

// An epoch ends: after the keyset was rotated, the subjects' keys wrapped
// anew and the old tenant key dropped, every value of a subject opens still,
// and an old copy of the store, with the key of who was destroyed since, opens
// nothing.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestEpoch(t *testing.T) {
	const patients = 20
	keys, store := newRing(t, 1), cryptotest.NewSubjects()
	s := newSealer(t, keys, store, crypto.Options{})
	var sealed [patients][]byte
	for i := range sealed {
		sealed[i] = seal(t, s, refOf(patient(i)), "value")
	}
	backup := copyOf(t, store)
	name, err := s.SubjectName(t.Context(), tenantA, patientOf(0))
	require.NoError(t, err)
	require.NoError(t, store.Destroy(t.Context(), tenantA, name))

	require.NoError(t, keys.use(1, 2))
	s = newSealer(t, keys, store, crypto.Options{})
	r := rewrapAll(t, s, 7)
	require.Equal(t, crypto.SubjectsReport{Records: patients, Changed: patients, Keys: patients}, r, "the living, and the index")
	require.Zero(t, rewrapAll(t, s, 100).Changed, "it is done")

	later := newSealer(t, newRing(t, 2), store, crypto.Options{})
	for i := range sealed[1:] {
		opens(t, later, sealed[1+i], refOf(patient(1+i)), "value")
	}
	refuses(t, later, sealed[0], refOf(patient(0)), crypto.ErrShredded)
	require.Equal(t, []byte{0, 0, 0, 2, 0, 0, 0, 2}, seal(t, later, refOf(patient(1)), "value")[1:9])

	restored := newSealer(t, newRing(t, 2), backup, crypto.Options{})
	for i := range sealed {
		_, err := restored.AppendOpen(t.Context(), nil, sealed[i], refOf(patient(i)))
		require.ErrorIs(t, err, crypto.ErrOpen)
		_, err = restored.AppendSeal(t.Context(), nil, nil, refOf(patient(i)))
		require.Error(t, err, "nor is a key made in the place of what does not open")
	}
	opens(t, newSealer(t, newRing(t, 1), backup, crypto.Options{}), sealed[0], refOf(patient(0)), "value")
}

// Records of format 1 are wrapped anew as well.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestEpochOfFormat1(t *testing.T) {
	g := readGolden(t, goldenFiles[0])
	f := fixture{keys: goldenKeys(t, g, g.Primary), store: g.store(t)}
	f.Sealer = f.newSealer(t, nil)
	r := rewrapAll(t, f.Sealer, 2)
	require.Equal(t, crypto.SubjectsReport{Records: 3, Changed: 3, Keys: 3}, r, "Old keys, though under the primary")
	opened := 0
	for _, v := range g.Values {
		if v.Tenant == tenantA {
			got, err := f.newSealer(t, nil).AppendOpen(t.Context(), nil, unhex(t, v.Sealed), v.ref())
			require.NoError(t, err)
			require.Equal(t, unhex(t, v.Plaintext), append([]byte{}, got...))
			opened++
		}
	}
	require.Positive(t, opened)
}

// mark sets the marks of a record.
func mark(t testing.TB, store crypto.SubjectKeys, name string, held, shredding bool) {
	t.Helper()
	b, err := store.Get(t.Context(), tenantA, name)
	require.NoError(t, err)
	rec, err := record.Parse(b)
	require.NoError(t, err)
	rec.Held, rec.Shredding = held, shredding
	marked, err := rec.Encode()
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), tenantA, name, b, marked))
}

// Old versions go when no value needs them and nobody seals with them any
// more, never the newest, and not under a legal hold.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestPrune(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, store := newRing(t, 1), cryptotest.NewSubjects()
		s := newSealer(t, keys, store, crypto.Options{})
		moved, kept, held := refOf(patient(1)), refOf(patient(2)), refOf(patient(3))
		old := seal(t, s, moved, "value")
		stale := seal(t, s, kept, "value")
		heldOld := seal(t, s, held, "value")
		require.NoError(t, keys.use(1, 2))
		fresh, err := s.AppendRewrap(t.Context(), nil, old, moved)
		require.NoError(t, err)
		_, err = s.AppendRewrap(t.Context(), nil, heldOld, held)
		require.NoError(t, err)
		name, err := s.SubjectName(t.Context(), tenantA, patientOf(3))
		require.NoError(t, err)
		mark(t, store, name, true, false)

		require.Equal(t, crypto.SubjectsReport{Records: 4, Held: 1, Kept: 1}, pruneAll(t, s, 1))
		time.Sleep(2 * time.Hour)
		require.Equal(t, crypto.SubjectsReport{Records: 4, Changed: 1, Keys: 1, Held: 1}, pruneAll(t, s, 1))
		other := newSealer(t, keys, store, crypto.Options{})
		refuses(t, other, old, moved, crypto.ErrOpen)
		opens(t, other, fresh, moved, "value")
		opens(t, other, stale, kept, "value")
		opens(t, other, heldOld, held, "value")
		require.Zero(t, pruneAll(t, s, 1).Changed)
		require.Zero(t, pruneAll(t, s, 99).Changed)
	})
}

// The attack on pruning: a process with a ready key seals with a version that
// another process would drop, and the value is lost without an error.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestPruneLosesNothingThatIsSealedLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, store, ref := newRing(t, 1), cryptotest.NewSubjects(), refOf(patient(1))
		s := newSealer(t, keys, store, crypto.Options{})
		late := newSealer(t, keys, store, crypto.Options{SubjectTTL: time.Hour})
		old := seal(t, s, ref, "old")
		seal(t, late, ref, "ready")
		require.NoError(t, keys.use(1, 2))
		_, err := s.AppendRewrap(t.Context(), nil, old, ref)
		require.NoError(t, err)
		for range 12 {
			require.Equal(t, 1, pruneAll(t, s, 1).Kept)
			sealed := seal(t, late, ref, "value")
			opens(t, newSealer(t, keys, store, crypto.Options{}), sealed, ref, "value")
			time.Sleep(10*time.Minute - time.Nanosecond)
		}
		require.Equal(t, byte(2), seal(t, late, ref, "value")[4], "nobody seals with the old version")
		time.Sleep(time.Second)
		require.Equal(t, 1, pruneAll(t, s, 1).Keys)
	})
}

// The primary's versions are those that seal, also the half used ones: none
// goes.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestPruneRefusesThePrimary(t *testing.T) {
	s := newSealer(t, newRing(t, 1), cryptotest.NewSubjects(), crypto.Options{SealLimit: 4})
	seal(t, s, refOf(patient(1)), "value")
	_, r, err := s.PruneSubjects(t.Context(), tenantA, 1, "", 100)
	require.ErrorContains(t, err, "primary")
	require.Zero(t, r)
}

// A process that has not heard of a rotation opens what it has the keys for,
// and seals with them.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestProcessBehindARotation(t *testing.T) {
	store, ref := cryptotest.NewSubjects(), refOf(patient(1))
	behind := newRing(t, 1)
	old := seal(t, newSealer(t, behind, store, crypto.Options{}), ref, "old")
	ahead := newSealer(t, newRing(t, 1, 2), store, crypto.Options{})
	fresh := seal(t, ahead, ref, "fresh")
	require.Equal(t, byte(2), fresh[4])

	s := newSealer(t, behind, store, crypto.Options{})
	opens(t, s, old, ref, "old")
	refuses(t, s, fresh, ref, crypto.ErrOpen)
	more := seal(t, s, ref, "more")
	require.Equal(t, []byte{0, 0, 0, 1, 0, 0, 0, 1}, more[1:9])
	opens(t, ahead, more, ref, "more")
	require.NoError(t, behind.use(2, 1))
	opens(t, newSealer(t, behind, store, crypto.Options{}), fresh, ref, "fresh")
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestEpochNeedsAList(t *testing.T) {
	keys := newRing(t, 1)
	for _, store := range []crypto.SubjectKeys{nil, without{cryptotest.NewSubjects(), "x"}} {
		s := newSealer(t, keys, store, crypto.Options{})
		next, _, err := s.RewrapSubjects(t.Context(), tenantA, "at", 1)
		require.Equal(t, crypto.ErrNotListed, err)
		require.Equal(t, "at", next)
		_, _, err = s.PruneSubjects(t.Context(), tenantA, 9, "", 1)
		require.Equal(t, crypto.ErrNotListed, err)
	}
	s := newSealer(t, keys, cryptotest.NewSubjects(), crypto.Options{})
	_, _, err := s.RewrapSubjects(t.Context(), tenantA, "", 0)
	require.Error(t, err)
	_, _, err = s.RewrapSubjects(t.Context(), "unknown", "", 1)
	require.Equal(t, crypto.ErrTenant, err)
	require.Zero(t, rewrapAll(t, s, 1), "a tenant without records")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = s.RewrapSubjects(ctx, tenantA, "", 1)
	require.ErrorIs(t, err, context.Canceled)
}

// A record that does not unwrap, or is none, stops no epoch: it is counted, the
// walk goes on behind it, and ends in an error, so that nobody drops the old key.
//
// Controls: HIPAA 164.312(c)(2), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestEpochPassesDamage(t *testing.T) {
	keys, store := newRing(t, 1), cryptotest.NewSubjects()
	s := newSealer(t, keys, store, crypto.Options{})
	for i := range 9 {
		seal(t, s, refOf(patient(i)), "value")
	}
	names, err := store.Names(t.Context(), tenantA, "", 100)
	require.NoError(t, err)
	require.Len(t, names, 11, "with the index and the count")
	names = slices.DeleteFunc(names, func(name string) bool { return len(name) < 64 })
	damage := func(name string, to func([]byte) []byte) {
		b, err := store.Get(t.Context(), tenantA, name)
		require.NoError(t, err)
		require.NoError(t, store.Put(t.Context(), tenantA, name, b, to(slices.Clone(b))))
	}
	damage(names[2], func(b []byte) []byte { b[len(b)-1] ^= 1; return b })
	damage(names[5], func(b []byte) []byte { return b[:len(b)-1] })
	require.NoError(t, keys.use(1, 2))

	var sum crypto.SubjectsReport
	refused := 0
	for after := ""; ; {
		next, r, err := s.RewrapSubjects(t.Context(), tenantA, after, 2)
		require.Equal(t, r.Unopened > 0, err != nil)
		if err != nil {
			require.ErrorIs(t, err, crypto.ErrOpen)
			refused++
		}
		sum.Keys, sum.Unopened = sum.Keys+r.Keys, sum.Unopened+r.Unopened
		if after = next; next == "" {
			break
		}
	}
	require.Equal(t, crypto.SubjectsReport{Keys: 8, Unopened: 2}, sum)
	require.Equal(t, 2, refused)
	_, r, err := s.PruneSubjects(t.Context(), tenantA, 1, "", 100)
	require.ErrorIs(t, err, crypto.ErrOpen, "what cannot be read cannot be pruned either")
	require.Equal(t, 1, r.Unopened)
}

// A record that others change while it is wrapped anew is read again, and what
// they wrote stays.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestEpochUnderWrites(t *testing.T) {
	keys, store, ref := newRing(t, 1), cryptotest.NewSubjects(), refOf(patient(1))
	opts := crypto.Options{SealLimit: 400} // a lease for every message
	s := newSealer(t, keys, store, opts)
	sealed := [][]byte{seal(t, s, ref, "value")}
	require.NoError(t, keys.use(1, 2))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 100 {
			if b, err := s.AppendSeal(context.Background(), nil, []byte("value"), ref); err == nil {
				sealed = append(sealed, b)
			}
		}
	}()
	for range 20 {
		rewrapAll(t, s, 1)
	}
	<-done
	rewrapAll(t, s, 1)
	require.Len(t, sealed, 101)
	later := newSealer(t, newRing(t, 2), store, opts)
	for _, b := range sealed {
		opens(t, later, b, ref, "value")
	}
	names, err := store.Names(t.Context(), tenantA, "", 9)
	require.NoError(t, err)
	require.True(t, slices.IsSorted(names))
}

// What is under a record that was cut does not open, like what is under one
// that was altered: a job over many values counts it and goes on.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestCutRecord(t *testing.T) {
	keys, store := newRing(t, 1), cryptotest.NewSubjects()
	s := newSealer(t, keys, store, crypto.Options{})
	sealed := seal(t, s, refOf(patient(1)), "value")
	name, err := s.SubjectName(t.Context(), tenantA, patientOf(1))
	require.NoError(t, err)
	b, err := store.Get(t.Context(), tenantA, name)
	require.NoError(t, err)
	require.NoError(t, store.Put(t.Context(), tenantA, name, b, b[:len(b)-1]))
	other := newSealer(t, keys, store, crypto.Options{})
	require.ErrorIs(t, other.Verify(t.Context(), sealed, refOf(patient(1))), crypto.ErrOpen)
	_, err = other.AppendRewrap(t.Context(), nil, sealed, refOf(patient(1)))
	require.ErrorIs(t, err, crypto.ErrOpen)
}
