package crypto_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

const ttl = crypto.DefaultSubjectTTL

// another returns the index of a name in another process over the same store.
func (f fixture) another(t testing.TB, name string) *crypto.BlindIndex {
	t.Helper()
	s, err := crypto.New(f.keys, f.store, unaudited(nil))
	require.NoError(t, err)
	return newSearch(t, s, searched()).Index(name)
}

func versions(t testing.TB, x *crypto.BlindIndex, values ...string) []uint32 {
	t.Helper()
	tokens, err := x.Tokens(t.Context(), tenantA, bytesOf(values)...)
	require.NoError(t, err)
	var out []uint32
	for _, token := range tokens {
		v, ok := crypto.TokenVersion(token)
		require.True(t, ok)
		out = append(out, v)
	}
	return out
}

func version(t testing.TB, token []byte) uint32 {
	t.Helper()
	v, ok := crypto.TokenVersion(token)
	require.True(t, ok)
	return v
}

// While keys rotate, each process finds what any process writes, at every
// moment, however old the keys are that it holds; and the old key goes only
// when nobody writes it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRotatingIndexLosesNoRow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f, store := newFixture(t, nil), cryptotest.NewTokens()
		// Three processes whose ready keys leave at different times.
		processes := []*crypto.BlindIndex{f.another(t, "mrn"), f.another(t, "mrn"), f.another(t, "mrn")}
		rows, retired, seen := 0, false, map[uint32]bool{}
		check := func() {
			for _, writer := range processes {
				rows++
				r, err := writer.Row(t.Context(), crypto.Ref{Tenant: tenantA, Row: time.Now().Format(time.RFC3339) + string(rune('a'+rows%3)), Subject: crypto.NoSubject()}, []byte("M-1"))
				require.NoError(t, err)
				require.NoError(t, store.Put(t.Context(), r))
				v := version(t, r.Tokens[0])
				seen[v] = true
				require.False(t, retired && v == 1, "written after the key was retired")
				for _, reader := range processes {
					tokens, err := reader.Tokens(t.Context(), tenantA, []byte("M-1"))
					require.NoError(t, err)
					found, err := store.Find(t.Context(), tenantA, reader.ID(), tokens, r.Row[:len(r.Row)-1], 10)
					require.NoError(t, err)
					require.Contains(t, found, r.Row)
				}
			}
		}
		for i := range processes {
			token(t, processes[i], tenantA, "M-0")
			time.Sleep(ttl / 3)
		}
		check()
		second, err := f.RotateIndexKeys(t.Context(), tenantA)
		require.NoError(t, err)
		require.Equal(t, uint32(2), second)
		_, err = f.RotateIndexKeys(t.Context(), tenantA)
		require.ErrorIs(t, err, crypto.ErrIndexRotation)
		for range 60 {
			check()
			time.Sleep(ttl / 10)
			if !retired && f.RetireIndexKey(t.Context(), tenantA, second) == nil {
				retired = true
				renew(t, processes[0], store)
			}
		}
		require.True(t, retired)
		require.True(t, seen[1] && seen[2])
		for _, p := range processes {
			require.Equal(t, []uint32{2}, versions(t, p, "M-1"))
		}
		stale, err := store.Stale(t.Context(), tenantA, processes[0].ID(), second, "", 10)
		require.NoError(t, err)
		require.Empty(t, stale)
	})
}

// renew gives every row of the test its new token, as a backfill does.
func renew(t testing.TB, x *crypto.BlindIndex, store *cryptotest.Tokens) {
	for after := ""; ; {
		stale, err := store.Stale(t.Context(), tenantA, x.ID(), 2, after, 100)
		require.NoError(t, err)
		if len(stale) == 0 {
			return
		}
		for _, row := range stale {
			r, err := x.Row(t.Context(), crypto.Ref{Tenant: tenantA, Row: row, Subject: crypto.NoSubject()}, []byte("M-1"))
			require.NoError(t, err)
			done, err := store.Fill(t.Context(), r)
			require.NoError(t, err)
			require.True(t, done)
			after = row
		}
	}
}

// The steps of a rotation come in turn and may be repeated; each version has
// unrelated tokens.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestIndexRotationInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		x := f.another(t, "mrn")
		_, err := f.RotateIndexKeys(t.Context(), tenantA)
		require.ErrorIs(t, err, crypto.ErrNotFound)
		require.ErrorIs(t, f.RetireIndexKey(t.Context(), tenantA, 1), crypto.ErrNotFound)
		first := token(t, x, tenantA, "M-1")
		require.NoError(t, f.RetireIndexKey(t.Context(), tenantA, 1), "there is nothing older")

		second, err := f.RotateIndexKeys(t.Context(), tenantA)
		require.NoError(t, err)
		fresh := f.another(t, "mrn")
		require.Equal(t, first, token(t, fresh, tenantA, "M-1"), "the new key does not write yet")
		require.Equal(t, []uint32{2, 1}, versions(t, fresh, "M-1"), "but is searched for, first")
		require.ErrorIs(t, f.RetireIndexKey(t.Context(), tenantA, 1), crypto.ErrIndexRotation)
		require.ErrorIs(t, f.RetireIndexKey(t.Context(), tenantA, 3), crypto.ErrIndexRotation)
		_, err = fresh.Backfill(t.Context(), tenantA, indexRows{}, cryptotest.NewTokens(), nil)
		require.ErrorIs(t, err, crypto.ErrIndexRotation)

		time.Sleep(2*ttl + 2*time.Second)
		fresh = f.another(t, "mrn")
		renewed := token(t, fresh, tenantA, "M-1")
		require.Equal(t, second, version(t, renewed))
		require.NotEqual(t, first[4:], renewed[4:])
		require.Less(t, string(first), string(renewed), "older tokens are one range of an index")
		require.ErrorIs(t, f.RetireIndexKey(t.Context(), tenantA, second), crypto.ErrIndexRotation, "another process may still write the old key")

		time.Sleep(2*ttl + 2*time.Second)
		require.NoError(t, f.RetireIndexKey(t.Context(), tenantA, second))
		require.NoError(t, f.RetireIndexKey(t.Context(), tenantA, second))
		require.Equal(t, []uint32{2}, versions(t, f.another(t, "mrn"), "M-1"))
		third, err := f.RotateIndexKeys(t.Context(), tenantA)
		require.NoError(t, err)
		require.Equal(t, uint32(3), third)
	})
}

// Of many that rotate at once, one does.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestIndexRotationRace(t *testing.T) {
	f := newFixture(t, nil)
	token(t, f.another(t, "mrn"), tenantA, "M-1")
	errs := make(chan error, 16)
	for range cap(errs) {
		go func() {
			_, err := f.RotateIndexKeys(t.Context(), tenantA)
			errs <- err
		}()
	}
	won := 0
	for range cap(errs) {
		if err := <-errs; err == nil {
			won++
		} else if err != crypto.ErrConflict {
			require.ErrorIs(t, err, crypto.ErrIndexRotation)
		}
	}
	require.Equal(t, 1, won)
	require.Equal(t, []uint32{2, 1}, versions(t, f.another(t, "mrn"), "M-1"))
}

// Rotating the tenant's keyset and wrapping the root key anew changes no
// token.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestTokensOutliveTheKeyset(t *testing.T) {
	f := newFixture(t, nil)
	want := token(t, f.another(t, "mrn"), tenantA, "M-1")
	added, err := crypto.NewKey(99, pattern(32))
	require.NoError(t, err)
	f.keys[tenantA], err = crypto.NewKeyset(99, f.keys[tenantA].Primary(), added)
	require.NoError(t, err)
	_, r, err := f.RewrapSubjects(t.Context(), tenantA, "", 100)
	require.NoError(t, err)
	require.Positive(t, r.Changed)
	f.keys[tenantA], err = crypto.NewKeyset(99, added)
	require.NoError(t, err)
	require.Equal(t, want, token(t, f.another(t, "mrn"), tenantA, "M-1"))
}
