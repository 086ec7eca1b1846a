package custody_test

import (
	"context"
	"crypto/ed25519"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/keyset/keysettest"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
	"github.com/safeguard-sdk/safeguard/crypto/shred/shredtest"
)

// A shredder is a service with its register.
type shredder struct {
	*service
	*shred.Shredder
	log      *shredtest.Log
	register *shred.Register
}

func newShredder(t testing.TB, s *service) *shredder {
	t.Helper()
	x := &shredder{service: s, log: new(shredtest.Log)}
	x.register = openRegister(t, x.log)
	key := ed25519.NewKeyFromSeed(make([]byte, 32))
	var err error
	x.Shredder, err = shred.New(s.Sealer, s.subjects, x.register, key, &shred.Options{
		Authorize:       func(context.Context, safeguard.Principal, shred.Step, shred.Order) error { return nil },
		Keysets:         keyset.Destroyer{Ring: s.Ring},
		Keys:            s.Ring,
		UnsafeUnaudited: true,
	})
	require.NoError(t, err)
	return x
}

func openRegister(t testing.TB, log shred.Log) *shred.Register {
	t.Helper()
	r, err := shred.OpenRegister(t.Context(), log)
	require.NoError(t, err)
	return r
}

func (x *shredder) destroy(t testing.TB, o shred.Order) {
	t.Helper()
	as := func(id string) context.Context {
		return safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: id, Kind: safeguard.Person})
	}
	o.Reason = "contract.ended"
	id, err := x.Request(as("dr.lee"), o)
	require.NoError(t, err)
	_, err = x.Approve(as("ms.ray"), id, o)
	require.NoError(t, err)
}

func wholeTenant(tenant string) shred.Order {
	return shred.Order{Kind: shred.DestroyTenant, Tenant: tenant, NoExport: "returned.before"}
}

// A tenant that never had a patient, and so no key that names one, does not
// come back either.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestShreddedTenantWithoutPatientsStaysShredded(t *testing.T) {
	s := &service{host: newHost(t)}
	require.NoError(t, s.Create(t.Context(), "clinic-a"))
	s.seal(t, place("clinic-a", -1))
	bundle, shares := s.backup(t)
	x := newShredder(t, s)
	x.destroy(t, wholeTenant("clinic-a"))
	clean := newHost(t)
	report, err := custody.Restore(t.Context(), bundle, shares, clean.target(x.register))
	require.NoError(t, err)
	require.Equal(t, "destroyed", report.Tenants[0].Keyset)
	require.Zero(t, clean.opened(t, s.samples))
	n, head, err := x.register.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, &custody.RegisterHead{Entries: n, Hash: head}, report.Register)
}

// A register that is empty, of somebody else, or an older copy is not taken for
// the one that there was at the backup.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestRestoreRefusesAnotherRegister(t *testing.T) {
	s := newService(t)
	x := newShredder(t, s)
	x.destroy(t, shred.Order{Kind: shred.DestroyPatient, Tenant: "clinic-a", Patient: safeguard.NewPatient("Patient/1")})
	older := new(shredtest.Log)
	first, err := x.log.Read(t.Context(), 1)
	require.NoError(t, err)
	require.NoError(t, older.Append(t.Context(), 1, first))
	from := s.source()
	from.Register = x.register
	bundle, shares, err := custody.Backup(t.Context(), from, custody.Plan{Threshold: 2, Custodians: custodians})
	require.NoError(t, err)
	h, err := custody.Inspect(bundle)
	require.NoError(t, err)
	require.EqualValues(t, 4, h.Register.Entries)
	x.destroy(t, shred.Order{Kind: shred.DestroyPatient, Tenant: "clinic-a", Patient: safeguard.NewPatient("Patient/2")})

	operator := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "operator-7", Kind: safeguard.Person})
	for _, log := range []*shredtest.Log{new(shredtest.Log), older, newShredder(t, newService(t)).log} {
		clean := newHost(t)
		_, err := custody.Restore(t.Context(), bundle, shares, clean.target(openRegister(t, log)))
		require.ErrorIs(t, err, custody.ErrOtherRegister)
		require.Zero(t, clean.opened(t, s.samples), "nothing was written")
		_, err = custody.Drill(operator, bundle, s.Sealer, openRegister(t, log), rows(s.samples))
		require.ErrorIs(t, err, custody.ErrOtherRegister)
	}
	clean := newHost(t)
	_, err = custody.Restore(t.Context(), bundle, shares, clean.target(openRegister(t, x.log)))
	require.NoError(t, err)
	require.Equal(t, len(s.samples)-2, clean.opened(t, s.samples))
}

// A tenant key of which two persons stated that all copies are destroyed is not
// restored from one, unless somebody says so.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestRestoreRefusesAnEndedKey(t *testing.T) {
	s := newService(t)
	bundle, shares := s.backup(t)
	h, err := custody.Inspect(bundle)
	require.NoError(t, err)
	ended := endedRegister{register{}, h.Tenants[1].Primary}
	clean := newHost(t)
	_, err = custody.Restore(t.Context(), bundle, shares, clean.target(ended))
	require.ErrorIs(t, err, custody.ErrEnded)
	require.Equal(t, 1, strings.Count(err.Error(), "custody:"))
	require.Zero(t, clean.opened(t, s.samples))
	to := clean.target(ended)
	to.UnsafeEndedKeys = true
	report, err := custody.Restore(t.Context(), bundle, shares, to)
	require.NoError(t, err)
	require.Empty(t, report.Tenants[0].EndedKeys)
	require.Equal(t, []uint32{ended.key}, report.Tenants[1].EndedKeys)
}

// An endedRegister has a key as destroyed in every copy.
type endedRegister struct {
	register
	key uint32
}

func (r endedRegister) Ended(context.Context, string) (bool, []uint32, error) {
	return false, []uint32{r.key}, nil
}

// What is shredded while the restore runs is asked for before a keyset is
// written.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestShreddedDuringTheRestore(t *testing.T) {
	for name, order := range map[string]shred.Order{
		"a patient": {Kind: shred.DestroyPatient, Tenant: "clinic-b", Patient: safeguard.NewPatient("Patient/1")},
		"a tenant":  wholeTenant("clinic-b"),
	} {
		t.Run(name, func(t *testing.T) {
			s := newService(t)
			bundle, shares := s.backup(t)
			x := newShredder(t, s)
			clean := newHost(t)
			to := clean.target(x.register)
			to.Keysets = &meanwhile{Store: clean.keysets, do: func() { x.destroy(t, order) }}
			report, err := custody.Restore(t.Context(), bundle, shares, to)
			require.NoError(t, err)
			if order.Kind == shred.DestroyTenant {
				require.Equal(t, "destroyed", report.Tenants[1].Keyset)
				require.Equal(t, len(s.samples)/2, clean.opened(t, s.samples))
				return
			}
			require.Equal(t, len(s.samples)-1, clean.opened(t, s.samples))
		})
	}
}

// meanwhile does something when the first keyset was written.
type meanwhile struct {
	*keysettest.Store
	do func()
}

func (m *meanwhile) Write(ctx context.Context, tenant string, old, content []byte) error {
	if m.do != nil {
		m.do()
		m.do = nil
	}
	return m.Store.Write(ctx, tenant, old, content)
}

// A drill passes where a tenant was rightly shredded, and fails where keys are
// gone that nobody ordered to destroy, or where something opens that the
// register has as destroyed.
//
// Controls: HIPAA 164.308(a)(7)(ii)(D), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func TestDrillAsksTheRegister(t *testing.T) {
	s := newService(t)
	bundle, shares := s.backup(t)
	x := newShredder(t, s)
	x.destroy(t, wholeTenant("clinic-a"))
	clean := newHost(t)
	_, err := custody.Restore(t.Context(), bundle, shares, clean.target(x.register))
	require.NoError(t, err)
	ctx := safeguard.WithPrincipal(t.Context(), safeguard.Principal{ID: "operator-7", Kind: safeguard.Person})
	drill := func(r custody.Register) custody.DrillRecord {
		d, err := custody.Drill(ctx, bundle, clean.Sealer, r, rows(s.samples))
		require.NoError(t, err)
		return d
	}
	half := len(s.samples) / 2
	d := drill(x.register)
	require.Equal(t, []int{half, half, 0}, []int{d.Opened, d.Shredded, d.Failed})
	require.True(t, d.Passed)
	for _, r := range []custody.Register{nil, register{}} {
		d := drill(r)
		require.Equal(t, []int{half, 0, half}, []int{d.Opened, d.Shredded, d.Failed})
		require.False(t, d.Passed)
	}
	returned := drill(register{"clinic-a": {"*"}, "clinic-b": {"*"}})
	require.Equal(t, []int{0, half, half}, []int{returned.Opened, returned.Shredded, returned.Failed})

	lost := newHost(t)
	_, err = custody.Restore(t.Context(), bundle, shares, lost.target(register{}))
	require.NoError(t, err)
	require.NoError(t, lost.subjects.Destroy(t.Context(), "clinic-a", "index"))
	lost.Sealer, err = crypto.New(lost.Ring, lost.subjects, &crypto.Options{UnsafeUnaudited: true})
	require.NoError(t, err)
	d, err = custody.Drill(ctx, bundle, lost.Sealer, register{}, rows(s.samples))
	require.NoError(t, err)
	require.Equal(t, []int{0, 3}, []int{d.Shredded, d.Failed})
	require.False(t, d.Passed)
}

// A backup of before the first entry knows its register from another, or the
// report says that it does not.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestRestoreRefusesAnotherEmptyRegister(t *testing.T) {
	s := newService(t)
	x := newShredder(t, s)
	backup := func(r custody.Register) ([]byte, []custody.Share) {
		t.Helper()
		from := s.source()
		from.Register = r
		bundle, shares, err := custody.Backup(t.Context(), from, custody.Plan{Threshold: 2, Custodians: custodians})
		require.NoError(t, err)
		return bundle, shares
	}
	bundle, shares := backup(x.register)
	plain, plainShares := backup(openRegister(t, struct{ shred.Log }{new(shredtest.Log)}))
	x.destroy(t, shred.Order{Kind: shred.DestroyPatient, Tenant: "clinic-a", Patient: safeguard.NewPatient("Patient/1")})

	clean := newHost(t)
	_, err := custody.Restore(t.Context(), bundle, shares, clean.target(openRegister(t, new(shredtest.Log))))
	require.ErrorIs(t, err, custody.ErrOtherRegister)
	require.Zero(t, clean.opened(t, s.samples), "nothing was written")
	report, err := custody.Restore(t.Context(), bundle, shares, clean.target(openRegister(t, x.log)))
	require.NoError(t, err)
	require.False(t, report.AnyRegister)
	require.Equal(t, len(s.samples)-1, clean.opened(t, s.samples))

	report, err = custody.Restore(t.Context(), plain, plainShares, newHost(t).target(openRegister(t, x.log)))
	require.NoError(t, err)
	require.True(t, report.AnyRegister)
}
