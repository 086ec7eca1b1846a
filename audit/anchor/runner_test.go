package anchor

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

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func newRunner(t testing.TB, source Source, key string, state string, opts *Options, anchors ...Anchor) *Runner {
	t.Helper()
	r, err := New(source, key, state, anchors, opts)
	require.NoError(t, err)
	return r
}

// Each anchor goes at its own pace: one that is down is retried more and more
// rarely and holds up no other; what is not anchored is counted, with its age.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestRunner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := newTestLog(t, 10)
		a, b := &fakeAnchor{name: "a"}, &fakeAnchor{name: "b", err: errDown}
		r := newRunner(t, log, log.vkey(t), filepath.Join(t.TempDir(), "state"), nil, a, b)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		time.Sleep(30 * time.Second)
		log.grow(t, 5, "")
		time.Sleep(time.Hour)
		s := r.Status()
		require.Equal(t, []uint64{10, 15}, a.sizes())
		require.EqualValues(t, 15, s.Signed)
		require.Zero(t, s.Anchored, "the quorum is all")
		require.InDelta(t, time.Hour+30*time.Second, time.Since(s.Since), float64(time.Second))
		require.ErrorIs(t, s.Anchors[1].Err, errDown)
		require.Less(t, s.Anchors[1].Failures, uint64(40), "backed off")
		require.Greater(t, s.Anchors[1].Failures, uint64(12))

		b.fail(nil)
		time.Sleep(6 * time.Minute)
		s = r.Status()
		require.EqualValues(t, 15, s.Anchored)
		require.True(t, s.Since.IsZero())
		require.Equal(t, "signed 15, anchored 15, not anchored 0", s.String())
		observed, err := r.Report(ctx)
		require.NoError(t, err)
		require.EqualValues(t, 15, observed[0].Counters["anchored"])
		require.Equal(t, s.Anchors[1].Failures, observed[0].Counters["b.failures"])
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
}

// The quorum decides what counts as anchored.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestQuorum(t *testing.T) {
	log := newTestLog(t, 10)
	a, b, c := &fakeAnchor{name: "a"}, &fakeAnchor{name: "b"}, &fakeAnchor{name: "c", err: errDown}
	r := newRunner(t, log, log.vkey(t), filepath.Join(t.TempDir(), "state"), &Options{Quorum: 2}, a, b, c)
	require.ErrorIs(t, r.Once(t.Context()), errDown)
	require.EqualValues(t, 10, r.Status().Anchored)
	log.grow(t, 1, "")
	b.fail(errDown)
	require.Error(t, r.Once(t.Context()))
	require.EqualValues(t, 10, r.Status().Anchored)
	require.EqualValues(t, 1, r.Status().Unanchored)
	b.fail(nil)
	require.Error(t, r.Once(t.Context()))
	require.EqualValues(t, 11, r.Status().Anchored)
	kept, err := r.Kept(t.Context())
	require.NoError(t, err)
	require.Len(t, kept, 2)
}

// A runner that starts again knows what each anchor has, does not go back, and
// sends nothing that contradicts it: an alarm is raised once, with both notes.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestRunnerFork(t *testing.T) {
	log := newTestLog(t, 50)
	state := filepath.Join(t.TempDir(), "state")
	a := &fakeAnchor{name: "a"}
	require.NoError(t, newRunner(t, log, log.vkey(t), state, nil, a).Once(t.Context()))

	for name, c := range map[string]struct {
		log  *testLog
		want error
	}{
		"fork": {log.fork(t, 20), ErrFork}, "same size": {sameSizeFork(t, log, 20), ErrFork}, "rollback": {newTestLog(t, 49), ErrRollback},
	} {
		t.Run(name, func(t *testing.T) {
			var alarms atomic.Int32
			var last error
			b := &fakeAnchor{name: "a"}
			r := newRunner(t, c.log, log.vkey(t), state, &Options{OnAlarm: func(err error) { alarms.Add(1); last = err }}, b)
			for range 3 {
				require.ErrorIs(t, r.Once(t.Context()), c.want)
			}
			require.Empty(t, b.sizes(), "nothing was sent")
			require.EqualValues(t, 1, alarms.Load(), "told once")
			fork, ok := errors.AsType[*ForkError](last)
			require.True(t, ok)
			require.Equal(t, log.opened(t, 50).Note, fork.Old)
			require.Equal(t, c.log.opened(t, c.log.size).Note, fork.New)
			require.EqualValues(t, 1, r.Status().Anchors[0].Alarms)
			kept, err := r.Kept(t.Context())
			require.NoError(t, err)
			require.Equal(t, []ledger.Kept{{Name: "a", Note: log.opened(t, 50).Note}}, kept)
		})
	}
	require.NoError(t, newRunner(t, log, log.vkey(t), state, nil, a).Once(t.Context()), "the true log goes on")
}

func sameSizeFork(t testing.TB, log *testLog, at int) *testLog {
	f := &testLog{key: log.key}
	f.grow(t, at, "")
	f.grow(t, int(log.size)-at, "forged")
	return f
}

// A source that is down or signed by another key, an anchor that keeps
// something else, and a state that somebody wrote to change nothing.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestRunnerDoubts(t *testing.T) {
	log := newTestLog(t, 5)
	state := filepath.Join(t.TempDir(), "state")
	a := &fakeAnchor{name: "a", lie: log.fork(t, 2).opened(t, 5).Note}
	r := newRunner(t, log, log.vkey(t), state, nil, a)
	require.ErrorContains(t, r.Once(t.Context()), "not what it was given")
	require.Zero(t, r.Status().Anchored)
	a.lie = []byte("nonsense")
	require.Error(t, r.Once(t.Context()))
	log.down = errDown
	require.ErrorIs(t, r.Once(t.Context()), errDown)
	log.down, a.lie = nil, nil
	stranger := newTestLog(t, 5)
	stranger.key = testKey(4)
	require.ErrorIs(t, newRunner(t, stranger, log.vkey(t), state, nil, a).Once(t.Context()), ledger.ErrWrongKey)
	require.NoError(t, r.Once(t.Context()))
	require.NoError(t, os.WriteFile(filepath.Join(state, "a.note"), []byte("x"), 0o600))
	_, err := New(log, log.vkey(t), state, []Anchor{a}, nil)
	require.ErrorContains(t, err, "state of a")
}

// Two anchors of the same name, and options out of bounds, are refused.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestRunnerOptions(t *testing.T) {
	log := newTestLog(t, 1)
	key, state := log.vkey(t), filepath.Join(t.TempDir(), "state")
	a := &fakeAnchor{name: "a"}
	for _, o := range []Options{{Interval: time.Millisecond}, {Interval: 25 * time.Hour}, {Timeout: 1}, {Quorum: 2}, {Quorum: -1}} {
		_, err := New(log, key, state, []Anchor{a}, &o)
		require.Error(t, err)
	}
	for _, list := range [][]Anchor{nil, {nil}, {a, a}, {&fakeAnchor{name: "../a"}}} {
		_, err := New(log, key, state, list, nil)
		require.Error(t, err)
	}
	_, err := New(nil, key, state, []Anchor{a}, nil)
	require.Error(t, err)
	_, err = New(log, "key", state, []Anchor{a}, nil)
	require.Error(t, err)
}
