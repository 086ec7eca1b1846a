package keyset_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/keyset/keysettest"
)

// kms is a KEK that counts its calls, and can be down, refuse and hang.
type kms struct {
	*keyset.FileKEK
	calls atomic.Int64
	mu    sync.Mutex
	fail  error
	hang  bool
}

func (k *kms) set(fail error, hang bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.fail, k.hang = fail, hang
}

func (k *kms) DecryptWithContext(ctx context.Context, c, ad []byte) ([]byte, error) {
	k.calls.Add(1)
	k.mu.Lock()
	fail, hang := k.fail, k.hang
	k.mu.Unlock()
	if hang {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if fail != nil {
		return nil, fail
	}
	return k.FileKEK.DecryptWithContext(ctx, c, ad)
}

// away is a store that can be down.
type away struct {
	keysettest.Store
	down  atomic.Bool
	reads atomic.Int64
}

var errAway = errors.New("store is away")

func (a *away) Read(ctx context.Context, tenant string) ([]byte, error) {
	a.reads.Add(1)
	if a.down.Load() {
		return nil, errAway
	}
	return a.Store.Read(ctx, tenant)
}

type refuses struct{}

func (refuses) Error() string   { return "access denied" }
func (refuses) Temporary() bool { return false }

type ringFixture struct {
	*keyset.Ring
	kms   *kms
	store *away
}

// other returns a Ring of another process.
func (f ringFixture) other(t *testing.T, opts *keyset.Options) *keyset.Ring {
	r, err := keyset.NewRing(f.store, f.kms, opts)
	require.NoError(t, err)
	return r
}

// newRing returns a Ring in which clinic-a has a keyset.
func newRing(t *testing.T, opts *keyset.Options) ringFixture {
	t.Helper()
	kek, err := keyset.CreateFileKEK(filepath.Join(t.TempDir(), "kek"))
	require.NoError(t, err)
	f := ringFixture{kms: &kms{FileKEK: kek}, store: new(away)}
	f.Ring = f.other(t, opts)
	require.NoError(t, f.Create(t.Context(), "clinic-a"))
	f.kms.calls.Store(0)
	return f
}

func primary(t *testing.T, r *keyset.Ring) uint32 {
	t.Helper()
	keys, err := r.Keyset(t.Context(), "clinic-a")
	require.NoError(t, err)
	return keys.Primary().ID()
}

func sealer(t *testing.T, keys crypto.Keys) *crypto.Sealer {
	t.Helper()
	s, err := crypto.New(keys, nil, opens)
	require.NoError(t, err)
	return s
}

// One call of the KEK a load, none a field; a lookup allocates nothing.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRingCallsTheKEKOnce(t *testing.T) {
	f := newRing(t, nil)
	s := sealer(t, f)
	for range 10_000 {
		_, err := s.AppendSeal(t.Context(), nil, nil, ref("clinic-a"))
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, f.kms.calls.Load())
	require.Zero(t, testing.AllocsPerRun(100, func() { f.Keyset(t.Context(), "clinic-a") }))
}

// First users share one call, and who gives up does not end it for others.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestFirstUsersShareACall(t *testing.T) {
	f := newRing(t, nil)
	synctest.Test(t, func(t *testing.T) {
		r := f.other(t, nil)
		f.kms.set(nil, true)
		first, cancel := context.WithCancel(t.Context())
		gone := make(chan error, 1)
		go func() { _, err := r.Keyset(first, "clinic-a"); gone <- err }()
		synctest.Wait()
		errs := make(chan error, 50)
		for range cap(errs) {
			go func() { _, err := r.Keyset(t.Context(), "clinic-a"); errs <- err }()
		}
		synctest.Wait()
		cancel()
		require.ErrorIs(t, <-gone, context.Canceled)
		synctest.Wait()
		require.Empty(t, errs, "the others wait on")
		start := time.Now()
		for range cap(errs) {
			require.ErrorIs(t, <-errs, context.DeadlineExceeded)
		}
		require.Equal(t, keyset.DefaultTimeout, time.Since(start))
		require.EqualValues(t, 1, f.kms.calls.Load())
		f.kms.set(nil, false)
		require.NotZero(t, primary(t, r))
		require.EqualValues(t, 2, f.kms.calls.Load())
	})
}

// The store is read every Refresh, the KEK asked every Recheck, and a key that
// stays keeps its count.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRefreshAndRecheck(t *testing.T) {
	f := newRing(t, nil)
	synctest.Test(t, func(t *testing.T) {
		r := f.other(t, nil)
		s := sealer(t, r)
		use := func(d time.Duration) {
			for range int(d / time.Second) {
				_, err := s.AppendSeal(t.Context(), nil, nil, ref("clinic-a"))
				require.NoError(t, err)
				time.Sleep(time.Second)
			}
		}
		use(59 * time.Minute)
		require.EqualValues(t, 1, f.kms.calls.Load())
		require.InDelta(t, 59, f.store.reads.Load(), 1)
		use(4 * time.Minute)
		require.EqualValues(t, 2, f.kms.calls.Load())
		keys, err := r.Keyset(t.Context(), "clinic-a")
		require.NoError(t, err)
		require.EqualValues(t, 63*60, keys.Primary().Seals())
		synctest.Wait()
	})
}

// An outage of the store or the KEK ends nothing for Outage, then everything,
// and nothing has to be restarted after it.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.312(a)(1); NIST CSF 2.0 PR.DS-11.
func TestOutage(t *testing.T) {
	cases := map[string]struct {
		begin func(ringFixture)
		after time.Duration
	}{
		"store":      {func(f ringFixture) { f.store.down.Store(true) }, keyset.DefaultOutage},
		"KEK":        {func(f ringFixture) { f.kms.set(errors.New("unavailable"), false) }, keyset.DefaultRecheck + keyset.DefaultOutage},
		"KEK hangs":  {func(f ringFixture) { f.kms.set(nil, true) }, keyset.DefaultRecheck + keyset.DefaultOutage},
		"no network": {func(f ringFixture) { f.kms.set(&net.OpError{Op: "dial", Err: errors.New("refused")}, false) }, keyset.DefaultRecheck + keyset.DefaultOutage},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			f := newRing(t, nil)
			synctest.Test(t, func(t *testing.T) {
				r := f.other(t, nil)
				primary(t, r)
				c.begin(f)
				start := time.Now()
				var err error
				for err == nil {
					_, err = r.Keyset(t.Context(), "clinic-a")
					time.Sleep(10 * time.Second)
				}
				require.ErrorIs(t, err, keyset.ErrOutage)
				require.InDelta(t, c.after.Seconds(), time.Since(start).Seconds(), 150)
				_, err = r.Keyset(t.Context(), "clinic-a")
				require.Error(t, err)
				f.kms.set(nil, false)
				f.store.down.Store(false)
				primary(t, r)
				synctest.Wait()
			})
		})
	}
}

// What the KEK refuses is refused as soon as it is asked, and so is a tenant
// that is no more in the store.
//
// Controls: HIPAA 164.312(a)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestRefusalIsNoOutage(t *testing.T) {
	f := newRing(t, nil)
	synctest.Test(t, func(t *testing.T) {
		r := f.other(t, nil)
		primary(t, r)
		f.kms.set(fmt.Errorf("kms: %w", refuses{}), false)
		start := time.Now()
		var err error
		for err == nil {
			_, err = r.Keyset(t.Context(), "clinic-a")
			time.Sleep(time.Second)
		}
		require.ErrorIs(t, err, keyset.ErrUnwrap)
		require.ErrorIs(t, err, refuses{})
		require.InDelta(t, keyset.DefaultRecheck.Seconds(), time.Since(start).Seconds(), 130)
	})
}

// Swapped files of two tenants open for neither.
//
// Controls: HIPAA 164.312(a)(1), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestSwappedTenants(t *testing.T) {
	f := newRing(t, nil)
	require.NoError(t, f.Create(t.Context(), "clinic-b"))
	a, err := f.store.Store.Read(t.Context(), "clinic-a")
	require.NoError(t, err)
	b, err := f.store.Store.Read(t.Context(), "clinic-b")
	require.NoError(t, err)
	require.NoError(t, f.store.Write(t.Context(), "clinic-a", a, b))
	_, err = f.Keyset(t.Context(), "clinic-a")
	require.ErrorIs(t, err, crypto.ErrTenant)
	renamed := replace(b, "clinic-b", "clinic-a")
	require.NoError(t, f.store.Write(t.Context(), "clinic-a", b, renamed))
	_, err = f.Keyset(t.Context(), "clinic-a")
	require.ErrorIs(t, err, keyset.ErrUnwrap)
}

// No more keysets than Tenants are in memory, and all tenants work.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTenantsAreBounded(t *testing.T) {
	f := newRing(t, &keyset.Options{Tenants: 3})
	for i := range 10 {
		require.NoError(t, f.Create(t.Context(), fmt.Sprint("t", i)))
	}
	for range 3 {
		for i := range 10 {
			_, err := f.Keyset(t.Context(), fmt.Sprint("t", i))
			require.NoError(t, err)
		}
	}
	for range 100 {
		_, err := f.Keyset(t.Context(), "nobody")
		require.ErrorIs(t, err, crypto.ErrTenant)
	}
	report, err := f.Report(t.Context())
	require.NoError(t, err)
	require.LessOrEqual(t, report[0].Counters["tenants"], uint64(3))
	require.ErrorIs(t, f.Create(t.Context(), "t1"), fs.ErrExist)
}

// Controls: none, it is about arguments.
func TestRingRefusesOptions(t *testing.T) {
	f := newRing(t, nil)
	for name, o := range map[string]keyset.Options{
		"Refresh":        {Refresh: time.Millisecond},
		"long Refresh":   {Refresh: 2 * time.Hour},
		"Recheck":        {Refresh: time.Minute, Recheck: time.Second},
		"negative":       {Recheck: -1},
		"Outage":         {Outage: time.Second},
		"long Outage":    {Outage: 31 * 24 * time.Hour},
		"Timeout":        {Timeout: time.Hour},
		"Tenants":        {Tenants: -1},
		"many Tenants":   {Tenants: 2_000_000},
		"negative again": {Timeout: -1},
	} {
		_, err := keyset.NewRing(f.store, f.kms, &o)
		require.Error(t, err, name)
	}
	_, err := keyset.NewRing(nil, f.kms, nil)
	require.Error(t, err)
	_, err = keyset.NewRing(f.store, nil, nil)
	require.Error(t, err)
	require.Equal(t, "[keys]", fmt.Sprintf("%#v", f.Ring))
	_, err = f.Keyset(t.Context(), "")
	require.Error(t, err)
}
