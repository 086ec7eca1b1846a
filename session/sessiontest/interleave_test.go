package sessiontest_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
	"github.com/safeguard-sdk/safeguard/session/sessiontest"
)

// cases returns few in a normal run and all of them in a soak.
func cases(few, all int) int {
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		return all
	}
	return few
}

// A step of one actor; the store's verbs are atomic, so that every run of
// concurrent actors is one of the interleavings of their steps.
type step func(*testing.T, session.Store, session.Record)

func check(a session.Activity) step {
	return func(t *testing.T, s session.Store, r session.Record) {
		_, err := s.CheckTouch(t.Context(), session.Probe{ID: r.ID, Digest: r.Digest, Activity: a})
		require.NoError(t, err)
	}
}

func change(version uint64) step {
	return func(t *testing.T, s session.Store, r session.Record) {
		_ = s.CompareAndSet(t.Context(), session.Change{ID: r.ID, Version: version, Digest: r.Digest})
	}
}

func create(t *testing.T, s session.Store, r session.Record) { _, _ = s.Create(t.Context(), r) }

func list(t *testing.T, s session.Store, r session.Record) {
	_, _ = s.List(t.Context(), r.Tenant, r.User)
}

func endOne(t *testing.T, s session.Store, r session.Record) {
	_, err := s.End(t.Context(), session.Selector{ID: r.ID}, session.SignedOut)
	require.NoError(t, err)
}

func endUser(t *testing.T, s session.Store, r session.Record) {
	_, err := s.End(t.Context(), session.Selector{Tenant: r.Tenant, User: r.User}, session.Revoked)
	require.NoError(t, err)
}

// Two slow requests, a token rotation, a second sign-in under the same ID, a
// sign-out and an administrator, in every order that is possible or a random
// sample of it: after the first end nothing finds the session live.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestNoInterleavingRevives(t *testing.T) {
	actors := [][]step{
		{check(session.Active), check(session.Active), check(session.Passive)},
		{check(session.Active), change(0), check(session.Active), change(1)},
		{create, list},
		{endOne},
		{endUser},
	}
	rng := rand.New(rand.NewPCG(20, 26))
	synctest.Test(t, func(t *testing.T) {
		store, err := memstore.New(nil)
		require.NoError(t, err)
		for i := range cases(1000, 100_000) {
			r := record(strconv.Itoa(i))
			_, err := store.Create(t.Context(), r)
			require.NoError(t, err)
			play(t, store, r, interleave(rng, actors))
		}
	})
}

func record(id string) session.Record {
	return session.Record{
		Info: session.Info{
			ID:     session.ID(id),
			SignIn: session.SignIn{User: "user-" + id, Kind: safeguard.Person},
			Limits: session.Limits{Idle: session.DefaultIdle, Absolute: session.DefaultAbsolute},
		},
		Digest: session.Digest{1},
	}
}

// A turn is a step and whether it ends the session.
type turn struct {
	do   step
	ends bool
}

// interleave deals the actors' steps in a random order that keeps each
// actor's own.
func interleave(rng *rand.Rand, actors [][]step) []turn {
	next := make([]int, len(actors))
	var order []turn
	for {
		var ready []int
		for i, a := range actors {
			if next[i] < len(a) {
				ready = append(ready, i)
			}
		}
		if len(ready) == 0 {
			return order
		}
		i := ready[rng.IntN(len(ready))]
		order = append(order, turn{actors[i][next[i]], i >= len(actors)-2})
		next[i]++
	}
}

func play(t *testing.T, store session.Store, r session.Record, order []turn) {
	ended := false
	for _, turn := range order {
		turn.do(t, store, r)
		ended = ended || turn.ends
		v, err := store.CheckTouch(t.Context(), session.Probe{ID: r.ID, Digest: r.Digest, Activity: session.Active})
		require.NoError(t, err)
		require.Equal(t, ended, v.Reason != 0)
		require.True(t, v.Known)
	}
	require.True(t, ended)
}

// The suite is run against memstore here, too, so that a change of the suite
// shows in its own package.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(8); NIST CSF 2.0 PR.AA-05.
func TestMemstorePasses(t *testing.T) {
	sessiontest.Run(t, func(t testing.TB) session.Store {
		s, err := memstore.New(nil)
		require.NoError(t, err)
		return s
	})
}
