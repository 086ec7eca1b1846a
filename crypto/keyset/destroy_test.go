package keyset_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/keyset/keysettest"
)

// far is a process that may lose the store which others go on using.
func (f ringFixture) far(t *testing.T, opts *keyset.Options) (*keyset.Ring, *cut) {
	t.Helper()
	store := &cut{Store: f.store}
	r, err := keyset.NewRing(store, f.kms, opts)
	require.NoError(t, err)
	return r, store
}

// cut is a store of which one process is cut off: at once, or with reads that
// hang until they time out, or that answer, but late.
type cut struct {
	keyset.Store
	off, hangs atomic.Bool
	late       atomic.Int64
	reading    atomic.Int64
}

func (c *cut) Read(ctx context.Context, tenant string) ([]byte, error) {
	c.reading.Add(1)
	defer c.reading.Add(-1)
	content, err := c.Store.Read(ctx, tenant)
	if c.hangs.Load() {
		<-ctx.Done()
	}
	time.Sleep(time.Duration(c.late.Load()))
	if c.off.Load() {
		return nil, errAway
	}
	return content, err // what it was when the read began
}

// A process that cannot read the store goes on sealing under a key that the
// others rotated away and disabled. The key is not destroyed before every such
// process must have forgotten it, whatever its own options say.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestNoKeyIsDestroyedWhileAProcessUsesIt(t *testing.T) {
	month := 30 * 24 * time.Hour
	cases := map[string]struct {
		made, process *keyset.Options
		hangs         bool
		every         time.Duration // how often the process seals
	}{
		"defaults":         {nil, nil, false, 10 * time.Second},
		"seldom in use":    {nil, nil, false, 100 * time.Second},
		"reads hang":       {nil, nil, true, 7 * time.Second},
		"a longer outage":  {nil, &keyset.Options{Outage: month}, false, time.Minute},
		"a longer refresh": {nil, &keyset.Options{Refresh: time.Hour, Timeout: time.Minute}, true, 10 * time.Second},
		"made to measure":  {&keyset.Options{Refresh: time.Second, Outage: time.Minute}, &keyset.Options{Outage: month}, true, time.Second},
		"a shorter one":    {&keyset.Options{Outage: 3 * 24 * time.Hour}, &keyset.Options{Refresh: time.Second, Outage: time.Minute}, false, 10 * time.Second},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newRing(t, c.made)
				ctx := t.Context()
				process, store := f.far(t, c.process)
				old := primary(t, process)
				time.Sleep(30 * time.Second) // its next look is near
				store.off.Store(!c.hangs)
				store.hangs.Store(c.hangs)
				require.NoError(t, f.Rotate(ctx, "clinic-a", old))
				facts, err := f.Facts(ctx, "clinic-a")
				require.NoError(t, err)
				for f.Disable(ctx, "clinic-a", old) != nil {
					time.Sleep(time.Second)
				}
				facts, err = f.Facts(ctx, "clinic-a")
				require.NoError(t, err)
				at := facts.Keys[0].Destroyable
				require.False(t, at.IsZero())

				lost := func() bool { return f.DestroyKey(ctx, "clinic-a", old, keyset.Confirmation("clinic-a", old)) == nil }
				outlived := false
				for time.Now().Before(at) {
					keys, err := process.Keyset(ctx, "clinic-a")
					outlived = outlived || err == nil && keys.Primary().ID() == old
					if time.Now().Before(at) { // the process may have waited
						require.False(t, lost())
					}
					time.Sleep(min(c.every, max(time.Until(at), time.Nanosecond)))
				}
				require.True(t, outlived || name == "a shorter one", "the process did use it meanwhile")
				require.True(t, lost(), "now it may go")
				_, err = process.Keyset(ctx, "clinic-a")
				require.ErrorIs(t, err, keyset.ErrOutage)
				synctest.Wait()
			})
		})
	}
}

// An outage counts from when the last good look began, to the second, also for
// a tenant that was not in use when it was over.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func TestOutageEndsToTheSecond(t *testing.T) {
	f := newRing(t, nil)
	for _, idle := range []time.Duration{time.Second, 30 * time.Second, time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			process, store := f.far(t, nil)
			end := time.Now().Add(24 * time.Hour)
			store.late.Store(int64(9 * time.Second))
			primary(t, process)
			store.late.Store(0)
			store.off.Store(true)
			for time.Until(end) > idle {
				primary(t, process)
				time.Sleep(min(10*time.Second, time.Until(end)-idle+time.Nanosecond))
			}
			primary(t, process)
			time.Sleep(time.Until(end) + time.Nanosecond)
			_, err := process.Keyset(t.Context(), "clinic-a")
			require.ErrorIs(t, err, keyset.ErrOutage)
			synctest.Wait()
		})
	}
}

// A look that took so long that what it read may be long gone is none.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestLateAnswersCountAsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newRing(t, &keyset.Options{Refresh: time.Second, Outage: 2 * time.Second, UnsafeSealAtOnce: true})
		process, store := f.far(t, &keyset.Options{Timeout: 30 * time.Second})
		store.late.Store(int64(20 * time.Second))
		old := primary(t, f.Ring)
		got := make(chan error)
		go func() {
			_, err := process.Keyset(t.Context(), "clinic-a")
			got <- err
		}()
		time.Sleep(time.Second)
		require.NoError(t, f.Rotate(t.Context(), "clinic-a", old))
		require.NoError(t, f.Disable(t.Context(), "clinic-a", old))
		time.Sleep(6 * time.Second)
		require.NoError(t, f.DestroyKey(t.Context(), "clinic-a", old, keyset.Confirmation("clinic-a", old)))
		require.ErrorIs(t, <-got, keyset.ErrOutage, "it read the old keyset before")
		store.late.Store(0)
		require.NotEqual(t, old, primary(t, process))
		synctest.Wait()
	})
}

// It says until when, and an option for who has no other process does not wait.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestDestroyKeyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newRing(t, &keyset.Options{UnsafeSealAtOnce: true})
		old := primary(t, f.Ring)
		require.NoError(t, f.Rotate(t.Context(), "clinic-a", old))
		require.NoError(t, f.Disable(t.Context(), "clinic-a", old))
		until := time.Now().Truncate(time.Second).Add(24*time.Hour + 3*time.Minute + time.Second)
		for _, wait := range []time.Duration{0, 24 * time.Hour, 3 * time.Minute} {
			time.Sleep(wait)
			err := f.DestroyKey(t.Context(), "clinic-a", old, keyset.Confirmation("clinic-a", old))
			require.ErrorIs(t, err, keyset.ErrInUse)
			require.ErrorContains(t, err, "until "+until.UTC().Format(time.RFC3339))
		}
		require.NoError(t, f.Enable(t.Context(), "clinic-a", old))
		require.NoError(t, f.Disable(t.Context(), "clinic-a", old))
		time.Sleep(time.Minute)
		require.ErrorIs(t, f.DestroyKey(t.Context(), "clinic-a", old, keyset.Confirmation("clinic-a", old)), keyset.ErrInUse, "it counts anew")
		at := f.other(t, &keyset.Options{UnsafeDestroyAtOnce: true})
		require.NoError(t, at.DestroyKey(t.Context(), "clinic-a", old, keyset.Confirmation("clinic-a", old)))
		synctest.Wait()
	})
}

// A guard is asked for keys and for keysets, and its refusal changes nothing.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestGuard(t *testing.T) {
	held := errors.New("under legal hold")
	var asked []uint32
	f := newRing(t, &keyset.Options{UnsafeSealAtOnce: true, UnsafeDestroyAtOnce: true, Guard: func(_ context.Context, tenant string, id uint32) error {
		require.Equal(t, "clinic-a", tenant)
		asked = append(asked, id)
		return held
	}})
	ctx, old := t.Context(), primary(t, f.Ring)
	require.NoError(t, f.Rotate(ctx, "clinic-a", old))
	require.NoError(t, f.Disable(ctx, "clinic-a", old))
	before := fingerprint(t, f)
	require.ErrorIs(t, f.DestroyKey(ctx, "clinic-a", old, ""), keyset.ErrConfirm)
	require.Empty(t, asked)
	require.ErrorIs(t, f.DestroyKey(ctx, "clinic-a", old, keyset.Confirmation("clinic-a", old)), held)
	require.ErrorIs(t, f.DestroyKeyset(ctx, "clinic-a", keyset.Confirmation("clinic-a", 0)), held)
	_, _, err := keyset.Destroyer{Ring: f.Ring}.DestroyKeyset(ctx, "clinic-a")
	require.ErrorIs(t, err, held)
	require.Equal(t, []uint32{old, 0, 0}, asked)
	require.Equal(t, before, fingerprint(t, f))
}

// contended is a store in which somebody else writes first, a few times.
type contended struct {
	keysettest.Store
	left int
}

func (c *contended) Write(ctx context.Context, tenant string, old, content []byte) error {
	if c.left > 0 && old != nil {
		c.left--
		return keyset.ErrConflict
	}
	return c.Store.Write(ctx, tenant, old, content)
}

// A keyset is destroyed though others change it at the same time.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestDestroyKeysetTriesAgain(t *testing.T) {
	f := newRing(t, nil)
	store := &contended{left: 3}
	r, err := keyset.NewRing(store, f.kms, nil)
	require.NoError(t, err)
	require.NoError(t, r.Create(t.Context(), "clinic-a"))
	ids, _, err := keyset.Destroyer{Ring: r}.DestroyKeyset(t.Context(), "clinic-a")
	require.NoError(t, err)
	require.Len(t, ids, 1)
	require.Zero(t, store.left)
}

// A keyset in format 1 names its keys too, in what is left of it and before.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestDestroyKeysetOfFormat1(t *testing.T) {
	f := newRing(t, nil)
	content, err := os.ReadFile(filepath.Join(goldenDisk, "keyset"))
	require.NoError(t, err)
	const id = 975942259 // the one that it has
	require.NoError(t, f.store.Write(t.Context(), "clinic", nil, content))
	all, err := f.KeyFacts(t.Context())
	require.NoError(t, err)
	require.Equal(t, crypto.KeyFact{
		Tenant: "clinic", ID: id, Primary: true, Enabled: true, Created: all[0].Created, Location: crypto.LocationSameHost,
	}, all[0])
	ids, bound, err := keyset.Destroyer{Ring: f.Ring}.DestroyKeyset(t.Context(), "clinic")
	require.NoError(t, err)
	require.Equal(t, []uint32{id}, ids)
	require.Equal(t, 24*time.Hour+3*time.Minute+time.Second, bound)

	unnamed := replace(content, `"keyId": 975942259`, `"keyId": 0`)
	_, err = keyset.Remains(unnamed, "clinic")
	require.ErrorIs(t, err, keyset.ErrFormat, "a certificate must not leave a key out")
}
