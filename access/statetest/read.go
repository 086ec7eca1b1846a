package statetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

var readRules = []rule{
	{"limit", "Since returns at most limit facts, in order.", func(t *testing.T, s state.State) {
		add(t, s, 0, "a", 10)
		for _, limit := range []int{1, 3, 10, 11, 1 << 30} {
			facts, err := s.Since(within(t), 4, limit)
			if err != nil || len(facts) > limit || len(facts) == 0 {
				t.Fatalf("limit %d: %d facts, %v", limit, len(facts), err)
			}
			for i, f := range facts {
				if f.Seq != uint64(5+i) {
					t.Fatalf("limit %d: number %d at %d", limit, f.Seq, i)
				}
			}
		}
	}},
	{"none", "A limit of none returns none.", func(t *testing.T, s state.State) {
		add(t, s, 0, "a", 1)
		for _, limit := range []int{0, -1} {
			if facts, err := s.Since(within(t), 0, limit); err != nil || len(facts) != 0 {
				t.Fatalf("%v, %v", facts, err)
			}
		}
	}},
	{"after the last", "After the last fact there is none, which is no error.", func(t *testing.T, s state.State) {
		add(t, s, 0, "a", 2)
		for _, after := range []uint64{2, 3, 1 << 62, 1<<64 - 1} {
			if facts, err := s.Since(within(t), after, 5); err != nil || len(facts) != 0 {
				t.Fatalf("after %d: %v, %v", after, facts, err)
			}
		}
	}},
}

var waitRules = []rule{
	{"there already", "Wait returns at once if there is a later fact.", func(t *testing.T, s state.State) {
		add(t, s, 0, "a", 2)
		if err := s.Wait(within(t), 1); err != nil {
			t.Fatal(err)
		}
	}},
	{"comes later", "Wait returns when a fact is added.", func(t *testing.T, s state.State) {
		add(t, s, 0, "a", 1)
		ctx := within(t)
		woken := make(chan error, 4)
		for range cap(woken) {
			go func() { woken <- untilLater(ctx, s, 1) }()
		}
		add(t, s, 1, "b", 1)
		for range cap(woken) {
			if err := <-woken; err != nil {
				t.Fatal(err)
			}
		}
	}},
	{"wait is bounded", "Wait returns soon after its context is done.", func(t *testing.T, s state.State) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := untilLater(ctx, s, 0); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v", err)
		}
	}},
	{"wait far ahead", "Wait for what is far ahead is bounded as well.", func(t *testing.T, s state.State) {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		defer cancel()
		if err := untilLater(ctx, s, 1<<64-1); err == nil {
			t.Fatal("no error")
		}
	}},
}

// untilLater waits for a fact after the given one: Wait may return early.
func untilLater(ctx context.Context, s state.State, after uint64) error {
	for {
		if err := s.Wait(ctx, after); err != nil {
			return errors.Join(err, ctx.Err())
		}
		facts, err := s.Since(ctx, after, 1)
		if err != nil || len(facts) > 0 {
			return err
		}
	}
}
