package statetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

var racingRules = []rule{
	{"one wins", "Of Appends after the same fact one adds all of its facts and the others none.", func(t *testing.T, s state.State) {
		const writers, rounds = 8, 10
		for round := range rounds {
			after := uint64(3 * round)
			var won atomic.Int32
			var wg sync.WaitGroup
			for w := range writers {
				wg.Go(func() {
					name := fmt.Sprintf("w%d", w)
					_, err := s.Append(within(t), after, fact(name, 0), fact(name, 1), fact(name, 2))
					if err == nil {
						won.Add(1)
					} else if !errors.Is(err, state.ErrMoved) {
						t.Errorf("Append: %v", err)
					}
				})
			}
			wg.Wait()
			facts := all(t, s)
			if won.Load() != 1 || len(facts) != 3*(round+1) {
				t.Fatalf("%d won, %d facts", won.Load(), len(facts))
			}
			if last := facts[after:]; last[0].Kind != last[2].Kind {
				t.Fatal("two writers are mixed")
			}
		}
	}},
	{"no gap seen", "Nobody who reads while others add sees a gap or a fact twice.", func(t *testing.T, s state.State) {
		const facts = 60
		ctx, cancel := context.WithCancel(within(t))
		defer cancel()
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { follow(ctx, t, s, facts) })
		}
		for w := range 3 {
			wg.Go(func() { compete(ctx, t, s, fmt.Sprintf("w%d", w), facts) })
		}
		wg.Wait()
	}},
	{"found at once", "What Append has added every later Since returns.", func(t *testing.T, s state.State) {
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 10 {
					last := uint64(len(all(t, s)))
					last, err := s.Append(within(t), last, fact("a", 0))
					if errors.Is(err, state.ErrMoved) {
						continue
					}
					if facts, e := s.Since(within(t), last-1, 1); err != nil || e != nil || len(facts) != 1 {
						t.Errorf("%v, %v, %d facts", err, e, len(facts))
					}
				}
			})
		}
		wg.Wait()
	}},
	{"renewed in a race", "Renewals at the same time leave the longest lease and the largest acknowledgement.", func(t *testing.T, s state.State) {
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() { renew(t, s, "r1", uint64(i), time.Duration(i+1)*time.Minute) })
		}
		wg.Wait()
		_, now, err := s.Replicas(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if r, live := replica(t, s, "r1"); !live || r.Acknowledged != 15 || r.Until.Before(now.Add(15*time.Minute)) {
			t.Fatalf("%+v at %v", r, now)
		}
	}},
	{"nobody between", "A replica whose Renew returned before an Append is found after it.", func(t *testing.T, s state.State) {
		for i := range 10 {
			name := fmt.Sprintf("r%d", i)
			renew(t, s, name, uint64(i), time.Hour)
			add(t, s, uint64(i), "a", 1)
			if _, live := replica(t, s, name); !live {
				t.Fatal("it is missing")
			}
		}
	}},
}

// follow reads until it has seen n facts.
func follow(ctx context.Context, t *testing.T, s state.State, n int) {
	for seen := uint64(0); seen < uint64(n); {
		facts, err := s.Since(ctx, seen, 7)
		if err != nil {
			t.Errorf("Since: %v", err)
			return
		}
		for _, f := range facts {
			if f.Seq != seen+1 {
				t.Errorf("%d follows %d", f.Seq, seen)
				return
			}
			seen++
		}
		if len(facts) == 0 && s.Wait(ctx, seen) != nil {
			t.Errorf("there were only %d", seen)
			return
		}
	}
}

// compete adds facts one by one until there are n.
func compete(ctx context.Context, t *testing.T, s state.State, name string, n int) {
	for last := uint64(0); last < uint64(n); {
		next, err := s.Append(ctx, last, fact(name, int(last)))
		if err == nil {
			last = next
			continue
		}
		facts, e := s.Since(ctx, last, n)
		if !errors.Is(err, state.ErrMoved) || e != nil {
			t.Errorf("Append: %v, %v", err, e)
			return
		}
		last += uint64(len(facts))
	}
}
