package statetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// A rule is a sentence of the contract and how it is tested.
type rule struct {
	name, says string
	test       func(t *testing.T, s state.State)
}

// Run tests every rule over a State of its own, which open returns empty. Cases
// of one State run at the same time as those of others.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func Run(t *testing.T, open func(t *testing.T) state.State) {
	for _, rules := range [][]rule{appendRules, readRules, waitRules, leaseRules, racingRules} {
		for _, r := range rules {
			t.Run(r.name, func(t *testing.T) {
				t.Parallel()
				defer func() {
					if t.Failed() {
						t.Logf("the rule: %s", r.says)
					}
				}()
				r.test(t, open(t))
			})
		}
	}
}

// patience bounds what a State may take for anything.
const patience = 30 * time.Second

// within returns a context for one case.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// fact is the i-th fact of a writer.
func fact(writer string, i int) state.Fact {
	return state.Fact{Kind: "test." + writer, Subject: "5:mercy/ada", Body: fmt.Appendf(nil, `{"n": %d}`, i)}
}

// add appends n facts of a writer at once.
func add(t *testing.T, s state.State, after uint64, writer string, n int) uint64 {
	t.Helper()
	facts := make([]state.Fact, n)
	for i := range facts {
		facts[i] = fact(writer, i)
	}
	last, err := s.Append(within(t), after, facts...)
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	return last
}

// all reads every fact and fails if there is a gap.
func all(t *testing.T, s state.State) []state.Fact {
	t.Helper()
	var facts []state.Fact
	for {
		more, err := s.Since(within(t), uint64(len(facts)), 100)
		if err != nil {
			t.Fatalf("Since: %v", err)
		}
		if len(more) == 0 {
			return facts
		}
		for _, f := range more {
			facts = append(facts, f)
			if f.Seq != uint64(len(facts)) {
				t.Fatalf("fact %d has the number %d", len(facts), f.Seq)
			}
		}
	}
}

// replica returns what is known of one, false if its lease is over.
func replica(t *testing.T, s state.State, id string) (state.Replica, bool) {
	t.Helper()
	live, now, err := s.Replicas(within(t))
	if err != nil {
		t.Fatalf("Replicas: %v", err)
	}
	for _, r := range live {
		if !now.Before(r.Until) {
			t.Fatalf("a replica is listed after its lease")
		}
		if r.ID == id {
			return r, true
		}
	}
	return state.Replica{}, false
}

func renew(t *testing.T, s state.State, id string, acknowledged uint64, lease time.Duration) {
	t.Helper()
	if err := s.Renew(within(t), id, acknowledged, lease); err != nil {
		t.Fatalf("Renew: %v", err)
	}
}

// refused fails unless err is want.
func refused(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, not %v", err, want)
	}
}
