package memstore

import (
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/session"
)

// clocks are two clocks that go apart.
type clocks struct{ instant }

func (c *clocks) now() instant { return c.instant }

func (c *clocks) pass(wall, mono time.Duration) {
	c.wall += int64(wall)
	c.mono += int64(mono)
}

func newClocked(t *testing.T, opts *Options) (*Store, *clocks) {
	s, err := New(opts)
	require.NoError(t, err)
	c := &clocks{instant{wall: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).UnixNano()}}
	s.clock = c.now
	return s, c
}

func draft(id string) session.Record {
	return session.Record{Info: session.Info{
		ID:     session.ID(id),
		SignIn: session.SignIn{User: "ada", Kind: safeguard.Person},
		Limits: session.Limits{Idle: 15 * time.Minute, Absolute: 12 * time.Hour, Touch: 15 * time.Second},
	}}
}

func reason(t *testing.T, s *Store, id string, a session.Activity) session.Reason {
	v, err := s.CheckTouch(t.Context(), session.Probe{ID: session.ID(id), Activity: a})
	require.NoError(t, err)
	require.True(t, v.Known)
	return v.Reason
}

// The monotonic clock stands still while a virtual machine is suspended, the
// wall clock can be set back: whichever says so first ends the session.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestEitherClockEnds(t *testing.T) {
	const hour = time.Hour
	for _, c := range []struct {
		name       string
		wall, mono time.Duration
		want       session.Reason
	}{
		{"both just before", 15*time.Minute - 1, 15*time.Minute - 1, 0},
		{"both", 15 * time.Minute, 15 * time.Minute, session.Idle},
		{"machine was suspended", 15 * time.Minute, time.Second, session.Idle},
		{"wall clock stands", 0, 15 * time.Minute, session.Idle},
		{"wall clock was set back", -30 * 24 * hour, 15 * time.Minute, session.Idle},
		{"wall clock was set back a little", -hour, 14 * time.Minute, 0},
		{"suspended for a day", 24 * hour, time.Second, session.Idle},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, clock := newClocked(t, nil)
			_, err := s.Create(t.Context(), draft("a"))
			require.NoError(t, err)
			clock.pass(c.wall, c.mono)
			require.Equal(t, c.want, reason(t, s, "a", session.Active))
		})
	}
}

// A wall clock that was wrong and is put right does not revive a session.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestClockCorrectionRevivesNothing(t *testing.T) {
	s, clock := newClocked(t, nil)
	_, err := s.Create(t.Context(), draft("a"))
	require.NoError(t, err)
	clock.pass(time.Hour, time.Second)
	require.Equal(t, session.Idle, reason(t, s, "a", session.Active))
	clock.pass(-time.Hour, time.Second)
	require.Equal(t, session.Idle, reason(t, s, "a", session.Active))
}

// The absolute limit holds on the monotonic clock while the wall clock is set
// back again and again.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestSettingTheClockBackDoesNotProlong(t *testing.T) {
	s, clock := newClocked(t, nil)
	_, err := s.Create(t.Context(), draft("a"))
	require.NoError(t, err)
	for range 71 {
		clock.pass(-time.Hour, 10*time.Minute)
		require.Zero(t, reason(t, s, "a", session.Active))
	}
	clock.pass(-time.Hour, 10*time.Minute)
	require.Equal(t, session.Absolute, reason(t, s, "a", session.Active))
}

// Memory is bounded: beyond Max nobody signs in, and what has passed its
// absolute limit makes room, in the sessions and in the users' lists.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestMemoryIsBounded(t *testing.T) {
	s, clock := newClocked(t, &Options{Max: 100})
	for i := range 100 {
		_, err := s.Create(t.Context(), draft(strconv.Itoa(i)))
		require.NoError(t, err)
	}
	_, err := s.Create(t.Context(), draft("one too many"))
	require.ErrorIs(t, err, ErrFull)

	_, err = s.End(t.Context(), session.Selector{User: "ada"}, session.Revoked)
	require.NoError(t, err)
	clock.pass(12*time.Hour-1, 12*time.Hour-1)
	_, err = s.Create(t.Context(), draft("tombstones do not make room"))
	require.ErrorIs(t, err, ErrFull)
	require.Equal(t, session.Revoked, reason(t, s, "7", session.Active))

	clock.pass(1, 1)
	for i := range 100 {
		_, err = s.Create(t.Context(), draft("next day "+strconv.Itoa(i)))
		require.NoError(t, err)
	}
	users, sessions, due := sizes(s)
	require.Equal(t, []int{1, 100, 100}, []int{users, sessions, due})
}

// Ended sessions do not pile up over the years.
//
// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestNothingPilesUp(t *testing.T) {
	s, clock := newClocked(t, &Options{Max: 20000})
	for i := range 50000 {
		r := draft(strconv.Itoa(i))
		r.User = "user-" + strconv.Itoa(i)
		_, err := s.Create(t.Context(), r)
		require.NoError(t, err)
		clock.pass(10*time.Second, 10*time.Second)
	}
	users, sessions, due := sizes(s)
	// 12 hours hold 4320 sessions; a shard forgets when it is next used.
	require.Less(t, sessions, 6000)
	require.Equal(t, sessions, due)
	require.LessOrEqual(t, users, sessions)
	require.EqualValues(t, sessions, s.count.Load())
}

func sizes(s *Store) (users, sessions, due int) {
	for i := range shardCount {
		users += len(s.users[i].byName)
		sessions += len(s.sessions[i].byID)
		due += len(s.sessions[i].due)
	}
	return users, sessions, due
}

// Controls: HIPAA 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestRefusesNonsense(t *testing.T) {
	_, err := New(&Options{Max: -1})
	require.Error(t, err)
	s, err := New(nil)
	require.NoError(t, err)
	r := draft("a")
	r.Limits.Idle = 0
	_, err = s.Create(t.Context(), r)
	require.ErrorIs(t, err, errUsage)
	for range 2 {
		_, err = s.Create(t.Context(), draft("twice"))
	}
	require.ErrorIs(t, err, session.ErrConflict)
	require.EqualValues(t, 1, s.count.Load())
	_, err = s.Create(t.Context(), draft(""))
	require.ErrorIs(t, err, errUsage)
	_, err = s.End(t.Context(), session.Selector{ID: "a"}, 0)
	require.ErrorIs(t, err, errUsage)
}

// A user whose list was emptied and who signs in again has a new list; what
// remains of the old one does not take it away when it is forgotten.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestSuccessorKeepsItsList(t *testing.T) {
	s, clock := newClocked(t, nil)
	end := func() int {
		ids, err := s.End(t.Context(), session.Selector{User: "ada"}, session.Revoked)
		require.NoError(t, err)
		return len(ids)
	}
	for i := range 200 {
		_, err := s.Create(t.Context(), draft(strconv.Itoa(i)))
		require.NoError(t, err)
	}
	require.Equal(t, 200, end())
	require.Zero(t, end())
	clock.pass(12*time.Hour-time.Minute, 12*time.Hour-time.Minute)
	_, err := s.Create(t.Context(), draft("successor"))
	require.NoError(t, err)
	clock.pass(time.Minute, time.Minute)
	for i := range 500 {
		r := draft("other-" + strconv.Itoa(i))
		r.User = "bob"
		_, err := s.Create(t.Context(), r)
		require.NoError(t, err)
	}
	require.Equal(t, 1, end())
	require.Equal(t, session.Revoked, reason(t, s, "successor", session.Active))
}
