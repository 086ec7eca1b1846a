package crypto_test

import (
	"context"
	"encoding/binary"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

func opens(t testing.TB, s *crypto.Sealer, sealed []byte, ref crypto.Ref, want string) {
	t.Helper()
	got, err := s.AppendOpen(t.Context(), nil, sealed, ref)
	require.NoError(t, err)
	require.Equal(t, want, string(got))
}

func refuses(t testing.TB, s *crypto.Sealer, sealed []byte, ref crypto.Ref, want error) {
	t.Helper()
	got, err := s.AppendOpen(t.Context(), nil, sealed, ref)
	require.Equal(t, want, err)
	require.Nil(t, got)
}

// A value of any age is made fresh: it means the same, carries the current
// key id, and does not need the old key any more.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRewrap(t *testing.T) {
	for name, subject := range subjects {
		t.Run(name, func(t *testing.T) {
			keys, store, ref := newRing(t, 1), cryptotest.NewSubjects(), refOf(subject)
			s := newSealer(t, keys, store, crypto.Options{})
			old := seal(t, s, ref, "123-45-6789")
			require.NoError(t, keys.use(1, 2))
			current, err := s.Current(t.Context(), tenantA)
			require.NoError(t, err)
			require.Equal(t, uint32(2), current)

			fresh, err := s.AppendRewrap(t.Context(), []byte("head"), old, ref)
			require.NoError(t, err)
			require.Equal(t, "head", string(fresh[:4]))
			fresh = fresh[4:]
			id, ok := crypto.KeyID(fresh)
			require.True(t, ok)
			require.Equal(t, current, id)
			opens(t, s, fresh, ref, "123-45-6789")
			opens(t, s, old, ref, "123-45-6789")
			again, err := s.AppendRewrap(t.Context(), nil, fresh, ref)
			require.NoError(t, err)
			require.NotEqual(t, fresh, again)
			opens(t, s, again, ref, "123-45-6789")

			if subject == crypto.NoSubject() {
				later := newSealer(t, newRing(t, 2), store, crypto.Options{})
				opens(t, later, fresh, ref, "123-45-6789")
				refuses(t, later, old, ref, crypto.ErrOpen)
			}
			other := ref
			other.Column = "mrn"
			_, err = s.AppendRewrap(t.Context(), nil, old, other)
			require.Equal(t, crypto.ErrOpen, err)
			_, err = s.AppendRewrap(t.Context(), nil, old[:40], ref)
			require.Equal(t, crypto.ErrOpen, err)
			_, err = s.AppendRewrap(t.Context(), nil, old, crypto.Ref{})
			require.ErrorIs(t, err, crypto.ErrRef)
		})
	}
}

// A process that has a subject's key ready from before a rotation makes
// values fresh all the same.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRewrapWithAReadyKey(t *testing.T) {
	keys, store, ref := newRing(t, 1), cryptotest.NewSubjects(), refOf(patient(1))
	s := newSealer(t, keys, store, crypto.Options{})
	old := seal(t, s, ref, "value")
	require.NoError(t, keys.use(1, 2))
	require.Equal(t, byte(1), seal(t, s, ref, "value")[4], "within SubjectTTL")
	fresh, err := s.AppendRewrap(t.Context(), nil, old, ref)
	require.NoError(t, err)
	require.Equal(t, []byte{0, 0, 0, 2, 0, 0, 0, 2}, fresh[1:9])
	require.Equal(t, byte(2), seal(t, s, ref, "value")[4])

	// Back to the old primary: what is newest is not what is current.
	require.NoError(t, keys.use(2, 1))
	other := newSealer(t, keys, store, crypto.Options{})
	require.Equal(t, byte(2), seal(t, other, ref, "value")[4], "no version more for who has not heard of the rotation")
	back, err := other.AppendRewrap(t.Context(), nil, fresh, ref)
	require.NoError(t, err)
	require.Equal(t, []byte{0, 0, 0, 1, 0, 0, 0, 3}, back[1:9])
}

// A process that had not heard of a rotation leaves the newest version behind,
// made under the older key. Those that had seal with it for an hour, not for
// ever.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestStaleVersionDoesNotSealForEver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ahead, behind, store, ref := newRing(t, 1), newRing(t, 1), cryptotest.NewSubjects(), refOf(patient(1))
		a, b := newSealer(t, ahead, store, crypto.Options{}), newSealer(t, behind, store, crypto.Options{})
		seal(t, a, ref, "value")
		require.NoError(t, ahead.use(1, 2, 3)) // from 1 to 2, while nobody seals, and on to 3
		require.NoError(t, behind.use(1, 2))
		time.Sleep(ttl + time.Second)
		require.Equal(t, []byte{3, 0, 0, 0, 2}, seal(t, a, ref, "value")[4:9])
		require.Equal(t, []byte{2, 0, 0, 0, 3}, seal(t, b, ref, "value")[4:9])

		require.NoError(t, behind.use(1, 2, 3))
		time.Sleep(time.Hour + time.Second)
		for _, s := range []*crypto.Sealer{a, b} {
			require.Equal(t, []byte{3, 0, 0, 0, 4}, seal(t, s, ref, "value")[4:9])
		}
	})
}

// A rotation in the middle of a move is no error: the value goes under a key
// that is as new as the one that was asked for first.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRewrapAcrossARotation(t *testing.T) {
	keys, ref := &rotatedAfter{ring: newRing(t, 1)}, refOf(patient(1))
	s := newSealer(t, keys, cryptotest.NewSubjects(), crypto.Options{})
	old := seal(t, s, ref, "value")
	require.NoError(t, keys.use(1, 2))
	keys.then = []uint32{1, 2, 3}
	fresh, err := s.AppendRewrap(t.Context(), nil, old, ref)
	require.NoError(t, err)
	require.Equal(t, byte(3), fresh[4])
	opens(t, s, fresh, ref, "value")
}

// rotatedAfter is a ring that then changes after it was asked.
type rotatedAfter struct {
	*ring
	then []uint32
}

func (r *rotatedAfter) Keyset(ctx context.Context, tenant string) (*crypto.Keyset, error) {
	set, err := r.ring.Keyset(ctx, tenant)
	if err == nil && r.then != nil {
		err = r.use(r.then...)
	}
	return set, err
}

// Processes that disagree on the primary for good add a version an hour, no
// more.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestDisagreementOnThePrimaryIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, ref := cryptotest.NewSubjects(), refOf(patient(1))
		a, b := newSealer(t, newRing(t, 1, 2), store, crypto.Options{}), newSealer(t, newRing(t, 2, 1), store, crypto.Options{})
		var last []byte
		for range 5 * 60 {
			seal(t, a, ref, "value")
			last = seal(t, b, ref, "value")
			time.Sleep(time.Minute)
		}
		require.LessOrEqual(t, last[8], byte(2+5))
	})
}

// After a merge the value opens at its new place only; unmerging brings it
// back.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRebind(t *testing.T) {
	s := newFixture(t, nil)
	duplicate, kept := refOf(patient(1)), refOf(patient(2))
	kept.Row = "row-2"
	old := seal(t, s.Sealer, duplicate, "123-45-6789")
	merged, err := s.AppendRebind(t.Context(), nil, old, duplicate, kept)
	require.NoError(t, err)
	opens(t, s.Sealer, merged, kept, "123-45-6789")
	refuses(t, s.Sealer, merged, duplicate, crypto.ErrOpen)
	for _, ref := range []crypto.Ref{
		{Tenant: kept.Tenant, Table: kept.Table, Column: kept.Column, Row: duplicate.Row, Subject: kept.Subject},
		{Tenant: kept.Tenant, Table: kept.Table, Column: kept.Column, Row: kept.Row, Subject: duplicate.Subject},
	} {
		refuses(t, s.Sealer, merged, ref, crypto.ErrOpen)
	}
	unmerged, err := s.AppendRebind(t.Context(), nil, merged, kept, duplicate)
	require.NoError(t, err)
	opens(t, s.Sealer, unmerged, duplicate, "123-45-6789")
	refuses(t, s.Sealer, unmerged, kept, crypto.ErrOpen)

	_, err = s.AppendRebind(t.Context(), nil, old, kept, duplicate)
	require.Equal(t, crypto.ErrOpen, err, "it is not at kept")
}

// Controls: HIPAA 164.312(a)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.AA-05.
func TestRebindRefuses(t *testing.T) {
	s := newFixture(t, nil)
	from, to, nobody := refOf(patient(1)), refOf(patient(2)), refOf(crypto.NoSubject())
	sealed := seal(t, s.Sealer, from, "value")
	foreign := to
	foreign.Tenant = tenantB
	_, err := s.AppendRebind(t.Context(), nil, sealed, from, foreign)
	require.ErrorIs(t, err, crypto.ErrRef)
	_, err = s.AppendRebind(t.Context(), nil, sealed, from, nobody)
	require.ErrorIs(t, err, crypto.ErrRef, "shredding would not reach it")
	_, err = s.AppendRebind(t.Context(), nil, sealed, from, crypto.Ref{})
	require.ErrorIs(t, err, crypto.ErrRef)
	_, err = s.AppendRebind(t.Context(), nil, sealed, crypto.Ref{}, to)
	require.ErrorIs(t, err, crypto.ErrRef)

	given, err := s.AppendRebind(t.Context(), nil, seal(t, s.Sealer, nobody, "value"), nobody, to)
	require.NoError(t, err, "what was nobody's may become a patient's")
	opens(t, s.Sealer, given, to, "value")

	stranger := refOf(patient(3))
	_, err = s.AppendRebind(t.Context(), nil, make([]byte, 60), from, stranger)
	require.Equal(t, crypto.ErrOpen, err)
	require.Len(t, s.names(t, tenantA), 2, "what does not open makes no key")
}

// A destroyed subject gives nothing and takes nothing.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRebindOfTheDestroyed(t *testing.T) {
	f := newFixture(t, nil)
	name := f.nameOf(t, patient(1))
	gone, living := refOf(patient(1)), refOf(patient(2))
	sealed, other := seal(t, f.Sealer, gone, "value"), seal(t, f.Sealer, living, "value")
	require.NoError(t, f.store.Destroy(t.Context(), tenantA, name))
	s := f.newSealer(t, nil)
	_, err := s.AppendRebind(t.Context(), nil, sealed, gone, living)
	require.Equal(t, crypto.ErrShredded, err)
	_, err = s.AppendRebind(t.Context(), nil, other, living, gone)
	require.Equal(t, crypto.ErrShredded, err)
	_, err = s.AppendRewrap(t.Context(), nil, sealed, gone)
	require.Equal(t, crypto.ErrShredded, err)
}

// KeyID reads what an index over the first five bytes reads.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestKeyID(t *testing.T) {
	f := newFixture(t, nil)
	for _, subject := range subjects {
		sealed := seal(t, f.Sealer, refOf(subject), "value")
		for _, b := range [][]byte{sealed, sealed[:5]} {
			id, ok := crypto.KeyID(b)
			require.True(t, ok)
			require.Equal(t, binary.BigEndian.Uint32(sealed[1:]), id)
		}
		for _, b := range [][]byte{nil, sealed[:4], []byte("plain")} {
			_, ok := crypto.KeyID(b)
			require.False(t, ok)
		}
	}
	_, err := f.Current(t.Context(), "unknown")
	require.Equal(t, crypto.ErrTenant, err)
}
