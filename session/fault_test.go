package session_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

var errDown = errors.New("dial tcp db-7.internal: connection refused")

// faulty is a store behind a network that fails on demand.
type faulty struct {
	session.Store
	down   bool                     // every call fails
	swaps  bool                     // Create answers for another session
	change error                    // what CompareAndSet returns
	hangs  bool                     // every call waits until its context is done
	lies   func(v *session.Verdict) // changes the answers
	seen   []session.Probe          // what was asked
}

func newFaulty(t testing.TB) *faulty {
	s, err := memstore.New(nil)
	require.NoError(t, err)
	return &faulty{Store: s}
}

// Immediate hides that of memstore: this store is far away.
func (f *faulty) Immediate() bool { return false }

func (f *faulty) fault(ctx context.Context) error {
	if f.hangs {
		<-ctx.Done()
	}
	if f.down {
		return errDown
	}
	return ctx.Err()
}

func (f *faulty) Create(ctx context.Context, r session.Record) (session.Record, error) {
	if err := f.fault(ctx); err != nil {
		return session.Record{}, err
	}
	r, err := f.Store.Create(ctx, r)
	if f.swaps {
		r.ID = "another"
	}
	return r, err
}

func (f *faulty) CheckTouch(ctx context.Context, p session.Probe) (session.Verdict, error) {
	f.seen = append(f.seen, p)
	if err := f.fault(ctx); err != nil {
		return session.Verdict{}, err
	}
	v, err := f.Store.CheckTouch(ctx, p)
	if f.lies != nil {
		f.lies(&v)
	}
	return v, err
}

func (f *faulty) CompareAndSet(ctx context.Context, c session.Change) error {
	if f.change != nil {
		return f.change
	}
	if err := f.fault(ctx); err != nil {
		return err
	}
	return f.Store.CompareAndSet(ctx, c)
}

func (f *faulty) End(ctx context.Context, s session.Selector, why session.Reason) ([]session.ID, error) {
	if err := f.fault(ctx); err != nil {
		return nil, err
	}
	return f.Store.End(ctx, s, why)
}

func (f *faulty) List(ctx context.Context, tenant, user string) ([]session.Record, error) {
	if err := f.fault(ctx); err != nil {
		return nil, err
	}
	return f.Store.List(ctx, tenant, user)
}

// Whatever is asked of a store that is down or does not answer is denied, and
// the error neither repeats the store's words nor hides them from errors.Is.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.312(d); NIST CSF 2.0 PR.AA-05.
func TestStoreFailureIsDenial(t *testing.T) {
	for _, c := range []struct {
		name  string
		spoil func(*faulty)
		cause error
	}{
		{"down", func(f *faulty) { f.down = true }, errDown},
		{"hangs", func(f *faulty) { f.hangs = true }, context.DeadlineExceeded},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := newFaulty(t)
				m, err := session.New(store, nil)
				require.NoError(t, err)
				token, info := start(t, m)
				c.spoil(store)
				began := time.Now()
				for name, call := range map[string]func() error{
					"Check":  func() error { _, err := m.Check(t.Context(), token, session.Active); return err },
					"Rotate": func() error { _, _, err := m.Rotate(t.Context(), token); return err },
					"End":    func() error { return m.End(t.Context(), info.ID, session.Revoked) },
					"EndUser": func() error {
						_, err := m.EndUser(t.Context(), "north", "u-17", session.Revoked)
						return err
					},
					"List":  func() error { _, err := m.List(t.Context(), "north", "u-17"); return err },
					"Start": func() error { _, _, err := m.Start(t.Context(), ada); return err },
				} {
					err := call()
					require.ErrorIs(t, err, session.ErrStore, name)
					require.ErrorIs(t, err, c.cause, name)
					require.Equal(t, "session: refused: session.store", err.Error(), name)
				}
				require.LessOrEqual(t, time.Since(began), 6*250*time.Millisecond)
			})
		})
	}
}

// An answer that is none is a denial.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestStrangeAnswersAreDenials(t *testing.T) {
	store := newFaulty(t)
	m, err := session.New(store, nil)
	require.NoError(t, err)
	token, _ := start(t, m)
	store.lies = func(v *session.Verdict) { *v = session.Verdict{} }
	_, err = m.Check(t.Context(), token, session.Active)
	require.ErrorIs(t, err, session.ErrUnknown)
	store.lies = func(v *session.Verdict) { v.Record.ID = "another" }
	_, err = m.Check(t.Context(), token, session.Active)
	require.ErrorIs(t, err, session.ErrStore)
	store.lies = func(v *session.Verdict) { v.Reason = 200 }
	_, err = m.Check(t.Context(), token, session.Active)
	require.ErrorIs(t, err, session.ErrEnded)
	store.swaps = true
	_, _, err = m.Start(t.Context(), ada)
	require.ErrorIs(t, err, session.ErrStore)
}

// What a change of the token can run into, each with its own error.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestRotateFails(t *testing.T) {
	for _, c := range []struct{ given, want error }{
		{session.ErrConflict, session.ErrConflict},
		{session.ErrEnded, session.ErrEnded},
		{session.ErrUnknown, session.ErrUnknown},
		{errDown, session.ErrStore},
	} {
		store := newFaulty(t)
		m, err := session.New(store, nil)
		require.NoError(t, err)
		token, _ := start(t, m)
		store.change = c.given
		fresh, _, err := m.Rotate(t.Context(), token)
		require.ErrorIs(t, err, c.want)
		require.True(t, fresh.IsZero())
		store.change = nil
		_, err = m.Check(t.Context(), token, session.Active)
		require.NoError(t, err, "the old token stays good")
	}
}

// Of concurrent rotations of one token one wins, and its token alone is good.
//
// Controls: HIPAA 164.312(d); NIST CSF 2.0 PR.AA-03.
func TestRotateRace(t *testing.T) {
	m := newManager(t, nil)
	token, _ := start(t, m)
	won := make(chan session.Token, 16)
	var all sync.WaitGroup
	for range cap(won) {
		all.Go(func() {
			if fresh, _, err := m.Rotate(t.Context(), token); err == nil {
				won <- fresh
			}
		})
	}
	all.Wait()
	require.Len(t, won, 1)
	_, err := m.Check(t.Context(), <-won, session.Active)
	require.NoError(t, err)
}

// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func TestReportOfADistantStore(t *testing.T) {
	store := newFaulty(t)
	m, err := session.New(store, &session.Options{Timeout: time.Second})
	require.NoError(t, err)
	store.down = true
	_, _, err = m.Start(t.Context(), ada)
	require.ErrorIs(t, err, session.ErrStore)
	obs, err := m.Report(t.Context())
	require.NoError(t, err)
	require.Equal(t, "1s", obs[0].Settings["store_timeout"])
	require.EqualValues(t, 1, obs[0].Counters["store_errors"])
	require.NotContains(t, obs[0].Statement, "db-7")
}
