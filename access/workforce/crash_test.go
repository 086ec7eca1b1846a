package workforce

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// Whoever ends an account may crash once that is durable and before the
// sessions are ended: the next process ends them, also of somebody who may
// sign in again. What no session can have outlived is left alone.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(2)(iii); NIST CSF 2.0 PR.AA-05.
func TestNoSessionOutlivesACrash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		crashed := newRegistry(t, s, nil)
		hire(t, crashed, "old", "left", "lost", "away", "here")
		_, err := crashed.Terminate(t.Context(), fire("old"))
		require.NoError(t, err)
		time.Sleep(DefaultSessions)
		_, err = crashed.Terminate(t.Context(), fire("left"))
		require.NoError(t, err)
		require.NoError(t, crashed.Distrust(t.Context(), "mercy", "lost", why))
		require.NoError(t, crashed.Suspend(t.Context(), "mercy", "away", why))

		after := &hook{}
		after.set(errors.New("the session store starts as well"))
		next := live(t, s, &Options{Revokers: []Revoker{after}}, after)
		require.NoError(t, next.Ready(t.Context()), "nobody waits for it")
		after.set(nil)
		time.Sleep(time.Minute)
		synctest.Wait()
		for _, id := range []string{"mercy/left", "mercy/lost", "mercy/away"} {
			require.Contains(t, after.revoked, id)
		}
		require.NotContains(t, after.revoked, "mercy/old")
		require.NotContains(t, after.revoked, "mercy/here")
		require.Empty(t, next.endings.accounts())
	})
}

// A machine that was suspended has missed the end of its lease: when it goes on
// without the State, what was in flight ends soon, by the wall clock, however
// long its timers have stood still.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestSuspendedMachineEndsWhatIsInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, flights := memory(), &hook{}
		r := live(t, s, nil, flights)
		s.cutOff(true)
		_, _, before := flights.counts()
		asleep := *r.live.Load()
		asleep.wall = asleep.wall.Add(-time.Hour)
		r.live.Store(&asleep)
		time.Sleep(DefaultLease/glances + time.Millisecond)
		synctest.Wait()
		_, _, after := flights.counts()
		require.Equal(t, before+1, after)
	})
}

// A reinstatement between the cut and the fact lets something begin that the
// cut has not seen: it is cut as well.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestReinstatedWhileTerminated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, flights := memory(), &hook{}
		slow := &interrupted{line: s}
		r := newRegistry(t, slow, &Options{Revokers: []Revoker{flights}})
		require.NoError(t, r.AddCutter(flights))
		hire(t, r, "ada")
		other := newRegistry(t, s, nil)
		slow.before = func() {
			_, err := other.Terminate(t.Context(), fire("ada"))
			require.NoError(t, err)
			require.NoError(t, other.Reinstate(t.Context(), "mercy", "ada", why))
		}
		_, err := r.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		cut, revoked, _ := flights.counts()
		require.Equal(t, 2, cut)
		require.Equal(t, 2, revoked)
		a, _ := r.Account("mercy", "ada")
		require.Equal(t, Terminated, a.Status)
	})
}

// A suspended account that is to be terminated stays denied here while the
// State cannot be reached, whoever resumes it.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestNobodyResumesWhoIsBeingTerminated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		far := &line{State: s.State}
		r := live(t, far, nil, &hook{})
		hire(t, r, "ada")
		require.NoError(t, r.Suspend(t.Context(), "mercy", "ada", why))
		far.cutOff(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := r.Terminate(ctx, fire("ada"))
		require.ErrorIs(t, err, ErrUnconfirmed)
		far.cutOff(false)
		other := newRegistry(t, s, nil)
		require.NoError(t, other.Resume(t.Context(), "mercy", "ada", why))
		time.Sleep(DefaultLease)
		require.NoError(t, r.Ready(t.Context()))
		require.False(t, allowed(r, "ada"))
	})
}

// A termination that the audit log has no record of gets one when it is
// repeated.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestRepeatedTerminationIsRecorded(t *testing.T) {
	log := &notebook{}
	r := newRegistry(t, memory(), &Options{Noter: log})
	hire(t, r, "ada")
	log.fail = errors.New("the log is full")
	_, err := r.Terminate(t.Context(), fire("ada"))
	require.ErrorIs(t, err, ErrUnrecorded)
	log.fail = nil
	_, err = r.Terminate(t.Context(), fire("ada"))
	require.NoError(t, err)
	require.Equal(t, typePrefix+kindTerminated+typeSuffix, log.types[len(log.types)-1])
	require.Equal(t, uint64(2), r.table.seq.Load(), "and it is one termination")
}

// Ready waits for the first lease, and says why there is none.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestReady(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		s.cutOff(true)
		r := newRegistry(t, s, nil)
		start(t, r)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		err := r.Ready(ctx)
		require.ErrorIs(t, err, ErrNotLive)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		var waiting sync.WaitGroup
		for range 3 {
			waiting.Go(func() { require.NoError(t, r.Ready(t.Context())) })
		}
		s.cutOff(false)
		waiting.Wait()

		strange := memory()
		_, err = strange.Append(t.Context(), 0, state.Fact{Kind: "of.tomorrow", Body: []byte(`{}`)})
		require.NoError(t, err)
		broken := newRegistry(t, strange, nil)
		start(t, broken)
		require.ErrorIs(t, broken.Ready(t.Context()), ErrFacts)
	})
}

// interrupted is a State in which something happens before the next Append.
type interrupted struct {
	*line
	before func()
}

func (s *interrupted) Append(ctx context.Context, after uint64, facts ...state.Fact) (uint64, error) {
	if do := s.before; do != nil {
		s.before = nil
		do()
	}
	return s.line.Append(ctx, after, facts...)
}
