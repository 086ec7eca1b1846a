package shred_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// After two persons agreed, nothing of the patient opens, everything of others
// does, and the certificate says what was destroyed.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestShred(t *testing.T) {
	erased := map[string]int64{}
	w := newWorld(t, shred.Options{Bound: time.Minute, Erasers: map[string]crypto.TokenEraser{"patients.ssn": eraser{new(breaker), erased}}})
	gone, other := w.seal(t, tenantA, patient(1), 1), w.seal(t, tenantA, patient(2), 2)
	name, err := w.sealer.SubjectName(t.Context(), tenantA, patient(1))
	require.NoError(t, err)
	erased[tenantA+"/"+name] = 3

	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, gone), "a request destroys nothing")
	_, err = w.register.Certificate(t.Context(), id)
	require.ErrorIs(t, err, shred.ErrUnknown)

	c, err := w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.NoError(t, err)
	require.ErrorIs(t, w.opens(t, tenantA, patient(1), 1, gone), crypto.ErrShredded)
	_, err = w.sealer.AppendOpen(t.Context(), nil, gone, refOf(tenantA, patient(1), 1))
	require.ErrorIs(t, err, crypto.ErrShredded, "this process has forgotten at once")
	_, err = w.sealer.AppendSeal(t.Context(), nil, []byte("new"), refOf(tenantA, patient(1), 1))
	require.ErrorIs(t, err, crypto.ErrShredded)
	require.NoError(t, w.opens(t, tenantA, patient(2), 2, other))
	_, err = w.store.Get(t.Context(), tenantA, name)
	require.ErrorIs(t, err, crypto.ErrShredded, "also for programs that do not know the mark")

	s, err := shred.Verify(c, public())
	require.NoError(t, err)
	require.Equal(t, shred.DestroyPatient, s.Kind)
	require.Equal(t, name, s.Subject)
	require.Equal(t, "keys", s.Found)
	require.Len(t, s.Keys, 1)
	require.EqualValues(t, 1, s.Keys[0].Version)
	require.EqualValues(t, 1, s.Keys[0].Born)
	require.Equal(t, []uint32{1}, s.TenantKeys)
	require.Equal(t, map[string]int64{"patients.ssn": 3}, s.Erased)
	require.Equal(t, []string{"dr.lee", "ms.ray"}, []string{s.Requested.ID, s.Approved.ID})
	require.Equal(t, time.Minute, s.Forgotten.Sub(s.Done))

	again, err := w.Approve(w.as(t, "mr.cho"), id, orderOf(patient(1)))
	require.NoError(t, err)
	require.Equal(t, c, again, "the same certificate")
	kept, err := w.register.Certificate(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, c, kept)
	_, err = w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrUnderway)
}

// A patient without a key gets a certificate that says so, and never a key.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestShredWithoutKey(t *testing.T) {
	w := newWorld(t, shred.Options{})
	_, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.ErrorIs(t, err, crypto.ErrNotFound, "the tenant has no names yet")
	w.seal(t, tenantA, patient(2), 1)
	s := w.destroy(t, orderOf(patient(1)))
	require.Equal(t, "nothing", s.Found)
	require.Empty(t, s.Keys)
	require.Equal(t, shred.MaxBound, s.Forgotten.Sub(s.Done), "the bound that is true of every process")
	_, err = w.sealer.AppendSeal(t.Context(), nil, []byte("x"), refOf(tenantA, patient(1), 1))
	require.ErrorIs(t, err, crypto.ErrShredded)

	name, err := w.sealer.SubjectName(t.Context(), tenantA, patient(2))
	require.NoError(t, err)
	require.NoError(t, w.store.Destroy(t.Context(), tenantA, name))
	require.Equal(t, "destroyed", w.destroy(t, orderOf(patient(2))).Found)
}

// Nobody destroys alone, without right, too late, or something else than what
// was requested.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(i); NIST CSF 2.0 PR.AA-05.
func TestRefusals(t *testing.T) {
	person := func(id, tenant string) safeguard.Principal {
		return safeguard.Principal{ID: id, Kind: safeguard.Person, Tenant: tenant}
	}
	other := orderOf(patient(2))
	reason := orderOf(patient(1))
	reason.Reason = "other"
	for _, c := range []struct {
		name  string
		by    safeguard.Principal
		order shred.Order
		want  error
	}{
		{"the same person", person("dr.lee", ""), orderOf(patient(1)), shred.ErrSamePerson},
		{"the same person in another session", safeguard.Principal{ID: "dr.lee", Kind: safeguard.Person, Session: "s2", Method: "mtls"}, orderOf(patient(1)), shred.ErrSamePerson},
		{"the same person in another spelling", person(" DR.LEE", ""), orderOf(patient(1)), shred.ErrSamePerson},
		{"the same person of the tenant", person("dr.lee", tenantA), orderOf(patient(1)), shred.ErrSamePerson},
		{"a service", safeguard.Principal{ID: "cron", Kind: safeguard.Service}, orderOf(patient(1)), shred.ErrDenied},
		{"nobody", safeguard.Principal{}, orderOf(patient(1)), shred.ErrDenied},
		{"another tenant's", person("ms.ray", tenantB), orderOf(patient(1)), shred.ErrDenied},
		{"somebody without the right", person("intern", ""), orderOf(patient(1)), shred.ErrDenied},
		{"another patient", person("ms.ray", ""), other, shred.ErrOrder},
		{"another reason", person("ms.ray", ""), reason, shred.ErrOrder},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, shred.Options{Authorize: func(_ context.Context, who safeguard.Principal, _ shred.Step, _ shred.Order) error {
				if who.ID == "intern" {
					return errors.New("no")
				}
				return nil
			}})
			sealed := w.seal(t, tenantA, patient(1), 1)
			w.seal(t, tenantA, patient(2), 1)
			id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
			require.NoError(t, err)
			_, err = w.Approve(w.principal(t, c.by), id, c.order)
			require.ErrorIs(t, err, c.want)
			require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
			if c.want == shred.ErrDenied {
				_, err = w.Request(w.principal(t, c.by), c.order)
				require.ErrorIs(t, err, shred.ErrDenied)
			}
		})
	}
}

// The first person's right is asked again when the second one approves.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRequesterLosesTheRight(t *testing.T) {
	fired := false
	w := newWorld(t, shred.Options{Authorize: func(_ context.Context, who safeguard.Principal, step shred.Step, o shred.Order) error {
		require.Equal(t, patient(1), o.Patient)
		if who.ID == "dr.lee" && fired {
			return errors.New("terminated")
		}
		return nil
	}})
	sealed := w.seal(t, tenantA, patient(1), 1)
	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	fired = true
	_, err = w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrDenied)
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
}

// A request that waited too long is void.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestRequestExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, shred.Options{Expiry: time.Hour})
		sealed := w.seal(t, tenantA, patient(1), 1)
		id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
		require.NoError(t, err)
		time.Sleep(time.Hour + time.Second)
		_, err = w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
		require.ErrorIs(t, err, shred.ErrExpired)
		require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
	})
}

// A process with a ready key stops within the bound that is certified, and
// would not without it.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestCachedKeyIsForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, shred.Options{Bound: time.Hour})
		sealed := w.seal(t, tenantA, patient(1), 1)
		other, err := crypto.New(w.keys, w.store, &crypto.Options{SubjectTTL: time.Hour, UnsafeUnaudited: true})
		require.NoError(t, err)
		open := func() error {
			_, err := other.AppendOpen(t.Context(), nil, sealed, refOf(tenantA, patient(1), 1))
			return err
		}
		require.NoError(t, open())
		s := w.destroy(t, orderOf(patient(1)))
		require.NoError(t, open(), "the other process has it in memory")
		time.Sleep(time.Until(s.Forgotten))
		synctest.Wait()
		require.ErrorIs(t, open(), crypto.ErrShredded)
	})
}

// Every step is in the audit trail before it happens; without an Entry, or
// with a log that fails, nothing happens. No output holds the patient.
//
// Controls: HIPAA 164.312(b), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestAudited(t *testing.T) {
	w := newWorld(t, shred.Options{})
	sealed := w.seal(t, tenantA, patient(1), 1)
	alone := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "dr.lee", Kind: safeguard.Person})
	_, err := w.Request(alone, orderOf(patient(1)))
	require.ErrorIs(t, err, crypto.ErrUnaudited)
	id, err := w.Request(w.as(t, "dr.lee"), orderOf(patient(1)))
	require.NoError(t, err)
	_, err = w.Approve(alone, id, orderOf(patient(1)))
	require.ErrorIs(t, err, crypto.ErrUnaudited)
	require.ErrorIs(t, w.Hold(alone, tenantA, patient(1), "2026-CV-1"), crypto.ErrUnaudited)
	_, err = w.Resume(alone)
	require.ErrorIs(t, err, crypto.ErrUnaudited)

	w.audit.Fail(errBroken)
	_, err = w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.Error(t, err)
	require.NoError(t, w.opens(t, tenantA, patient(1), 1, sealed))
	w.audit.Fail(nil)
	c, err := w.Approve(w.as(t, "ms.ray"), id, orderOf(patient(1)))
	require.NoError(t, err)

	var actions []string
	for _, a := range audittest.Accesses(t, w.audit.Records()) {
		actions = append(actions, a.Action)
		require.Len(t, a.Patients, 1)
	}
	require.Contains(t, actions, "shred.patient.request")
	require.Contains(t, actions, "shred.patient.approve")

	s, err := shred.Verify(c, public())
	require.NoError(t, err)
	all := s.Text() + string(c.Statement)
	for n := uint64(1); ; n++ {
		b, err := w.log.Read(t.Context(), n)
		if errors.Is(err, shred.ErrNoEntry) {
			break
		}
		require.NoError(t, err)
		all += string(b)
	}
	for _, r := range w.audit.Records() {
		all += string(r)
	}
	require.NotContains(t, all, "MRN-1")
	require.Contains(t, all, s.Subject, "the search would find")
}

// Settings and orders that make no sense are refused, by name.
//
// Controls: HIPAA 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func TestBadOrdersAndOptions(t *testing.T) {
	w := newWorld(t, shred.Options{})
	for name, change := range map[string]func(*shred.Options){
		"no hook":        func(o *shred.Options) { o.Authorize = nil },
		"long expiry":    func(o *shred.Options) { o.Expiry = shred.MaxExpiry + 1 },
		"negative":       func(o *shred.Options) { o.Expiry = -1 },
		"long bound":     func(o *shred.Options) { o.Bound = 2 * time.Hour },
		"fraction":       func(o *shred.Options) { o.Bound = time.Second / 2 },
		"nil eraser":     func(o *shred.Options) { o.Erasers = map[string]crypto.TokenEraser{"x": nil} },
		"unnamed eraser": func(o *shred.Options) { o.Erasers = map[string]crypto.TokenEraser{"": eraser{}} },
	} {
		opts := shred.Options{Authorize: everybody}
		change(&opts)
		_, err := shred.New(w.sealer, w.store, w.register, signer, &opts)
		require.Error(t, err, name)
	}
	_, err := shred.New(w.sealer, w.store, w.register, signer, nil)
	require.ErrorContains(t, err, "Authorize")
	_, err = shred.New(nil, w.store, w.register, signer, &w.opts)
	require.Error(t, err)

	for name, change := range map[string]func(*shred.Order){
		"no kind":      func(o *shred.Order) { o.Kind = "" },
		"no tenant":    func(o *shred.Order) { o.Tenant = "" },
		"control":      func(o *shred.Order) { o.Tenant = "a\nb" },
		"long tenant":  func(o *shred.Order) { o.Tenant = strings.Repeat("a", 2000) },
		"no patient":   func(o *shred.Order) { o.Patient = safeguard.Patient{} },
		"no reason":    func(o *shred.Order) { o.Reason = "" },
		"free text":    func(o *shred.Order) { o.Reason = "Mr. Smith asked" },
		"case":         func(o *shred.Order) { o.Case = "1" },
		"tenant key":   func(o *shred.Order) { o.TenantKey = 1 },
		"no export":    func(o *shred.Order) { o.NoExport = "infeasible" },
		"release bare": func(o *shred.Order) { o.Kind = shred.ReleaseHold },
		"free case":    func(o *shred.Order) { o.Kind, o.Case = shred.ReleaseHold, "Smith v. Clinic" },
		"epoch":        func(o *shred.Order) { o.Kind = shred.EndEpoch },
		"tenant":       func(o *shred.Order) { o.Kind, o.Patient = shred.DestroyTenant, safeguard.Patient{} },
	} {
		o := orderOf(patient(1))
		change(&o)
		_, err := w.Request(w.as(t, "dr.lee"), o)
		require.ErrorIs(t, err, shred.ErrOrder, name)
		require.NotContains(t, err.Error(), "MRN")
	}
	_, err = w.Approve(w.as(t, "ms.ray"), "nosuch", orderOf(patient(1)))
	require.ErrorIs(t, err, shred.ErrUnknown)
}

// A certificate must not state a bound that the Shredder's own Sealer breaks.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestNewRefusesAShortBound(t *testing.T) {
	w := newWorld(t, shred.Options{})
	_, err := shred.New(w.sealer, w.store, w.register, signer, &shred.Options{Authorize: everybody, Bound: time.Second})
	require.ErrorContains(t, err, "SubjectTTL")
}
