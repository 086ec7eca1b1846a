package audit

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// memory is a log that keeps records.
type memory struct {
	mu      sync.Mutex
	records [][]byte
}

func (m *memory) Append(_ context.Context, records ...[]byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = append(m.records, records...)
	return nil
}

// A jump of the wall clock against the monotonic one is noticed once, a slow
// correction is none.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestClockStepsAreNoticed(t *testing.T) {
	var s steps
	now := time.Now()
	s.start(now, time.Second)
	distance := s.distance(now)
	_, stepped := s.check(now)
	require.False(t, stepped)
	for _, jump := range []time.Duration{time.Hour, -2 * time.Hour, time.Second, 1500 * time.Millisecond} {
		distance += int64(jump)
		step, stepped := s.compare(now, distance)
		require.True(t, stepped)
		require.Equal(t, jump.Milliseconds(), step.Milliseconds)
		require.Equal(t, jump, step.After.Sub(step.Before))
		_, stepped = s.compare(now, distance)
		require.False(t, stepped, "once")
	}
	for range 100 { // half a second a minute, followed
		distance += int64(time.Second / 2)
		_, stepped := s.compare(now, distance)
		require.False(t, stepped)
		s.apart.Store(distance)
	}
}

// A step makes a durable record, at the next commit or within a minute.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestClockStepIsRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		keys, err := NewTokenKeys(TokenKey{Epoch: "p1", Secret: []byte("0123456789abcdef0123456789abcdef")})
		require.NoError(t, err)
		log := &memory{}
		r, err := New(log, keys, nil)
		require.NoError(t, err)
		for range 2 {
			r.steps.apart.Add(-int64(time.Hour)) // as if the wall clock had been put forward
			time.Sleep(61 * time.Second)
		}
		require.NoError(t, r.Close(t.Context()))
		require.Len(t, log.records, 2)
		e, err := ParseEvent(log.records[0])
		require.NoError(t, err)
		require.Equal(t, TypeClockStepped, e.Type)
		require.Contains(t, string(e.Data), `"ms":3600000`)
		require.EqualValues(t, 2, r.counters.stepped.Load())
	})
}

type fakeClock struct{ err error }

func (c fakeClock) Offset(context.Context) (string, time.Duration, error) {
	if c.err == nil {
		return "ptp0", -3 * time.Millisecond, nil
	}
	panic(c.err)
}

// What the clock's source says is recorded with the observations.
//
// Controls: HIPAA 164.312(b), 164.308(a)(8); NIST CSF 2.0 PR.PS-04.
func TestClockOffsetIsRecorded(t *testing.T) {
	r := &Recorder{common: &common{clock: fakeClock{}, deadline: time.Minute}}
	o := r.observeClock(t.Context())
	require.Equal(t, map[string]string{"source": "ptp0", "offset": "-3ms"}, o.Settings)
	require.False(t, o.Failed)
	r.clock = fakeClock{errors.New("broken")}
	require.True(t, r.observeClock(t.Context()).Failed)
	source, _, _ := hostClock{}.Offset(t.Context())
	t.Logf("this host's source: %q", source)
}
