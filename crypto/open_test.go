package crypto_test

import (
	"context"
	"encoding/binary"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// Without an Entry nothing opens, unless the program says expressly that it
// keeps no account, and no key is touched.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04.
func TestNothingOpensUnaudited(t *testing.T) {
	f := newFixture(t, nil)
	s, err := crypto.New(f.keys, f.store, nil)
	require.NoError(t, err)
	for name, subject := range subjects {
		ref := refOf(subject)
		sealed := seal(t, s, ref, "value")
		got, err := s.AppendOpen(t.Context(), nil, sealed, ref)
		require.Equal(t, crypto.ErrUnaudited, err, name)
		require.Nil(t, got)
		cell, err := crypto.Seal(t.Context(), s, ref, "value")
		require.NoError(t, err)
		_, err = cell.Open(t.Context(), s, ref)
		require.Equal(t, crypto.ErrUnaudited, err, name)
		ctx, _, _ := auditEntry(t)
		opened, err := s.AppendOpen(ctx, nil, sealed, ref)
		require.NoError(t, err)
		require.Equal(t, "value", string(opened))
	}
	untouched, err := crypto.New(keyless{t}, outage{}, nil)
	require.NoError(t, err)
	_, err = untouched.AppendOpen(t.Context(), nil, make([]byte, 60), refOf(patient(1)))
	require.Equal(t, crypto.ErrUnaudited, err)
	report, err := s.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, "refused", report[0].Settings["open.unaudited"])
	require.Equal(t, uint64(4), report[0].Counters["refused"])
}

// Check is asked for the very place before every opening, and its refusal is
// the last word.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestCheck(t *testing.T) {
	errDenied := errors.New("denied")
	var asked []crypto.Ref
	deny := false
	check := func(ctx context.Context, ref crypto.Ref) error {
		asked = append(asked, ref)
		if deny {
			return errDenied
		}
		return nil
	}
	keys, err := cryptotest.NewKeys(tenantA)
	require.NoError(t, err)
	s := newSealer(t, keys, cryptotest.NewSubjects(), crypto.Options{Check: check})
	ref := refOf(patient(1))
	sealed := seal(t, s, ref, "value")
	require.Empty(t, asked, "sealing is not opening")
	opens(t, s, sealed, ref, "value")
	require.Equal(t, []crypto.Ref{ref}, asked)
	deny = true
	dst := make([]byte, 0, 64)
	_, err = s.AppendOpen(t.Context(), dst, sealed, ref)
	require.ErrorIs(t, err, errDenied)
	require.Equal(t, make([]byte, 5), dst[:5])
	untouched := newSealer(t, keyless{t}, outage{}, crypto.Options{Check: check})
	_, err = untouched.AppendOpen(t.Context(), nil, sealed, ref)
	require.ErrorIs(t, err, errDenied)
}

// counted counts the reads of a store.
type counted struct {
	crypto.SubjectKeys
	reads *atomic.Int64
}

func (c counted) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	c.reads.Add(1)
	return c.SubjectKeys.Get(ctx, tenant, name)
}

// Values that name a version which is not there yet cost one read of the
// store a second and subject; a version that was really made is found.
//
// Controls: HIPAA 164.312(c)(2), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestForgedVersions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, reads := newRing(t, 1), new(atomic.Int64)
		store := counted{cryptotest.NewSubjects(), reads}
		s, ref := newSealer(t, keys, store, crypto.Options{}), refOf(patient(1))
		forged := seal(t, s, ref, "value")
		reads.Store(0)
		forge := func(n int) {
			for i := range n {
				binary.BigEndian.PutUint32(forged[5:], uint32(2+i))
				refuses(t, s, forged, ref, crypto.ErrOpen)
			}
		}
		forge(1000)
		require.Equal(t, int64(1), reads.Load())
		time.Sleep(time.Second)
		synctest.Wait()
		forge(1000)
		require.Equal(t, int64(2), reads.Load())
		time.Sleep(time.Second)
		synctest.Wait()
		real := seal(t, newSealer(t, newRing(t, 1, 2), store, crypto.Options{}), ref, "value")
		require.Equal(t, byte(2), real[8])
		require.NoError(t, keys.use(2, 1))
		opens(t, s, real, ref, "value")
	})
}

// A patient who is forgotten is not in the memory of the process any more,
// also where a load was under way.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestForget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		name, ref := f.nameOf(t, patient(1)), refOf(patient(1))
		sealed := seal(t, f.Sealer, ref, "value")
		got, err := f.SubjectName(t.Context(), tenantA, patientOf(1))
		require.NoError(t, err)
		require.Equal(t, name, got)
		loading := newSealer(t, f.keys, slow{f.store, time.Second}, crypto.Options{})
		loaded := make(chan error)
		go func() {
			_, err := loading.AppendOpen(t.Context(), nil, sealed, ref)
			loaded <- err
		}()
		time.Sleep(1500 * time.Millisecond) // the record was read
		require.NoError(t, f.store.Destroy(t.Context(), tenantA, name))
		for _, s := range []*crypto.Sealer{f.Sealer, loading} {
			s.Forget(tenantA, patientOf(1))
		}
		require.NoError(t, <-loaded, "what was under way may end")
		for _, s := range []*crypto.Sealer{f.Sealer, loading} {
			refuses(t, s, sealed, ref, crypto.ErrShredded)
		}
		new(crypto.Sealer).Forget(tenantA, patientOf(1))
	})
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSubjectName(t *testing.T) {
	f := newFixture(t, nil)
	_, err := f.SubjectName(t.Context(), tenantA, patientOf(1))
	require.Equal(t, crypto.ErrNotFound, err, "no names yet, and none made")
	name := f.nameOf(t, patient(1))
	got, err := f.newSealer(t, nil).SubjectName(t.Context(), tenantA, patientOf(1))
	require.NoError(t, err)
	require.Equal(t, name, got)
	_, err = f.SubjectName(t.Context(), "unknown", patientOf(1))
	require.Equal(t, crypto.ErrTenant, err)
	for _, p := range []safeguard.Patient{{}, safeguard.NewPatient(string(make([]byte, 1025)))} {
		_, err = f.SubjectName(t.Context(), tenantA, p)
		require.Equal(t, crypto.ErrRef, err)
	}
	_, err = newSealer(t, f.keys, nil, crypto.Options{}).SubjectName(t.Context(), tenantA, patientOf(1))
	require.ErrorContains(t, err, "no store")
}

// A subject that is being shredded is destroyed to everybody; a legal hold
// changes nothing for who seals and opens.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestMarkedSubjects(t *testing.T) {
	f := newFixture(t, nil)
	name, ref := f.nameOf(t, patient(1)), refOf(patient(1))
	sealed := seal(t, f.Sealer, ref, "value")
	mark(t, f.store, name, true, false)
	opens(t, f.newSealer(t, nil), sealed, ref, "value")
	seal(t, f.newSealer(t, nil), ref, "value")
	mark(t, f.store, name, true, true)
	refuses(t, f.newSealer(t, nil), sealed, ref, crypto.ErrShredded)
	_, err := f.newSealer(t, nil).AppendSeal(t.Context(), nil, nil, ref)
	require.Equal(t, crypto.ErrShredded, err)
}
