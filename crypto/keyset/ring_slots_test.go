package keyset_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// Who asks for tenants that do not exist pushes none out of memory, and so
// nobody loses a tenant while the store is away.
//
// Controls: HIPAA 164.312(a)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.AA-05, PR.DS-11.
func TestUnknownTenantsTakeNoPlace(t *testing.T) {
	f := newRing(t, &keyset.Options{Tenants: 4})
	ctx := t.Context()
	names := []string{"clinic-a", "t1", "t2", "t3"}
	for _, name := range names {
		if name != "clinic-a" {
			require.NoError(t, f.Create(ctx, name))
		}
		_, err := f.Keyset(ctx, name)
		require.NoError(t, err)
	}
	for i := range 100 {
		_, err := f.Keyset(ctx, fmt.Sprint("nobody", i))
		require.ErrorIs(t, err, crypto.ErrTenant)
	}
	f.store.down.Store(true)
	for i := range 100 {
		_, err := f.Keyset(ctx, fmt.Sprint("nobody", i))
		require.ErrorIs(t, err, keyset.ErrOutage)
	}
	for _, name := range names {
		_, err := f.Keyset(ctx, name)
		require.NoError(t, err, name)
	}
}

// Callers who leave do not leave a load behind each: those of tenants that are
// not in memory are bounded, and those in memory need not wait for them.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.312(a)(1); NIST CSF 2.0 PR.DS-11.
func TestFirstLoadsAreBounded(t *testing.T) {
	f := newRing(t, &keyset.Options{Tenants: 100})
	synctest.Test(t, func(t *testing.T) {
		r, store := f.far(t, &keyset.Options{Refresh: 5 * time.Second, Timeout: 4 * time.Second})
		primary(t, r)
		store.hangs.Store(true)
		ctx, cancel := context.WithCancel(t.Context())
		var left sync.WaitGroup
		for i := range 5000 {
			left.Go(func() {
				_, err := r.Keyset(ctx, fmt.Sprint("x", i))
				require.ErrorIs(t, err, context.Canceled)
			})
		}
		synctest.Wait()
		cancel()
		left.Wait()
		require.EqualValues(t, 64, store.reading.Load())
		wait, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.Keyset(wait, "clinic-b")
		require.ErrorIs(t, err, context.DeadlineExceeded, "who waits for a place can give up, too")
		store.hangs.Store(false)
		time.Sleep(4 * time.Second)
		primary(t, r)
		_, err = r.Keyset(t.Context(), "clinic-b")
		require.ErrorIs(t, err, crypto.ErrTenant, "the places are free again")
		time.Sleep(time.Minute)
	})
}

// Many tenants come and go at once, with changes, cancelled callers and
// tenants that are none. Nobody waits for ever and every tenant works on.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestTenantsComeAndGo(t *testing.T) {
	f := newRing(t, &keyset.Options{Tenants: 3, UnsafeSealAtOnce: true})
	ctx := t.Context()
	for i := range 6 {
		require.NoError(t, f.Create(ctx, fmt.Sprint("t", i)))
	}
	var all sync.WaitGroup
	for w := range 8 {
		all.Go(func() {
			for i := range 300 {
				name := fmt.Sprint("t", (i*7+w)%9) // 6 to 8 are none
				short, cancel := context.WithTimeout(ctx, time.Duration(i%5)*50*time.Microsecond)
				f.Keyset(short, name)
				cancel()
				keys, err := f.Keyset(ctx, name)
				if err == nil && i%60 == 0 {
					err = f.Rotate(ctx, name, keys.Primary().ID())
				}
				if err != nil && !errors.Is(err, crypto.ErrTenant) {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	for i := range 6 {
		facts, err := f.Facts(ctx, fmt.Sprint("t", i))
		require.NoError(t, err)
		keys, err := f.Keyset(ctx, fmt.Sprint("t", i))
		require.NoError(t, err)
		require.Equal(t, facts.Primary, keys.Primary().ID(), "what this process changed it sees at once")
	}
	report, err := f.Report(ctx)
	require.NoError(t, err)
	require.LessOrEqual(t, report[0].Counters["tenants"], uint64(3))
}

// A tenant that left memory is not answered from an old copy of what was there.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestWhoLeftIsNotAnswered(t *testing.T) {
	f := newRing(t, &keyset.Options{Tenants: 1, UnsafeSealAtOnce: true})
	require.NoError(t, f.Create(t.Context(), "clinic-b"))
	for range 3 {
		primary(t, f.Ring)
	}
	old := primary(t, f.Ring)
	_, err := f.Keyset(t.Context(), "clinic-b")
	require.NoError(t, err)
	require.NoError(t, f.Rotate(t.Context(), "clinic-a", old))
	require.NotEqual(t, old, primary(t, f.Ring))
}

// A tenant that was refused for a while goes on counting where it was: a
// process cannot seal beyond the limit by losing its keys and getting them
// again.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.402(2); NIST CSF 2.0 PR.DS-01.
func TestRefusalsResetNoCount(t *testing.T) {
	for name, c := range map[string]struct {
		begin func(ringFixture)
		lasts time.Duration
	}{
		"refusal":     {func(f ringFixture) { f.kms.set(refuses{}, false) }, 3 * time.Hour},
		"long outage": {func(f ringFixture) { f.store.down.Store(true) }, 25 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			f := newRing(t, nil)
			synctest.Test(t, func(t *testing.T) {
				r := f.other(t, nil)
				s, err := crypto.New(keysOnly{r}, nil, &crypto.Options{UnsafeUnaudited: true, SealLimit: 1000})
				require.NoError(t, err)
				total := 0
				for range 3 {
					for {
						if _, err := s.AppendSeal(t.Context(), nil, nil, ref("clinic-a")); err != nil {
							require.ErrorIs(t, err, crypto.ErrLimit)
							break
						}
						total++
					}
					c.begin(f)
					time.Sleep(c.lasts)
					for range 3 {
						r.Keyset(t.Context(), "clinic-a")
						synctest.Wait()
					}
					_, err := r.Keyset(t.Context(), "clinic-a")
					require.Error(t, err)
					report, err := r.Report(t.Context())
					require.NoError(t, err)
					require.Zero(t, report[0].Counters["tenants"], "what was refused is not in use")
					f.kms.set(nil, false)
					f.store.down.Store(false)
					primary(t, r)
				}
				require.Equal(t, 1000, total)
				synctest.Wait()
			})
		})
	}
}

// keysOnly cannot rotate.
type keysOnly struct{ crypto.Keys }

// A file that no store wrote is left alone; no error names a path, which may
// name a tenant.
//
// Controls: HIPAA 164.312(c)(1), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestStrayFiles(t *testing.T) {
	dir := t.TempDir()
	r := processRing(t, dir)
	long := "Clinic of St. Mary"
	require.NoError(t, r.Create(t.Context(), "clinic-a"))
	require.NoError(t, r.Create(t.Context(), long))
	for _, name := range []string{
		"copy of t-clinic-a.keyset", "t-clinic a.keyset", "t-.keyset", "x-.keyset", "x-00.keyset", "y.keyset", ".keyset",
		"t-clinic-a.keyset.bak", "clinic-b.keyset",
	} {
		writeFile(t, filepath.Join(dir, "keysets", name), []byte("x"))
	}
	store, err := keyset.OpenDirStore(filepath.Join(dir, "keysets"))
	require.NoError(t, err)
	tenants, err := store.Tenants(t.Context(), "", 10)
	require.NoError(t, err)
	require.Equal(t, []string{long, "clinic-a"}, tenants)
	facts, err := r.KeyFacts(t.Context())
	require.NoError(t, err)
	require.Len(t, facts, 2)
	// A damaged file of a tenant is another thing than somebody's copy.
	writeFile(t, filepath.Join(dir, "keysets", fmt.Sprintf("x-%064d.keyset", 1)), []byte("x"))
	_, err = store.Tenants(t.Context(), "", 10)
	require.ErrorIs(t, err, keyset.ErrFormat)
}

// Controls: HIPAA 164.312(c)(1), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestErrorsNameNoPath(t *testing.T) {
	kek, err := keyset.CreateFileKEK(filepath.Join(t.TempDir(), "kek"))
	require.NoError(t, err)
	gone := filepath.Join(t.TempDir(), "tenant-of-a-celebrity", "keyset")
	_, create := keyset.Create(t.Context(), gone, "clinic-a", kek)
	_, load := keyset.Load(t.Context(), gone, "clinic-a", kek)
	_, makeKEK := keyset.CreateFileKEK(gone)
	_, openKEK := keyset.OpenFileKEK(gone)
	_, openDir := keyset.OpenDirStore(gone)
	for name, err := range map[string]error{"create": create, "load": load, "make KEK": makeKEK, "open KEK": openKEK, "dir": openDir} {
		require.ErrorContains(t, err, "no such file", name)
		require.NotContains(t, err.Error(), "celebrity", name)
	}
}

func writeFile(t *testing.T, path string, content []byte) {
	t.Helper()
	require.NoError(t, os.WriteFile(path, content, 0o600))
}
