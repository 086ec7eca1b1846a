package crypto_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// ring is Keys with one tenant's keys of known material. Every ring has keys
// of its own, as every process has.
type ring struct {
	mu   sync.Mutex
	set  *crypto.Keyset
	keys map[uint32]*crypto.Key
	from []uint32 // what Rotate was asked for
	fail error
}

// newRing returns the ring with the given ids, of which the last is primary.
func newRing(t testing.TB, ids ...uint32) *ring {
	t.Helper()
	r := &ring{keys: map[uint32]*crypto.Key{}}
	require.NoError(t, r.use(ids...))
	return r
}

// use replaces the keyset.
func (r *ring) use(ids ...uint32) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := make([]*crypto.Key, len(ids))
	for i, id := range ids {
		if r.keys[id] == nil {
			k, err := crypto.NewKey(id, pattern(100 + int(id))[:32])
			if err != nil {
				return err
			}
			r.keys[id] = k
		}
		keys[i] = r.keys[id]
	}
	set, err := crypto.NewKeyset(ids[len(ids)-1], keys...)
	r.set = set
	return err
}

func (r *ring) Keyset(_ context.Context, tenant string) (*crypto.Keyset, error) {
	if tenant != tenantA {
		return nil, crypto.ErrTenant
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.set, nil
}

// rotating is a ring that rotates from 1 to 2.
type rotating struct{ *ring }

func (r rotating) Rotate(_ context.Context, tenant string, from uint32) error {
	r.mu.Lock()
	r.from = append(r.from, from)
	primary := r.set.Primary().ID()
	r.mu.Unlock()
	if r.fail != nil || tenant != tenantA || from != primary {
		return r.fail
	}
	return r.use(1, 2)
}

func newSealer(t testing.TB, keys crypto.Keys, store crypto.SubjectKeys, opts crypto.Options) *crypto.Sealer {
	t.Helper()
	s, err := crypto.New(keys, store, unaudited(&opts))
	require.NoError(t, err)
	return s
}

// sealAll seals until an error, and returns how often it went well.
func sealAll(s *crypto.Sealer, ref crypto.Ref) (n int, err error) {
	for ; n < 1_000_000; n++ {
		if _, err := s.AppendSeal(context.Background(), nil, []byte("value"), ref); err != nil {
			return n, err
		}
	}
	return n, nil
}

// NIST SP 800-38D, 8.3: no more than 2^32 messages under random nonces. With
// a store that is the number of all processes together, restarts among them;
// without one, of this process.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSealLimitOfATenantKey(t *testing.T) {
	ref := refOf(crypto.NoSubject())
	for limit := range uint64(10) {
		opts := crypto.Options{SealLimit: limit + 1}
		store := cryptotest.NewSubjects()
		total := 0
		for range 3 {
			n, err := sealAll(newSealer(t, newRing(t, 1), store, opts), ref)
			require.Equal(t, crypto.ErrLimit, err)
			total += n
		}
		require.Equal(t, int(limit+1), total)

		alone := newSealer(t, newRing(t, 1), nil, opts)
		n, err := sealAll(alone, ref)
		require.Equal(t, crypto.ErrLimit, err)
		require.Equal(t, int(limit+1), n)
	}
	s := newSealer(t, newRing(t, 1), nil, crypto.Options{SealLimit: 1})
	sealed := seal(t, s, ref, "value")
	_, err := s.AppendSeal(t.Context(), nil, nil, ref)
	require.Equal(t, crypto.ErrLimit, err)
	_, err = s.AppendOpen(t.Context(), nil, sealed, ref)
	require.NoError(t, err, "opening has no limit")
}

// messagesByVersion counts the values by the version of the subject's key.
func messagesByVersion(t testing.TB, sealed [][]byte) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, b := range sealed {
		require.Equal(t, byte(0x53), b[0])
		count[string(b[1:9])]++
	}
	return count
}

// A subject's key gets a new version at half of its limit, of which the
// program is told.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestHalfOfTheLimitOfASubjectKey(t *testing.T) {
	var events []crypto.BudgetEvent
	store := cryptotest.NewSubjects()
	opts := crypto.Options{SealLimit: 20, OnBudget: func(e crypto.BudgetEvent) { events = append(events, e) }}
	s := newSealer(t, newRing(t, 1), store, opts)
	var sealed [][]byte
	for range 35 {
		sealed = append(sealed, seal(t, s, refOf(patient(1)), "value"))
	}
	require.Equal(t, map[string]int{
		"\x00\x00\x00\x01\x00\x00\x00\x01": 10, "\x00\x00\x00\x01\x00\x00\x00\x02": 10,
		"\x00\x00\x00\x01\x00\x00\x00\x03": 10, "\x00\x00\x00\x01\x00\x00\x00\x04": 5,
	}, messagesByVersion(t, sealed))
	event := crypto.BudgetEvent{Tenant: tenantA, KeyID: 1, Subject: true, Leased: 10, Limit: 20}
	require.Equal(t, []crypto.BudgetEvent{event, event, event}, events)
	for _, b := range sealed {
		_, err := newSealer(t, newRing(t, 1), store, opts).AppendOpen(t.Context(), nil, b, refOf(patient(1)))
		require.NoError(t, err)
	}
}

// When the record is full of versions, the last one stops at its limit.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSealLimitOfASubjectKey(t *testing.T) {
	const limit = 300
	ring, exhausted := newRing(t, 1), 0
	s := newSealer(t, ring, cryptotest.NewSubjects(), crypto.Options{SealLimit: limit, OnBudget: func(e crypto.BudgetEvent) {
		if e.Subject && e.Exhausted {
			exhausted++
		}
	}})
	ref := refOf(patient(1))
	sealed := seal(t, s, ref, "value")
	rotate := func(i int) { require.NoError(t, ring.use(uint32(1+i%2), uint32(1+(i+1)%2))) }
	for i := range 254 {
		rotate(i)
		_, err := s.AppendRewrap(t.Context(), nil, sealed, ref)
		require.NoError(t, err)
	}
	n, err := sealAll(s, ref)
	require.Equal(t, crypto.ErrLimit, err)
	require.Equal(t, limit-1, n, "one was a rewrap")
	_, err = sealAll(s, ref)
	require.Equal(t, crypto.ErrLimit, err)
	require.Equal(t, 1, exhausted, "told once")
	rotate(254)
	_, err = s.AppendRewrap(t.Context(), nil, sealed, ref)
	require.ErrorIs(t, err, crypto.ErrLimit)
	require.ErrorContains(t, err, "prune")
	_, err = s.AppendOpen(t.Context(), nil, sealed, ref)
	require.NoError(t, err)
}

// What is left of a lease outlives the ready key, so that a subject who comes
// and goes costs no lease each time.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestLeaseOutlivesTheCache(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSealer(t, newRing(t, 1), cryptotest.NewSubjects(), crypto.Options{})
		for range 10 {
			seal(t, s, refOf(patient(1)), "value")
			time.Sleep(2 * crypto.DefaultSubjectTTL)
		}
		report, err := s.Report(t.Context())
		require.NoError(t, err)
		require.Equal(t, uint64(1), report[0].Counters["budget.leases"], "that of the tenant key")
		require.Equal(t, uint64(1), report[0].Counters["subject.versions"])
	})
}

// At half the program is told once, and a Rotator is asked until the key is
// no longer the primary. A rotation that fails fails no sealing.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestHalfOfTheLimit(t *testing.T) {
	ref := refOf(crypto.NoSubject())
	for name, store := range map[string]crypto.SubjectKeys{"with a store": cryptotest.NewSubjects(), "without": nil} {
		t.Run(name, func(t *testing.T) {
			var events []crypto.BudgetEvent
			opts := crypto.Options{SealLimit: 10, OnBudget: func(e crypto.BudgetEvent) { events = append(events, e) }}
			keys := rotating{newRing(t, 1)}
			keys.fail = errOutage
			s := newSealer(t, keys, store, opts)
			for range 5 {
				require.Equal(t, byte(1), seal(t, s, ref, "value")[4])
			}
			require.Empty(t, events)
			seal(t, s, ref, "value")
			require.Len(t, events, 1)
			require.Equal(t, errOutage, events[0].RotateErr)
			require.False(t, events[0].Exhausted)
			require.GreaterOrEqual(t, events[0].Leased, uint64(5))

			keys.fail = nil
			require.NoError(t, keys.Rotate(t.Context(), tenantA, 1))
			events = nil
			for range 5 {
				require.Equal(t, byte(2), seal(t, s, ref, "value")[4], "a new primary has a count of its own")
			}
			require.Empty(t, events)
		})
	}
}

// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestRotationAtHalf(t *testing.T) {
	ref := refOf(crypto.NoSubject())
	var events []crypto.BudgetEvent
	keys := rotating{newRing(t, 1)}
	s := newSealer(t, keys, cryptotest.NewSubjects(), crypto.Options{
		SealLimit: 10, OnBudget: func(e crypto.BudgetEvent) { events = append(events, e) },
	})
	var ids []byte
	for range 12 {
		ids = append(ids, seal(t, s, ref, "value")[4])
	}
	require.Equal(t, []byte{1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2}, ids)
	require.Equal(t, []uint32{1, 2}, keys.from)
	require.Equal(t, []crypto.BudgetEvent{
		{Tenant: tenantA, KeyID: 1, Leased: 6, Limit: 10}, {Tenant: tenantA, KeyID: 2, Leased: 6, Limit: 10},
	}, events)
	budget, err := s.Budget(t.Context(), tenantA)
	require.NoError(t, err)
	require.Equal(t, crypto.Budget{KeyID: 2, Leased: 6, Limit: 10, Shared: true}, budget)

	n, err := sealAll(s, ref)
	require.Equal(t, crypto.ErrLimit, err)
	require.Equal(t, 4, n)
	require.True(t, events[len(events)-1].Exhausted)
	told := len(events)
	_, err = sealAll(s, ref)
	require.Equal(t, crypto.ErrLimit, err)
	require.Len(t, events, told, "told once")
}

// Many goroutines of many Sealers never overrun a limit, and use all of it.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSealLimitUnderConcurrency(t *testing.T) {
	const limit = 20_000 // leased in blocks of 4
	store := cryptotest.NewSubjects()
	var total atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		s := newSealer(t, newRing(t, 1), store, crypto.Options{SealLimit: limit})
		for range 4 {
			wg.Go(func() {
				n, err := sealAll(s, refOf(crypto.NoSubject()))
				if err != crypto.ErrLimit {
					t.Errorf("got %v", err)
				}
				total.Add(int64(n))
			})
		}
	}
	wg.Wait()
	require.EqualValues(t, limit, total.Load())
}

// A store that is away refuses what is not leased, and takes nothing from the
// limit.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestOutageTakesNothingFromTheLimit(t *testing.T) {
	store := &switchable{SubjectKeys: cryptotest.NewSubjects()}
	s := newSealer(t, newRing(t, 1), store, crypto.Options{SealLimit: 10})
	ref := refOf(crypto.NoSubject())
	seal(t, s, ref, "value")
	store.down.Store(true)
	for range 1000 {
		_, err := s.AppendSeal(t.Context(), nil, nil, ref)
		require.ErrorIs(t, err, errOutage)
	}
	store.down.Store(false)
	n, err := sealAll(s, ref)
	require.Equal(t, crypto.ErrLimit, err)
	require.Equal(t, 9, n)
}

// switchable is a store that is down at times.
type switchable struct {
	crypto.SubjectKeys
	down atomic.Bool
}

func (s *switchable) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	if s.down.Load() {
		return nil, errOutage
	}
	return s.SubjectKeys.Get(ctx, tenant, name)
}

// Who waits for another's lease can be cancelled.
//
// Controls: none, it is about cancellation.
func TestWaitingForALeaseIsCancellable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSealer(t, newRing(t, 1), slow{cryptotest.NewSubjects(), time.Hour}, crypto.Options{})
		var first sync.WaitGroup
		first.Go(func() { seal(t, s, refOf(crypto.NoSubject()), "value") })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := s.AppendSeal(ctx, nil, nil, refOf(crypto.NoSubject()))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		first.Wait()
	})
}

const countOfKey1 = "budget00000001"

// A count that was altered, destroyed, put back to what it was, or removed is
// no fresh start.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestAlteredCount(t *testing.T) {
	opts := crypto.Options{SealLimit: 100}
	ref := refOf(crypto.NoSubject())
	var first, now []byte
	prepare := func(t *testing.T) (*cryptotest.Subjects, *crypto.Sealer) {
		store := cryptotest.NewSubjects()
		s := newSealer(t, newRing(t, 1), store, opts)
		var err error
		seal(t, s, ref, "value")
		first, err = store.Get(t.Context(), tenantA, countOfKey1)
		require.NoError(t, err)
		seal(t, s, refOf(patient(1)), "value")
		now, err = store.Get(t.Context(), tenantA, countOfKey1)
		require.NoError(t, err)
		return store, s
	}
	refused := func(t *testing.T, s *crypto.Sealer) {
		t.Helper()
		_, err := s.AppendSeal(t.Context(), nil, nil, ref)
		require.ErrorIs(t, err, crypto.ErrCount)
	}
	t.Run("altered", func(t *testing.T) {
		store, s := prepare(t)
		for i := range now {
			altered := append([]byte(nil), now...)
			altered[i] ^= 1
			require.NoError(t, store.Put(t.Context(), tenantA, countOfKey1, now, altered))
			refused(t, s)
			refused(t, newSealer(t, newRing(t, 1), store, opts))
			require.NoError(t, store.Put(t.Context(), tenantA, countOfKey1, altered, now))
		}
		seal(t, s, ref, "value")
	})
	t.Run("another key's", func(t *testing.T) {
		store, _ := prepare(t)
		require.NoError(t, store.Put(t.Context(), tenantA, "budget00000002", nil, now))
		refused(t, newSealer(t, newRing(t, 1, 2), store, opts))
	})
	t.Run("destroyed", func(t *testing.T) {
		store, s := prepare(t)
		require.NoError(t, store.Destroy(t.Context(), tenantA, countOfKey1))
		refused(t, s)
		refused(t, newSealer(t, newRing(t, 1), store, opts))
	})
	t.Run("put back", func(t *testing.T) {
		store, s := prepare(t)
		require.NoError(t, store.Put(t.Context(), tenantA, countOfKey1, now, first))
		refused(t, s)
	})
	t.Run("removed", func(t *testing.T) {
		store, s := prepare(t)
		without := without{store, countOfKey1}
		refused(t, newSealer(t, newRing(t, 1), without, opts))
		_ = s
	})
	t.Run("removed after a rotation", func(t *testing.T) {
		store := cryptotest.NewSubjects()
		seal(t, newSealer(t, newRing(t, 1), store, opts), refOf(patient(1)), "value")
		s := newSealer(t, newRing(t, 1, 2), store, opts)
		seal(t, s, ref, "value")
		require.Positive(t, rewrapAll(t, s, 100).Changed)
		refused(t, newSealer(t, newRing(t, 1, 2), without{store, "budget00000002"}, opts))
	})
	t.Run("never there", func(t *testing.T) {
		store := cryptotest.NewSubjects()
		seal(t, newSealer(t, newRing(t, 1), store, opts), refOf(patient(1)), "value")
		s := newSealer(t, newRing(t, 1, 2), store, opts)
		require.Equal(t, byte(2), seal(t, s, ref, "value")[4], "a new primary has no count yet")
	})
}

// without is a store from which one record was removed.
type without struct {
	crypto.SubjectKeys
	name string
}

func (w without) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	if name == w.name {
		return nil, crypto.ErrNotFound
	}
	return w.SubjectKeys.Get(ctx, tenant, name)
}

// A store that answers every Put with a conflict is an error, not a loop for
// ever.
//
// Controls: none, it is about a broken store.
func TestStoreInConflictForEver(t *testing.T) {
	s := newSealer(t, newRing(t, 1), conflicting{cryptotest.NewSubjects()}, crypto.Options{})
	for _, subject := range subjects {
		_, err := s.AppendSeal(t.Context(), nil, nil, refOf(subject))
		require.True(t, errors.Is(err, crypto.ErrConflict), fmt.Sprint(err))
	}
}

type conflicting struct{ crypto.SubjectKeys }

func (conflicting) Put(context.Context, string, string, []byte, []byte) error {
	return crypto.ErrConflict
}
