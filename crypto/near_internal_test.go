package crypto

import (
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
)

// oneSlot is a cache whose keys all have the same slot.
func oneSlot() *cache[int, string] {
	c := newCache[int, string](100)
	c.near = &near[int, string]{hash: func(int) uint64 { return 1 }}
	return c
}

// Keys that contend for a slot are told apart, and what was dropped is not
// found and not held.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestNear(t *testing.T) {
	c := oneSlot()
	c.put(1, "one", time.Hour)
	c.put(2, "two", time.Hour)
	for range 3 {
		for key, want := range map[int]string{1: "one", 2: "two"} {
			got, ok := c.get(key)
			require.True(t, ok)
			require.Equal(t, want, got)
		}
	}
	c.get(1)
	e := c.near.find(1)
	require.NotNil(t, e)
	c.remove(1)
	require.True(t, e.gone.Load())
	require.Nil(t, c.near.slot(1).Load(), "the key is not kept")
	_, ok := c.get(1)
	require.False(t, ok)

	c.get(2)
	c.put(2, "new", time.Hour)
	got, _ := c.get(2)
	require.Equal(t, "new", got, "what replaced it is found")
}

// While one goroutine removes, what others find is never what was removed
// before they asked.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestNearForgetsAtOnce(t *testing.T) {
	c := oneSlot()
	var stop sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		stop.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					c.get(1)
				}
			}
		})
	}
	for i := range 2000 {
		c.put(1, fmt.Sprint(i), time.Hour)
		got, ok := c.get(1)
		require.True(t, ok)
		require.Equal(t, fmt.Sprint(i), got)
		c.remove(1)
		_, ok = c.get(1)
		require.False(t, ok)
		require.Nil(t, c.near.slot(1).Load())
	}
	close(done)
	stop.Wait()
}

// Places are put together on the stack, which the garbage collector moves:
// values open in many goroutines at every depth, with places that fit and that
// do not, while it runs.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestPlacesOnTheStack(t *testing.T) {
	key, err := NewKey(7, make([]byte, keySize))
	require.NoError(t, err)
	ks, err := NewKeyset(7, key)
	require.NoError(t, err)
	s := newSealer(nil, nil, Options{UnsafeUnaudited: true}.withDefaults())
	s.keys = keysFunc(func() *Keyset { return ks })
	done := make(chan struct{})
	var collector, work sync.WaitGroup
	collector.Go(func() {
		for {
			select {
			case <-done:
				return
			default:
				runtime.GC()
			}
		}
	})
	for g := range 8 {
		work.Go(func() {
			for i := range 100 {
				roundTripAt(t, s, (g*31+i)%200, 1+(i*37)%maxPart)
			}
		})
	}
	work.Wait()
	close(done)
	collector.Wait()
}

// roundTripAt seals and opens at a depth of the stack.
func roundTripAt(t *testing.T, s *Sealer, depth, size int) {
	if depth > 0 {
		var frame [64]byte
		roundTripAt(t, s, depth-1, size)
		runtime.KeepAlive(&frame)
		return
	}
	ref := Ref{Tenant: "t", Table: "table", Column: "column", Row: strings.Repeat("r", size), Subject: NoSubject()}
	sealed, err := s.AppendSeal(t.Context(), nil, []byte("value"), ref)
	if err == nil {
		_, err = s.AppendOpen(t.Context(), nil, sealed, ref)
	}
	if err != nil {
		t.Errorf("size %d: %v", size, err)
	}
}

// Two patients of the same reference have the same slot.
//
// Controls: none, it checks a table for speed.
func TestNearPatients(t *testing.T) {
	n := nearPatients()
	a, b := safeguard.NewPatient("Patient/1"), safeguard.NewPatient("Patient/"+strings.Repeat("1", 1))
	require.Same(t, n.slot(subjectID{"t", a}), n.slot(subjectID{"u", b}))
}
