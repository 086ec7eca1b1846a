package crypto_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// What was leased of a version is not spent on another key that has the
// version's number in a store that was restored.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestLeaseOfARestoredStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, ref := newRing(t, 1), refOf(patient(1))
		store, opts := &replaced{cryptotest.NewSubjects()}, crypto.Options{SealLimit: 1 << 20}
		s := newSealer(t, keys, store, opts)
		seal(t, s, refOf(patient(9)), "the index")
		backup := copyOf(t, store.Subjects)
		seal(t, s, ref, "value")

		time.Sleep(time.Minute + time.Second)
		store.Subjects = backup
		seal(t, newSealer(t, keys, store, opts), ref, "another key, of the same version")
		name, err := s.SubjectName(t.Context(), tenantA, patientOf(1))
		require.NoError(t, err)
		seal(t, s, ref, "value")
		b, err := store.Get(t.Context(), tenantA, name)
		require.NoError(t, err)
		rec, err := record.Parse(b)
		require.NoError(t, err)
		require.Equal(t, uint64(2*16), rec.Keys[0].Leased, "a block for each process")
	})
}

// A store that is restored under a running process has another key of the same
// version: the process goes over to it with the next lease, and what it sealed
// with the one that is gone is at most what it had leased.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRestoredStoreUnderAProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, ref := newRing(t, 1), refOf(patient(1))
		store, opts := &replaced{cryptotest.NewSubjects()}, crypto.Options{SealLimit: 1 << 20, SubjectTTL: time.Hour}
		s := newSealer(t, keys, store, opts)
		seal(t, s, refOf(patient(9)), "the index")
		backup := copyOf(t, store.Subjects)
		seal(t, s, ref, "value")
		time.Sleep(2 * time.Second)
		store.Subjects = backup
		other := newSealer(t, keys, store, opts)
		seal(t, other, ref, "another key, of the same version")

		lost := 0
		for range 100 {
			if _, err := other.AppendOpen(t.Context(), nil, seal(t, s, ref, "value"), ref); err != nil {
				lost++
			}
		}
		require.Less(t, lost, 16, "more than the rest of one block")
	})
}

// replaced is a store of which the contents were replaced.
type replaced struct{ *cryptotest.Subjects }
