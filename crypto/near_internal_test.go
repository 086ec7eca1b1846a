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

// nearCache is a cache with a near, in which a patient has the same slot in
// every tenant.
func nearCache() *cache[string] {
	c := newCache[string](100)
	c.near = new(near[string])
	return c
}

// Subjects that contend for a slot are told apart, and what was dropped is not
// found and not held.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func TestNear(t *testing.T) {
	p := safeguard.NewPatient("Patient/1")
	one, two := subjectID{"t", p}, subjectID{"u", p}
	c := nearCache()
	c.put(one, "one", time.Hour)
	c.put(two, "two", time.Hour)
	for range 3 {
		for id, want := range map[subjectID]string{one: "one", two: "two"} {
			got, ok := c.get(id)
			require.True(t, ok)
			require.Equal(t, want, got)
		}
	}
	c.get(one)
	e := c.near.find(one)
	require.NotNil(t, e)
	c.remove(one)
	require.Nil(t, c.near.slot(p).Load(), "the key is not kept")
	_, ok := c.get(one)
	require.False(t, ok)

	c.get(two)
	c.put(two, "new", time.Hour)
	got, _ := c.get(two)
	require.Equal(t, "new", got, "what replaced it is found")
}

// While one goroutine removes, what others find is never what was removed
// before they asked.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestNearForgetsAtOnce(t *testing.T) {
	c, id := nearCache(), subjectID{"t", safeguard.NewPatient("Patient/1")}
	var stop sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		stop.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					c.get(id)
				}
			}
		})
	}
	for i := range 2000 {
		c.put(id, fmt.Sprint(i), time.Hour)
		got, ok := c.get(id)
		require.True(t, ok)
		require.Equal(t, fmt.Sprint(i), got)
		c.remove(id)
		_, ok = c.get(id)
		require.False(t, ok)
		require.Nil(t, c.near.slot(id.patient).Load())
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
	n := new(near[*subject])
	a, b := safeguard.NewPatient("Patient/1"), safeguard.NewPatient("Patient/"+strings.Repeat("1", 1))
	require.Same(t, n.slot(a), n.slot(b))
}
