package workforce

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
)

// Both replicas deny once Terminate has returned, each has cut and revoked,
// and the report says so.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestTerminateReachesEveryReplica(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, here, there := memory(), &hook{}, &hook{}
		a := live(t, s, &Options{Name: "a", Revokers: []Revoker{here}}, here)
		b := live(t, s, &Options{Name: "b", Revokers: []Revoker{there}}, there)
		hire(t, a, "ada", "bob")
		synctest.Wait()
		require.True(t, allowed(b, "ada"))
		report, err := a.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		require.False(t, allowed(a, "ada"))
		require.False(t, allowed(b, "ada"))
		require.True(t, allowed(b, "bob"))
		for _, h := range []*hook{here, there} {
			require.Contains(t, h.cut, "mercy/ada")
			require.Contains(t, h.revoked, "mercy/ada")
			require.NotContains(t, h.cut, "mercy/bob")
		}
		require.Len(t, report.Replicas, 1)
		require.True(t, strings.HasPrefix(report.Replicas[0].ID, "b."))
		require.True(t, report.Replicas[0].Acknowledged)
		require.Empty(t, report.Unconfirmed)

		again, err := a.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err, "again is no error")
		require.True(t, again.Replicas[0].Acknowledged)
		facts, err := s.Since(t.Context(), 2, 10)
		require.NoError(t, err)
		require.Len(t, facts, 1, "and no second fact")
	})
}

// A program that serves nobody, a command for instance, terminates as well, and
// nobody waits for it.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestTerminateWithoutRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		a := live(t, s, &Options{Name: "a"})
		hire(t, a, "ada")
		command := newRegistry(t, s, nil)
		report, err := command.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		require.Len(t, report.Replicas, 1)
		require.True(t, report.Replicas[0].Acknowledged)
		require.False(t, allowed(a, "ada"))
		live, _, err := s.Replicas(t.Context())
		require.NoError(t, err)
		require.Len(t, live, 1)
	})
}

// A replica that is cut off denies everything before Terminate returns, and
// cuts what is in flight; when it is back it denies whom it has missed.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestPartitionedReplicaRunsOutOfItsLease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, there := memory(), &hook{}
		far := &line{State: s.State}
		a := live(t, s, nil)
		b := live(t, far, &Options{Name: "b"}, there)
		hire(t, a, "ada", "bob")
		synctest.Wait()
		far.cutOff(true)
		began := time.Now()
		report, err := a.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		require.ErrorIs(t, b.alive(time.Now()), ErrNotLive)
		require.False(t, allowed(b, "bob"), "nobody is allowed without a lease")
		_, _, all := there.counts()
		require.Equal(t, 1, all, "and nothing in flight goes on")
		require.True(t, report.Replicas[0].LeaseOver)
		require.LessOrEqual(t, time.Since(began), DefaultLease+200*time.Millisecond)
		require.Equal(t, report.Replicas[0].After, report.TimeToDeny)

		far.cutOff(false)
		time.Sleep(DefaultLease)
		require.False(t, allowed(b, "ada"))
		require.True(t, allowed(b, "bob"))
	})
}

// At no moment does a replica that was cut off allow somebody of whom
// Terminate has said that no process does, wherever in its lease it is.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestNoLeaseOutlivesATermination(t *testing.T) {
	for offset := time.Duration(0); offset < DefaultLease; offset += 700 * time.Millisecond {
		synctest.Test(t, func(t *testing.T) {
			s := memory()
			far := &line{State: s.State}
			a, b := live(t, s, nil), live(t, far, nil)
			hire(t, a, "ada")
			time.Sleep(offset)
			far.cutOff(true)
			ctx, cancel := context.WithCancel(t.Context())
			var wg sync.WaitGroup
			wg.Go(func() {
				for rest(ctx, 10*time.Millisecond) == nil {
					far.cutOff(!far.down) // it comes and goes
				}
			})
			_, err := a.Terminate(t.Context(), fire("ada"))
			require.NoError(t, err)
			require.False(t, allowed(b, "ada"))
			cancel()
			wg.Wait()
			for range 100 {
				require.False(t, allowed(b, "ada"))
				time.Sleep(50 * time.Millisecond)
			}
		})
	}
}

// A process that was killed is waited for until its lease is over, and one
// that has left is not.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestReplicasThatAreGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		a := live(t, s, nil)
		hire(t, a, "ada", "bob")
		require.NoError(t, s.Renew(t.Context(), "killed", 1, DefaultLease))
		left := newRegistry(t, s, &Options{Name: "left"})
		stop := start(t, left)
		synctest.Wait()
		stop()
		report, err := a.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		require.Len(t, report.Replicas, 1)
		require.Equal(t, "killed", report.Replicas[0].ID)
		require.True(t, report.Replicas[0].LeaseOver)
		_, err = left.Subject(t.Context(), person("bob"))
		require.ErrorIs(t, err, ErrNotLive)
	})
}

// Without time to wait for everybody, Terminate says who may still act.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestUnconfirmedTerminations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, there := memory(), &hook{fail: errors.New("the session store is down")}
		a := live(t, s, nil)
		b := live(t, s, &Options{Name: "b", Revokers: []Revoker{there}})
		hire(t, a, "ada")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		report, err := a.Terminate(ctx, fire("ada"))
		require.ErrorIs(t, err, ErrUnconfirmed)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		require.Equal(t, []string{b.id}, report.Unconfirmed)
		require.Zero(t, report.TimeToDeny)
		require.False(t, allowed(b, "ada"), "its decisions are denials all the same")

		there.set(nil)
		time.Sleep(10 * time.Second)
		report, err = a.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err, "the revoker was called again")
		require.True(t, report.Replicas[0].Acknowledged)
		require.NotZero(t, len(there.revoked))
	})
}

// While the State cannot be reached Terminate still denies here, and goes on
// trying.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestTerminateWithoutTheState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, h := memory(), &hook{}
		a := live(t, s, &Options{Lease: time.Minute, Revokers: []Revoker{h}}, h)
		hire(t, a, "ada", "bob")
		s.cutOff(true)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := a.Terminate(ctx, fire("ada"))
		require.ErrorIs(t, err, ErrUnconfirmed)
		require.ErrorIs(t, err, errDown)
		require.True(t, allowed(a, "bob"))
		require.False(t, allowed(a, "ada"))
		cut, revoked, _ := h.counts()
		require.Equal(t, []int{1, 1}, []int{cut, revoked})

		go func() { time.Sleep(time.Second); s.cutOff(false) }()
		_, err = a.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		facts, err := s.Since(t.Context(), 2, 10)
		require.NoError(t, err)
		require.Len(t, facts, 1)
		require.Equal(t, kindTerminated, facts[0].Kind)
	})
}

// A termination whose answer was lost is made once and recorded once.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestTerminationsOfUnknownOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, log := memory(), &notebook{}
		a := live(t, s, &Options{Noter: log})
		hire(t, a, "ada", "bob")
		s.lose = 1
		_, err := a.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		facts, err := s.Since(t.Context(), 2, 10)
		require.NoError(t, err)
		require.Len(t, facts, 1)
		require.Len(t, log.types, 3)

		s.lose = 1
		err = a.Open(t.Context(), Opening{Tenant: "mercy", Account: "eve"}, why)
		require.ErrorIs(t, err, ErrUnknown, "what widens is not tried again by itself")
	})
}

// A Cutter that fails leaves the account denied and the time unmeasured.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestFailingCutters(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := errors.New("a stream does not end")
		r := live(t, memory(), nil, failing{bad})
		hire(t, r, "ada")
		report, err := r.Terminate(t.Context(), fire("ada"))
		require.ErrorIs(t, err, bad)
		require.Zero(t, report.Local)
		require.Zero(t, report.TimeToDeny)
		require.False(t, allowed(r, "ada"))
	})
}

type failing struct{ err error }

func (f failing) Cut(context.Context, string, string) error { return f.err }

// Of 64 goroutines none is allowed anything after Terminate has returned, on
// either replica.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestNobodyIsAllowedAfterTerminate(t *testing.T) {
	s := memory()
	var replicas [2]*Registry
	for i := range replicas {
		replicas[i] = newRegistry(t, s, nil)
		start(t, replicas[i])
	}
	hire(t, replicas[0], "ada")
	for !allowed(replicas[0], "ada") || !allowed(replicas[1], "ada") {
		runtime.Gosched()
	}
	var wg sync.WaitGroup
	after := make(chan struct{}) // closed once Terminate has returned
	var seen [64]bool
	for i := range seen {
		wg.Go(func() {
			r := replicas[i%2]
			for {
				select {
				case <-after:
					seen[i] = allowed(r, "ada")
					return
				default:
					allowed(r, "ada")
					runtime.Gosched()
				}
			}
		})
	}
	report, err := replicas[0].Terminate(t.Context(), fire("ada"))
	close(after)
	wg.Wait()
	require.NoError(t, err)
	require.Equal(t, [64]bool{}, seen)
	require.NotZero(t, report.Local)
	t.Logf("soak: 64 goroutines on 2 replicas, 0 allowed after Terminate; local %v, everywhere %v", report.Local, report.TimeToDeny)
}

// What a Registry reports of itself is what happened.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(8); NIST CSF 2.0 PR.AA-05.
func TestReport(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := memory()
		r := live(t, s, nil)
		hire(t, r, "ada", "bob")
		require.NoError(t, s.Renew(t.Context(), "killed", 1, 3*time.Second))
		_, err := r.Terminate(t.Context(), fire("ada"))
		require.NoError(t, err)
		_, err = r.Terminate(t.Context(), fire("bob"))
		require.NoError(t, err)
		s.cutOff(true)
		time.Sleep(time.Minute)
		o, err := r.Report(t.Context())
		require.NoError(t, err)
		require.Len(t, o, 1)
		require.Contains(t, o[0].Controls, safeguard.TerminationProcedures)
		require.EqualValues(t, 2, o[0].Counters["terminations"])
		require.EqualValues(t, 1, o[0].Counters["lease.lapses"])
		require.NotZero(t, o[0].Counters["state.failures"])
		require.Equal(t, "false", o[0].Settings["live"])
		most, err := time.ParseDuration(o[0].Settings["time-to-deny.max"])
		require.NoError(t, err)
		require.GreaterOrEqual(t, most, 2*time.Second)
	})
}
