package workforce

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/state"
)

// A State that was restored from a backup gives numbers anew: a process that
// runs on would acknowledge a termination that it never reads. It denies
// everybody instead; one that is started anew knows what there is.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestStateThatWasSetBack(t *testing.T) {
	for name, c := range map[string]struct {
		kept  int
		hired []string
	}{
		"to nothing": {0, nil}, "to a backup": {2, nil},
		"and has grown again": {2, []string{"cyd", "eve"}}, "and beyond": {2, []string{"cyd", "eve", "fox"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &restorable{State: memstate.New(), backup: memstate.New()}
				old := live(t, s, nil)
				hire(t, old, "ada", "bob", "cyd", "dan")
				facts, err := s.Since(t.Context(), 0, 10)
				require.NoError(t, err)
				time.Sleep(time.Second)
				for i, f := range facts[:c.kept] {
					_, err := s.backup.Append(t.Context(), uint64(i), state.Fact{Kind: f.Kind, Subject: f.Subject, Body: f.Body})
					require.NoError(t, err)
				}
				s.restored.Store(true)
				fresh := newRegistry(t, s, nil)
				hire(t, fresh, c.hired...)
				time.Sleep(DefaultLease)
				require.False(t, allowed(old, "bob"))
				require.ErrorIs(t, old.Ready(t.Context()), ErrFacts)
				if c.kept > 0 {
					_, err = fresh.Terminate(t.Context(), fire("ada"))
					require.NoError(t, err, "nobody waits for who denies everything")
				}
			})
		})
	}
}

// restorable is a State that becomes its backup.
type restorable struct {
	state.State
	backup   state.State
	restored atomic.Bool
}

func (s *restorable) now() state.State {
	if s.restored.Load() {
		return s.backup
	}
	return s.State
}

func (s *restorable) Append(ctx context.Context, after uint64, facts ...state.Fact) (uint64, error) {
	return s.now().Append(ctx, after, facts...)
}

func (s *restorable) Since(ctx context.Context, after uint64, limit int) ([]state.Fact, error) {
	return s.now().Since(ctx, after, limit)
}

func (s *restorable) Renew(ctx context.Context, replica string, acknowledged uint64, lease time.Duration) error {
	return s.now().Renew(ctx, replica, acknowledged, lease)
}

func (s *restorable) Replicas(ctx context.Context) ([]state.Replica, time.Time, error) {
	return s.now().Replicas(ctx)
}

func (s *restorable) Leave(ctx context.Context, replica string) error {
	return s.now().Leave(ctx, replica)
}

// One process that cannot end sessions holds up the confirmation of each leaver
// on a list, and keeps none of them from being terminated.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestReconcileGoesOnAfterWhoDoesNotAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, sessions := memory(), &hook{}
		sessions.set(errors.New("the session store is away"))
		r := live(t, s, nil, &hook{})
		live(t, s, &Options{Revokers: []Revoker{sessions}}, &hook{})
		hire(t, r, "ada", "bob", "cyd", "dan")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute+30*time.Second)
		defer cancel()
		out, err := r.Reconcile(ctx, []Listed{{Account: "dan", Active: true}}, ReconcilePlan{Tenant: "mercy", Act: why})
		require.ErrorIs(t, err, ErrUnconfirmed)
		require.Len(t, out.Absent, 3)
		for _, id := range []string{"ada", "bob", "cyd"} {
			a, _ := r.Account("mercy", id)
			require.Equal(t, Terminated, a.Status, id)
		}
	})
}
