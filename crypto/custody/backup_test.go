package custody_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/keyset/keysettest"
)

var tenants = []string{"clinic-a", "clinic-b"}

var custodians = []string{"Dr. A. Example", "B. Example", "C. Example"}

// host is a machine: a KEK, keysets and subjects' keys.
type host struct {
	kek      *keyset.FileKEK
	keysets  *keysettest.Store
	subjects *cryptotest.Subjects
	*keyset.Ring
	*crypto.Sealer
}

func newHost(t testing.TB) host {
	t.Helper()
	kek, err := keyset.CreateFileKEK(filepath.Join(t.TempDir(), "kek"))
	require.NoError(t, err)
	h := host{kek: kek, keysets: new(keysettest.Store), subjects: cryptotest.NewSubjects()}
	h.Ring, err = keyset.NewRing(h.keysets, kek, &keyset.Options{UnsafeSealAtOnce: true})
	require.NoError(t, err)
	h.Sealer, err = crypto.New(h.Ring, h.subjects, &crypto.Options{UnsafeUnaudited: true})
	require.NoError(t, err)
	return h
}

// newService returns a host that has sealed values of both tenants, under a
// key that was rotated.
func newService(t testing.TB) *service {
	t.Helper()
	s := &service{host: newHost(t)}
	for _, tenant := range tenants {
		require.NoError(t, s.Create(t.Context(), tenant))
		for i := range 3 {
			s.seal(t, place(tenant, i))
		}
		s.seal(t, place(tenant, -1))
		keys, err := s.Keyset(t.Context(), tenant)
		require.NoError(t, err)
		require.NoError(t, s.Rotate(t.Context(), tenant, keys.Primary().ID()))
		s.seal(t, place(tenant, -1))
	}
	return s
}

type service struct {
	host
	samples []custody.Sample
}

func (s *service) seal(t testing.TB, ref crypto.Ref) {
	sealed, err := s.AppendSeal(t.Context(), nil, []byte("a value of PHI"), ref)
	require.NoError(t, err)
	s.samples = append(s.samples, custody.Sample{Sealed: sealed, Ref: ref})
}

func (s *service) source() custody.Source {
	return custody.Source{Keysets: s.keysets, KEK: s.kek, Subjects: s.subjects}
}

func (s *service) backup(t testing.TB) ([]byte, []custody.Share) {
	t.Helper()
	bundle, shares, err := custody.Backup(t.Context(), s.source(), custody.Plan{Threshold: 2, Custodians: custodians})
	require.NoError(t, err)
	return bundle, shares
}

// place is that of a patient, or of nobody.
func place(tenant string, patient int) crypto.Ref {
	ref := crypto.Ref{Tenant: tenant, Table: "patients", Column: "ssn", Row: fmt.Sprint(patient), Subject: crypto.NoSubject()}
	if patient >= 0 {
		ref.Subject = crypto.SubjectOf(safeguard.NewPatient(fmt.Sprint("Patient/", patient)))
	}
	return ref
}

// register is what was shredded. The name "*" stands for the tenant as a whole.
type register map[string][]string

func (r register) Names(_ context.Context, tenant string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(r[tenant]), func(name string) bool { return name == "*" }), nil
}

func (r register) Ended(_ context.Context, tenant string) (bool, []uint32, error) {
	return slices.Contains(r[tenant], "*"), nil, nil
}

func (register) Head(context.Context) (uint64, string, error) { return 0, "", nil }

func (register) Contains(_ context.Context, entries uint64, _ string) (bool, error) {
	return entries == 0, nil
}

func (h host) target(r custody.Register) custody.Target {
	return custody.Target{Keysets: h.keysets, KEK: h.kek, Subjects: h.subjects, Register: r}
}

// opened returns how many samples open.
func (h host) opened(t testing.TB, samples []custody.Sample) (n int) {
	for _, s := range samples {
		plain, err := h.AppendOpen(t.Context(), nil, s.Sealed, s.Ref)
		if err == nil {
			require.Equal(t, "a value of PHI", string(plain))
			n++
		}
	}
	return n
}

// A clean host that has nothing of the old one opens everything, with any two
// of the three shares.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
func TestRestoreOnACleanHost(t *testing.T) {
	s := newService(t)
	bundle, shares := s.backup(t)
	for _, pair := range [][]int{{0, 1}, {0, 2}, {1, 2}, {2, 0}, {0, 1, 2}} {
		var some []custody.Share
		for _, i := range pair {
			read, err := custody.ParseShare(shares[i].Text(custodians[i]))
			require.NoError(t, err)
			some = append(some, read)
		}
		clean := newHost(t)
		report, err := custody.Restore(t.Context(), bundle, some, clean.target(register{}))
		require.NoError(t, err)
		require.Equal(t, len(s.samples), clean.opened(t, s.samples))
		require.Len(t, report.Tenants, 2)
		require.Equal(t, "restored", report.Tenants[0].Keyset)
		require.GreaterOrEqual(t, report.Tenants[0].Restored, 4)
		require.Equal(t, custody.Hash(bundle), report.SHA256)

		again, err := custody.Restore(t.Context(), bundle, some, clean.target(register{}))
		require.NoError(t, err)
		require.Equal(t, "there", again.Tenants[0].Keyset)
		require.Zero(t, again.Tenants[0].Restored)
		require.Equal(t, report.Tenants[0].Restored, again.Tenants[0].There)
	}
}

// What was shredded after the backup stays so, whether the records are in the
// bundle or come with a database, and without a register nothing is restored.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestRestoringAfterShredStaysShredded(t *testing.T) {
	s := newService(t)
	bundle, shares := s.backup(t)
	name, err := s.SubjectName(t.Context(), "clinic-a", safeguard.NewPatient("Patient/1"))
	require.NoError(t, err)
	shredded := register{"clinic-a": {name}}

	_, err = custody.Restore(t.Context(), bundle, shares, newHost(t).target(nil))
	require.ErrorIs(t, err, custody.ErrRegister)
	clean := newHost(t)
	report, err := custody.Restore(t.Context(), bundle, shares, clean.target(shredded))
	require.NoError(t, err)
	require.Equal(t, 1, report.Tenants[0].Shredded)
	require.Equal(t, len(s.samples)-1, clean.opened(t, s.samples))
	_, err = clean.AppendOpen(t.Context(), nil, s.samples[1].Sealed, s.samples[1].Ref)
	require.ErrorIs(t, err, crypto.ErrShredded)

	// The records were restored before, with a database.
	restored := newHost(t)
	restored.subjects = s.subjects
	restored.Sealer, err = crypto.New(restored.Ring, s.subjects, &crypto.Options{UnsafeUnaudited: true})
	require.NoError(t, err)
	apart, partShares, err := custody.Backup(t.Context(), custody.Source{Keysets: s.keysets, KEK: s.kek},
		custody.Plan{Threshold: 2, Custodians: custodians, Subjects: custody.SubjectsApart})
	require.NoError(t, err)
	for _, to := range []custody.Target{
		{Keysets: restored.keysets, KEK: restored.kek},
		{Keysets: restored.keysets, KEK: restored.kek, Register: shredded},
		{Keysets: restored.keysets, KEK: restored.kek, Subjects: restored.subjects},
	} {
		_, err = custody.Restore(t.Context(), apart, partShares, to)
		require.ErrorIs(t, err, custody.ErrRegister)
	}
	_, err = custody.Restore(t.Context(), apart, partShares, restored.target(shredded))
	require.NoError(t, err)
	require.Equal(t, len(s.samples)-1, restored.opened(t, s.samples))

	unsafe := newHost(t)
	to := unsafe.target(nil)
	to.UnsafeWithoutRegister = true
	report, err = custody.Restore(t.Context(), bundle, shares, to)
	require.NoError(t, err)
	require.True(t, report.WithoutRegister)
	require.Equal(t, len(s.samples), unsafe.opened(t, s.samples))
}

// A tenant that was destroyed, before or after the backup, does not come back.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestDestroyedTenantsStayDestroyed(t *testing.T) {
	s := newService(t)
	before, beforeShares := s.backup(t)
	require.NoError(t, s.DestroyKeyset(t.Context(), "clinic-a", keyset.Confirmation("clinic-a", 0)))
	after, afterShares := s.backup(t)
	gone := func(h host, err error, report custody.Report) {
		require.NoError(t, err)
		require.Equal(t, "destroyed", report.Tenants[0].Keyset)
		_, err = h.Keyset(t.Context(), "clinic-a")
		require.ErrorIs(t, err, keyset.ErrDestroyed)
		require.Equal(t, len(s.samples)/2, h.opened(t, s.samples))
	}
	clean := newHost(t)
	report, err := custody.Restore(t.Context(), after, afterShares, clean.target(register{}))
	gone(clean, err, report)
	report, err = custody.Restore(t.Context(), before, beforeShares, clean.target(register{}))
	gone(clean, err, report)
	ended := newHost(t)
	report, err = custody.Restore(t.Context(), before, beforeShares, ended.target(register{"clinic-a": {"*"}}))
	gone(ended, err, report)
}

// Nothing that is in the target is overwritten, and a difference is found
// before anything is written.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
func TestRestoreOverwritesNothing(t *testing.T) {
	s := newService(t)
	bundle, shares := s.backup(t)
	other := newHost(t)
	require.NoError(t, other.Create(t.Context(), "clinic-b"))
	_, err := custody.Restore(t.Context(), bundle, shares, other.target(register{}))
	require.EqualError(t, err, custody.ErrDifferent.Error(), "said once")
	require.ErrorIs(t, err, custody.ErrDifferent)
	_, err = other.Keyset(t.Context(), "clinic-a")
	require.ErrorIs(t, err, crypto.ErrTenant, "nothing was written")

	index := newHost(t)
	require.NoError(t, index.subjects.Put(t.Context(), "clinic-b", "index", nil, []byte("another")))
	_, err = custody.Restore(t.Context(), bundle, shares, index.target(register{}))
	require.ErrorIs(t, err, custody.ErrDifferent)

	_, err = custody.Restore(t.Context(), bundle, shares, custody.Target{
		Keysets: s.keysets, KEK: newHost(t).kek, Subjects: s.subjects, Register: register{}})
	require.ErrorIs(t, err, custody.ErrDifferent, "under another KEK")
	_, err = custody.Restore(t.Context(), bundle, shares, custody.Target{})
	require.Error(t, err)
}

// failing is a store of subjects' keys that fails at the nth call.
type failing struct {
	crypto.SubjectKeys
	left int
}

var errInjected = errors.New("injected")

func (f *failing) Put(ctx context.Context, tenant, name string, old, record []byte) error {
	if f.left--; f.left < 0 {
		return errInjected
	}
	return f.SubjectKeys.Put(ctx, tenant, name, old, record)
}

func (f *failing) Destroy(ctx context.Context, tenant, name string) error {
	if f.left--; f.left < 0 {
		return errInjected
	}
	return f.SubjectKeys.Destroy(ctx, tenant, name)
}

// A restore that is interrupted anywhere has opened nothing that was shredded,
// and goes on when it is repeated.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestInterruptedRestore(t *testing.T) {
	s := newService(t)
	bundle, shares := s.backup(t)
	shredded := register{}
	for _, tenant := range tenants {
		name, err := s.SubjectName(t.Context(), tenant, safeguard.NewPatient("Patient/2"))
		require.NoError(t, err)
		shredded[tenant] = []string{name}
	}
	for at := 0; ; at++ {
		clean := newHost(t)
		to := clean.target(shredded)
		to.Subjects = &failing{clean.subjects, at}
		_, err := custody.Restore(t.Context(), bundle, shares, to)
		if err == nil {
			require.Greater(t, at, 8)
			return
		}
		require.ErrorIs(t, err, errInjected)
		require.Less(t, clean.opened(t, s.samples), len(s.samples)-2)
		_, err = custody.Restore(t.Context(), bundle, shares, clean.target(shredded))
		require.NoError(t, err)
		require.Equal(t, len(s.samples)-2, clean.opened(t, s.samples))
	}
}

// Wrong shares are named: too few, twice, of another bundle, altered.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
func TestWrongShares(t *testing.T) {
	s := newService(t)
	bundle, shares := s.backup(t)
	_, foreign := s.backup(t)
	restore := func(shares ...custody.Share) error {
		_, err := custody.Restore(t.Context(), bundle, shares, newHost(t).target(register{}))
		return err
	}
	require.ErrorIs(t, restore(), custody.ErrShares)
	require.ErrorIs(t, restore(shares[0]), custody.ErrShares)
	require.EqualError(t, restore(shares[1], shares[1]), "custody: share 2: is there twice")
	require.EqualError(t, restore(shares[0], foreign[2]), "custody: share 3: is of another bundle")
	require.Error(t, restore(shares[0], custody.Share{}))
	var which *custody.ShareError
	require.ErrorAs(t, restore(shares[0], foreign[2]), &which)
	require.Equal(t, 3, which.Number)
	require.Equal(t, 2, shares[0].Threshold())
	require.Equal(t, 3, shares[0].Total())
}

// A bundle with any byte altered, or cut anywhere, does not open; and its
// header can be read by anybody and holds no key.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestAlteredBundle(t *testing.T) {
	s := newService(t)
	bundle, shares := s.backup(t)
	h, err := custody.Inspect(bundle)
	require.NoError(t, err)
	require.Equal(t, 2, h.Threshold)
	require.Equal(t, custodians[1], h.Shares[1].Name)
	require.Equal(t, shares[0].Bundle(), h.ID)
	require.Len(t, h.Tenants, 2)
	require.Len(t, h.Tenants[0].Keys, 2)
	clean := newHost(t)
	step := 1
	if os.Getenv("SAFEGUARD_SOAK") != "1" {
		step = 7
	}
	for at := 0; at < len(bundle); at += step {
		altered := bytes.Clone(bundle)
		altered[at] ^= 1 << (at % 8)
		_, err := custody.Restore(t.Context(), altered, shares, clean.target(register{}))
		require.Error(t, err, at)
		_, err = custody.Restore(t.Context(), bundle[:at], shares, clean.target(register{}))
		require.ErrorIs(t, err, custody.ErrBundle, at)
	}
	_, err = custody.Restore(t.Context(), append(bytes.Clone(bundle), 0), shares, clean.target(register{}))
	require.ErrorIs(t, err, custody.ErrBundle)
	_, err = clean.Keyset(t.Context(), "clinic-a")
	require.ErrorIs(t, err, crypto.ErrTenant)
}

// Controls: none, it is about arguments.
func TestBackupRefuses(t *testing.T) {
	s := newService(t)
	for name, p := range map[string]custody.Plan{
		"one opens":     {Threshold: 1, Custodians: custodians},
		"too few":       {Threshold: 4, Custodians: custodians},
		"nobody":        {Threshold: 2},
		"twice":         {Threshold: 2, Custodians: []string{"a", "a"}},
		"no name":       {Threshold: 2, Custodians: []string{"a", ""}},
		"two lines":     {Threshold: 2, Custodians: []string{"a", "b\n1: x"}},
		"too many":      {Threshold: 2, Custodians: make([]string, 256)},
		"store unasked": {Threshold: 2, Custodians: custodians, Subjects: custody.SubjectsNone},
	} {
		_, _, err := custody.Backup(t.Context(), s.source(), p)
		require.Error(t, err, name)
	}
	plan := custody.Plan{Threshold: 2, Custodians: custodians}
	_, _, err := custody.Backup(t.Context(), custody.Source{Keysets: s.keysets, KEK: s.kek}, plan)
	require.Error(t, err, "no store of subjects")
	_, _, err = custody.Backup(t.Context(), custody.Source{}, plan)
	require.Error(t, err)
	wrong := s.source()
	wrong.KEK = newHost(t).kek
	_, _, err = custody.Backup(t.Context(), wrong, plan)
	require.ErrorIs(t, err, keyset.ErrUnwrap)
}

// Bytes of any content are an error, never a panic.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzInspect(f *testing.F) {
	bundle := goldenFile(f, "bundle")
	f.Add(bundle)
	f.Add(bundle[:100])
	f.Add([]byte("safeguard backup 1\n\x00\x00\x00\x02{}"))
	f.Add([]byte("safeguard backup 1\n\xff\xff\xff\xff{}"))
	f.Fuzz(func(t *testing.T, b []byte) {
		_, err := custody.Inspect(b)
		if err != nil {
			require.ErrorIs(t, err, custody.ErrBundle)
		}
	})
}

// rotates is a store of subjects' keys that, when it is listed, rotates the
// keyset and makes another patient's key under the new one.
type rotates struct {
	*cryptotest.Subjects
	do func()
}

func (r *rotates) Names(ctx context.Context, tenant, after string, max int) ([]string, error) {
	if r.do != nil {
		do := r.do
		r.do = nil
		do()
	}
	return r.Subjects.Names(ctx, tenant, after, max)
}

// Every record of a backup opens under its keysets, also if one is rotated
// meanwhile.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.312(c)(1); NIST CSF 2.0 PR.DS-11.
func TestBackupDuringRotation(t *testing.T) {
	s := newService(t)
	from := s.source()
	from.Subjects = &rotates{s.subjects, func() {
		keys, err := s.Keyset(t.Context(), "clinic-a")
		require.NoError(t, err)
		require.NoError(t, s.Rotate(t.Context(), "clinic-a", keys.Primary().ID()))
		s.seal(t, place("clinic-a", 99))
	}}
	bundle, shares, err := custody.Backup(t.Context(), from, custody.Plan{Threshold: 2, Custodians: custodians})
	require.NoError(t, err)
	clean := newHost(t)
	_, err = custody.Restore(t.Context(), bundle, shares, clean.target(register{}))
	require.NoError(t, err)
	require.Equal(t, len(s.samples), clean.opened(t, s.samples))
}
