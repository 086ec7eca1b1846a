package workforce

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// A lease ends by whichever clock says so first: a machine that was suspended
// has a monotonic clock that stood still, one whose wall clock was set back has
// a monotonic clock that did not.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLeaseEndsByEitherClock(t *testing.T) {
	base := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	d := &deadline{mono: 10 * time.Second, wall: base.Add(10 * time.Second)}
	for name, c := range map[string]struct {
		mono, wall time.Duration
		over       bool
	}{
		"at once":                 {0, 0, false},
		"just before":             {10*time.Second - 1, 10*time.Second - 1, false},
		"at the end":              {10 * time.Second, 10 * time.Second, true},
		"suspended for an hour":   {time.Second, time.Hour, true},
		"the wall was set back":   {10 * time.Second, -time.Hour, true},
		"set back before the end": {9 * time.Second, -time.Hour, false},
		"set forward":             {time.Second, 24 * time.Hour, true},
	} {
		require.Equal(t, c.over, d.over(c.mono, base.Add(c.wall)), name)
	}
}

// The own end of a lease is counted from before it was asked for, and is
// earlier than the State's by what clocks of different speed may cost.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLeaseIsCountedFromTheQuestion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{line: memory(), renew: 2 * time.Second}
		r := newRegistry(t, s, nil)
		hire(t, r, "ada")
		start(t, r)
		time.Sleep(2*time.Second + 1) // the first answer
		synctest.Wait()
		require.True(t, allowed(r, "ada"))
		s.cutOff(true)
		time.Sleep(DefaultLease - DefaultLease/drift - 2*time.Second - 2)
		require.True(t, allowed(r, "ada"))
		time.Sleep(time.Nanosecond)
		require.False(t, allowed(r, "ada"), "2 s of the lease went by while it was asked for")
	})
}

// An answer that comes after the lease would have ended already gives nothing.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLateAnswersGiveNoLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{line: memory(), renew: DefaultLease}
		r := newRegistry(t, s, nil)
		hire(t, r, "ada")
		start(t, r)
		for range 100 {
			time.Sleep(time.Second)
			require.False(t, allowed(r, "ada"))
		}
	})
}

// A lease is renewed in time, for ever, and a State that is away for less than
// a lease costs nobody anything.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestLeaseIsRenewed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		r := live(t, s, nil)
		hire(t, r, "ada")
		for i := range 600 {
			s.cutOff(i%15 < 5) // 5 s of every 15
			time.Sleep(time.Second)
			require.True(t, allowed(r, "ada"))
		}
	})
}

// A State whose Wait returns at once and says nothing is not asked without a
// pause.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestRestlessState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &restless{line: memory()}
		r := newRegistry(t, s, nil)
		start(t, r)
		time.Sleep(time.Minute)
		synctest.Wait()
		require.LessOrEqual(t, s.waits, 700)
	})
}

// slow is a State whose Renew takes its time, even if nobody waits any more.
type slow struct {
	*line
	renew time.Duration
}

func (s *slow) Renew(ctx context.Context, replica string, acknowledged uint64, lease time.Duration) error {
	time.Sleep(s.renew)
	return s.line.Renew(ctx, replica, acknowledged, lease)
}

type restless struct {
	*line
	waits int
}

func (s *restless) Wait(context.Context, uint64) error {
	s.waits++
	return nil
}

var _ state.State = (*restless)(nil)
