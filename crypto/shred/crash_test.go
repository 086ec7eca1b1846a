package shred_test

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// A faultWorld is a world in which the n-th call of the store, the register,
// the eraser, the exporter and the keysets, counted together, fails.
func faultWorld(t *testing.T) (*world, *breaker) {
	b := new(breaker)
	w := newWorld(t, shred.Options{})
	w.seal(t, tenantA, patient(2), 1)
	w.seal(t, tenantB, patient(3), 1)
	w.store = brokenStore{w.store.(*cryptotest.Subjects), b}
	w.log = brokenLog{w.log, b}
	w.opts.Erasers = map[string]crypto.TokenEraser{"ssn": eraser{b, map[string]int64{}}}
	w.opts.Exporter = exporter{b}
	w.opts.Keysets = keysets{b, w.keys}
	w.open(t)
	return w, b
}

func tenantOrder() shred.Order {
	return shred.Order{Kind: shred.DestroyTenant, Tenant: tenantA, Reason: "contract.ended"}
}

// Whatever call fails, before or after its effect: no certificate is given
// unless all is done, and another attempt, or Resume in a new process,
// finishes with one certificate that still says what was destroyed.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestFaultAtEveryCall(t *testing.T) {
	for _, o := range []shred.Order{orderOf(patient(1)), tenantOrder()} {
		for _, after := range []bool{false, true} {
			for _, resume := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/after=%t/resume=%t", o.Kind, after, resume), func(t *testing.T) {
					n := 1
					for faultAt(t, o, n, after, resume) {
						n++
					}
					require.Greater(t, n, 10)
					t.Logf("%d calls", n-1)
				})
			}
		}
	}
}

// faultAt breaks the n-th call of an Approve. It returns false if there were
// fewer.
func faultAt(t *testing.T, o shred.Order, n int, after, resume bool) bool {
	w, b := faultWorld(t)
	sealed := w.seal(t, tenantA, patient(1), 1)
	id, err := w.Request(w.as(t, "dr.lee"), o)
	require.NoError(t, err)
	b.calls, b.left, b.after = 0, n, after
	_, err = w.Approve(w.as(t, "ms.ray"), id, o)
	broke := b.calls >= n
	b.left = 0
	if !broke {
		require.NoError(t, err)
		return false
	}
	if err == nil { // the fault hit nothing that mattered
		require.Error(t, w.opens(t, tenantA, patient(1), 1, sealed))
		return true
	}
	require.ErrorIs(t, err, errBroken)

	w.open(t) // a new process
	if c, err := w.register.Certificate(t.Context(), id); err == nil {
		require.Error(t, w.opens(t, tenantA, patient(1), 1, sealed), "certified, so it must be so")
		require.NotEmpty(t, c.Signature)
	}
	c := w.finishOrder(t, id, o, resume)
	s, err := shred.Verify(c, public())
	require.NoError(t, err)
	if o.Kind == shred.DestroyPatient {
		require.Equal(t, "keys", s.Found)
		require.Len(t, s.Keys, 1)
		require.ErrorIs(t, w.opens(t, tenantA, patient(1), 1, sealed), crypto.ErrShredded)
	} else {
		require.EqualValues(t, 2, s.Subjects)
		require.NotNil(t, s.Export)
		require.ErrorIs(t, w.opens(t, tenantA, patient(1), 1, sealed), crypto.ErrTenant)
	}
	return true
}

func (w *world) finishOrder(t *testing.T, id string, o shred.Order, resume bool) shred.Certificate {
	t.Helper()
	if resume {
		done, err := w.Resume(w.principal(t, safeguard.Principal{ID: "startup", Kind: safeguard.Service}))
		require.NoError(t, err)
		if len(done) == 1 {
			return done[0]
		}
		c, err := w.register.Certificate(t.Context(), id)
		if err == nil {
			return c
		}
		require.ErrorIs(t, err, shred.ErrUnknown, "it was not approved")
	}
	c, err := w.Approve(w.as(t, "ms.ray"), id, o)
	require.NoError(t, err)
	return c
}

// Resume goes on after a failure and says so.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestResumeGoesOn(t *testing.T) {
	w, b := faultWorld(t)
	for i := range 2 {
		p := patient(i + 1)
		w.seal(t, tenantA, p, 1)
		id, err := w.Request(w.as(t, "dr.lee"), orderOf(p))
		require.NoError(t, err)
		b.calls, b.left = 0, 0
		w.opts.Erasers["ssn"] = eraser{&breaker{left: 1}, nil}
		w.open(t)
		_, err = w.Approve(w.as(t, "ms.ray"), id, orderOf(p))
		require.ErrorIs(t, err, errBroken)
	}
	w.opts.Erasers["ssn"] = eraser{&breaker{left: 1}, nil} // fails once
	w.open(t)
	done, err := w.Resume(w.as(t, "startup"))
	require.True(t, errors.Is(err, errBroken))
	require.Len(t, done, 1)
	done, err = w.Resume(w.as(t, "startup"))
	require.NoError(t, err)
	require.Len(t, done, 1)
	done, err = w.Resume(w.as(t, "startup"))
	require.NoError(t, err)
	require.Empty(t, done)
}

// A key that is added between the entry of what will be destroyed and the
// destruction is destroyed, and stands in the certificate.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestKeyAddedMeanwhile(t *testing.T) {
	w := newWorld(t, shred.Options{})
	w.keys[tenantA] = keysetOf(t, 10, 10)
	first := w.seal(t, tenantA, patient(1), 1)
	var second []byte
	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	store := w.store.(*cryptotest.Subjects)
	w.store = interruptedStore{store, new(sync.Once), func() {
		w.keys[tenantA] = keysetOf(t, 11, 10, 11)
		sealer := newSealer(t, w.keys, store)
		second, err = sealer.AppendSeal(t.Context(), nil, []byte("x"), refOf(tenantA, patient(1), 2))
		require.NoError(t, err)
	}}
	w.open(t)
	c, err := w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.NoError(t, err)
	s, err := shred.Verify(c, public())
	require.NoError(t, err)
	require.Len(t, s.Keys, 2)
	require.Equal(t, []uint32{10, 11}, s.TenantKeys)
	require.ErrorIs(t, w.opens(t, tenantA, patient(1), 1, first), crypto.ErrShredded)
	require.ErrorIs(t, w.opens(t, tenantA, patient(1), 2, second), crypto.ErrShredded)
}
