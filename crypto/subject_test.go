package crypto_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// newSealer returns another Sealer, as another process has it, over the keys
// and the store of f.
func (f fixture) newSealer(t testing.TB, opts *crypto.Options) *crypto.Sealer {
	t.Helper()
	s, err := crypto.New(f.keys, f.store, unaudited(opts))
	require.NoError(t, err)
	return s
}

// nameOf seals something of the subject, which must be new, and returns the
// name that it got in the store.
func (f fixture) nameOf(t testing.TB, s crypto.Subject) string {
	t.Helper()
	before := f.names(t, tenantA)
	seal(t, f.Sealer, refOf(s), "value")
	for _, n := range f.names(t, tenantA) {
		if !slices.Contains(before, n) {
			return n
		}
	}
	require.Fail(t, "no new name")
	return ""
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSubjectKeyIsSharedByProcesses(t *testing.T) {
	f := newFixture(t, nil)
	sealed := seal(t, f.Sealer, refOf(patient(1)), "value")
	got, err := f.newSealer(t, nil).AppendOpen(t.Context(), nil, sealed, refOf(patient(1)))
	require.NoError(t, err)
	require.Equal(t, "value", string(got))
	require.Len(t, f.names(t, tenantA), 1)
	require.Empty(t, f.names(t, tenantB))
}

// Many processes that seal for one new patient at once agree on one key.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRaceForASubjectKey(t *testing.T) {
	f := newFixture(t, nil)
	const n = 16
	sealed := make([][]byte, n)
	var wg sync.WaitGroup
	for i := range n {
		s := f.newSealer(t, nil)
		wg.Go(func() { sealed[i], _ = s.AppendSeal(t.Context(), nil, []byte("value"), refOf(patient(1))) })
	}
	wg.Wait()
	for _, b := range sealed {
		got, err := f.AppendOpen(t.Context(), nil, b, refOf(patient(1)))
		require.NoError(t, err)
		require.Equal(t, "value", string(got))
	}
	require.Len(t, f.names(t, tenantA), 1)
}

// The store shows neither a patient nor a hash that can be guessed.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestNamesInTheStoreAreKeyed(t *testing.T) {
	a, b := newFixture(t, nil), newFixture(t, nil)
	name := a.nameOf(t, patient(1))
	require.Len(t, name, 64)
	require.NotEqual(t, name, b.nameOf(t, patient(1)), "another index key, another name")
	require.NotEqual(t, name, a.nameOf(t, patient(2)))
}

// A destroyed key stays destroyed, for sealing and for opening, and within
// the stated time in a process that had it ready.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestDestroyedSubject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		ref := refOf(patient(1))
		name := f.nameOf(t, patient(1))
		sealed := seal(t, f.Sealer, ref, "value")
		other := seal(t, f.Sealer, refOf(patient(2)), "value")
		require.NoError(t, f.store.Destroy(t.Context(), tenantA, name))

		shredded := func(s *crypto.Sealer) {
			_, err := s.AppendOpen(t.Context(), nil, sealed, ref)
			require.ErrorIs(t, err, crypto.ErrShredded)
			_, err = s.AppendSeal(t.Context(), nil, []byte("value"), ref)
			require.ErrorIs(t, err, crypto.ErrShredded, "no new key under the old name")
		}
		shredded(f.newSealer(t, nil))

		time.Sleep(crypto.DefaultSubjectTTL / 2)
		_, err := f.AppendOpen(t.Context(), nil, sealed, ref)
		require.NoError(t, err, "use does not prolong the stay in memory, but it is not over yet")
		time.Sleep(crypto.DefaultSubjectTTL / 2)
		synctest.Wait()
		shredded(f.Sealer)
		_, err = f.AppendOpen(t.Context(), nil, other, refOf(patient(2)))
		require.NoError(t, err, "other patients are untouched")
	})
}

// slow is a store whose answers arrive late.
type slow struct {
	crypto.SubjectKeys
	delay time.Duration
}

func (s slow) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	record, err := s.SubjectKeys.Get(ctx, tenant, name)
	time.Sleep(s.delay)
	return record, err
}

// A slow store must not stretch the time within which a destroyed key stops
// working: an answer read before the destruction counts from the read.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestSlowStoreDoesNotStretchTheBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, nil)
		name := f.nameOf(t, patient(1))
		sealed := seal(t, f.Sealer, refOf(patient(1)), "value")
		s, err := crypto.New(f.keys, slow{f.store, 20 * time.Second}, unaudited(nil))
		require.NoError(t, err)
		_, err = s.AppendOpen(t.Context(), nil, sealed, refOf(patient(1)))
		require.NoError(t, err)
		require.NoError(t, f.store.Destroy(t.Context(), tenantA, name))
		time.Sleep(crypto.DefaultSubjectTTL - 40*time.Second)
		synctest.Wait()
		_, err = s.AppendOpen(t.Context(), nil, sealed, refOf(patient(1)))
		require.ErrorIs(t, err, crypto.ErrShredded)
	})
}

// Opening makes no key, neither for a stranger nor in an empty store.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestOpeningMakesNoKey(t *testing.T) {
	f := newFixture(t, nil)
	sealed := seal(t, newFixture(t, nil).Sealer, refOf(patient(1)), "value")
	_, err := f.AppendOpen(t.Context(), nil, sealed, refOf(patient(1)))
	require.Equal(t, crypto.ErrOpen, err)
	require.Empty(t, f.names(t, tenantA))
	seal(t, f.Sealer, refOf(patient(2)), "value")
	_, err = f.AppendOpen(t.Context(), nil, sealed, refOf(patient(1)))
	require.Equal(t, crypto.ErrOpen, err)
	require.Len(t, f.names(t, tenantA), 1)
}

// Records that were moved between tenants, subjects or purposes, or altered,
// do not unwrap.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestAlteredStore(t *testing.T) {
	f := newFixture(t, nil)
	one, two := f.nameOf(t, patient(1)), f.nameOf(t, patient(2))
	sealed := seal(t, f.Sealer, refOf(patient(1)), "value")
	get := func(tenant, name string) []byte {
		record, err := f.store.Get(t.Context(), tenant, name)
		require.NoError(t, err)
		return record
	}
	attempt := func(what string, record []byte) {
		old := get(tenantA, one)
		require.NoError(t, f.store.Put(t.Context(), tenantA, one, old, record))
		s := f.newSealer(t, nil)
		_, err := s.AppendOpen(t.Context(), nil, sealed, refOf(patient(1)))
		require.Error(t, err, what)
		_, err = s.AppendSeal(t.Context(), nil, []byte("value"), refOf(patient(1)))
		require.Error(t, err, what)
		require.NoError(t, f.store.Put(t.Context(), tenantA, one, record, old))
	}
	attempt("another subject's", get(tenantA, two))
	attempt("the index key", get(tenantA, "index"))
	attempt("garbage", []byte("garbage"))
	record := get(tenantA, one)
	for i := range record {
		if i == 1 || i >= 3+16 && i < 3+24 {
			continue // the flags and the count of messages, which say of themselves that they are not protected
		}
		altered := append([]byte(nil), record...)
		altered[i] ^= 1
		attempt("altered", altered)
	}

	other := refOf(patient(1))
	other.Tenant = tenantB
	seal(t, f.Sealer, other, "value")
	attempt("another tenant's", get(tenantB, f.names(t, tenantB)[0]))
	_, err := f.newSealer(t, nil).AppendOpen(t.Context(), nil, sealed, refOf(patient(1)))
	require.NoError(t, err, "put back, it opens")
}

var errOutage = errors.New("store is down")

// outage is a store that is down.
type outage struct{}

func (outage) Get(context.Context, string, string) ([]byte, error)       { return nil, errOutage }
func (outage) Put(context.Context, string, string, []byte, []byte) error { return errOutage }
func (outage) Destroy(context.Context, string, string) error             { return errOutage }

// A store that is down is an error of its own, never "destroyed", and never a
// reason to make another key.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestStoreOutage(t *testing.T) {
	f := newFixture(t, nil)
	sealed := seal(t, f.Sealer, refOf(patient(1)), "value")
	s, err := crypto.New(f.keys, outage{}, unaudited(nil))
	require.NoError(t, err)
	_, err = s.AppendOpen(t.Context(), nil, sealed, refOf(patient(1)))
	require.ErrorIs(t, err, errOutage)
	_, err = s.AppendSeal(t.Context(), nil, nil, refOf(patient(1)))
	require.ErrorIs(t, err, errOutage)
}

// A keyset that was rotated opens the old and seals with the new, and the
// names of subjects stay.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRotatedKeyset(t *testing.T) {
	f := newFixture(t, nil)
	before := map[string][]byte{}
	for name, subject := range subjects {
		before[name] = seal(t, f.Sealer, refOf(subject), "value")
	}
	added, err := crypto.NewKey(77, pattern(32))
	require.NoError(t, err)
	f.keys[tenantA], err = crypto.NewKeyset(77, f.keys[tenantA].Primary(), added)
	require.NoError(t, err)
	s := f.newSealer(t, nil)
	for name, subject := range subjects {
		got, err := s.AppendOpen(t.Context(), nil, before[name], refOf(subject))
		require.NoError(t, err)
		require.Equal(t, "value", string(got))
	}
	require.Equal(t, byte(77), seal(t, s, refOf(crypto.NoSubject()), "x")[4])
	require.Equal(t, []byte{77, 0, 0, 0, 2}, seal(t, s, refOf(patient(1)), "x")[4:9], "a new version of the key")
	require.Equal(t, []byte{77, 0, 0, 0, 1}, seal(t, s, refOf(patient(9)), "x")[4:9])
	require.Len(t, f.names(t, tenantA), 2)
}

// A version that could not be read when the subject was made ready, for want
// of the tenant key, opens as soon as the process has that: it is not damaged.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestReadyBeforeTheKeyset(t *testing.T) {
	ahead, behind, store, ref := newRing(t, 1), newRing(t, 1), cryptotest.NewSubjects(), refOf(patient(1))
	a := newSealer(t, ahead, store, crypto.Options{})
	b := newSealer(t, behind, store, crypto.Options{SubjectTTL: time.Hour})
	first := seal(t, a, ref, "first")
	require.NoError(t, ahead.use(1, 2))
	a.Forget(tenantA, patientOf(1))
	second := seal(t, a, ref, "second")
	opens(t, b, first, ref, "first")
	require.NoError(t, behind.use(1, 2))
	opens(t, b, second, ref, "second")
}

// Who writes versions into values makes the store work once a second, no more.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestForgedVersionsAreLookedForRarely(t *testing.T) {
	f := newFixture(t, nil)
	store := &gets{SubjectKeys: f.store}
	s := newSealer(t, f.keys, store, crypto.Options{})
	sealed := seal(t, s, refOf(patient(1)), "value")
	store.n.Store(0)
	for i := range byte(200) {
		forged := slices.Clone(sealed)
		forged[5+i%4] ^= i + 1
		refuses(t, s, forged, refOf(patient(1)), crypto.ErrOpen)
	}
	require.LessOrEqual(t, store.n.Load(), int64(5))
}

// gets counts what is read.
type gets struct {
	crypto.SubjectKeys
	n atomic.Int64
}

func (g *gets) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	g.n.Add(1)
	return g.SubjectKeys.Get(ctx, tenant, name)
}

// The memory of ready keys is bounded.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestCacheIsBounded(t *testing.T) {
	f := newFixture(t, &crypto.Options{SubjectCache: 8})
	var sealed [50][]byte
	for i := range sealed {
		sealed[i] = seal(t, f.Sealer, refOf(patient(i)), "value")
	}
	report, err := f.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, uint64(8), report[0].Counters["subject.ready"])
	for i := range sealed {
		_, err := f.AppendOpen(t.Context(), nil, sealed[i], refOf(patient(i)))
		require.NoError(t, err)
	}
}
