package memstate

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/state"
	"github.com/safeguard-sdk/safeguard/access/statetest"
)

// The memory keeps the contract of a State.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestConformance(t *testing.T) {
	statetest.Run(t, func(*testing.T) state.State { return New() })
}

// The zero State is one.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestZeroState(t *testing.T) {
	statetest.Run(t, func(*testing.T) state.State { return new(State) })
}

// A clock that is set back makes no fact earlier and no lease longer than it
// was meant to be.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestClockGoesBack(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	s := &State{clock: func() time.Time { return now }}
	f := state.Fact{Kind: "k", Body: []byte("{}")}
	_, err := s.Append(t.Context(), 0, f)
	require.NoError(t, err)
	now = now.Add(-time.Hour)
	_, err = s.Append(t.Context(), 1, f)
	require.NoError(t, err)
	facts, err := s.Since(t.Context(), 0, 2)
	require.NoError(t, err)
	require.False(t, facts[1].At.Before(facts[0].At))
	require.NoError(t, s.Renew(t.Context(), "r", 0, time.Minute))
	live, _, err := s.Replicas(t.Context())
	require.NoError(t, err)
	require.Equal(t, facts[1].At.Add(time.Minute), live[0].Until)
}

// A lease is over at its end, not before and not after.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLeaseEndsOnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := New()
		require.NoError(t, s.Renew(t.Context(), "r", 0, time.Minute))
		time.Sleep(time.Minute - 1)
		live, _, err := s.Replicas(t.Context())
		require.NoError(t, err)
		require.Len(t, live, 1)
		time.Sleep(time.Nanosecond)
		live, _, err = s.Replicas(t.Context())
		require.NoError(t, err)
		require.Empty(t, live)
		require.Empty(t, s.replicas, "and is forgotten")
	})
}

// Wait sleeps until there is something.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestWaitSleeps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, woken := New(), make(chan error, 1)
		go func() { woken <- s.Wait(t.Context(), 0) }()
		synctest.Wait()
		require.Empty(t, woken)
		_, err := s.Append(t.Context(), 0, state.Fact{Kind: "k", Body: []byte("{}")})
		require.NoError(t, err)
		synctest.Wait()
		require.Len(t, woken, 1)

		ctx, cancel := context.WithCancel(t.Context())
		go func() { woken <- s.Wait(ctx, 1) }()
		<-woken
		cancel()
		require.ErrorIs(t, <-woken, context.Canceled)
	})
}
