// Package sessiontest holds implementations of session.Store against the
// contract: limits that are never late, ended sessions that never come back,
// digests that must fit, activity that only counts where it should.
//
// Call [Run] from a test of the store. Each case runs in a bubble of
// testing/synctest, so that hours pass in no time and a limit is tested at
// its very nanosecond; the store must be made inside newStore and take its
// time from package time, and must leave no goroutine behind. [Cases] are the
// same checks for those who run them otherwise.
//
// A store that passes has been shown to obey the rules in these cases. It has
// not been shown to survive a network partition, a restart or a clock that
// jumps.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(8); NIST CSF 2.0 PR.AA-05, ID.IM-03.
package sessiontest

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/safeguard-sdk/safeguard/session"
)

// A Case is one rule of the contract and its check.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(8); NIST CSF 2.0 PR.AA-05.
type Case struct {
	// Name is short and usable as the name of a subtest.
	Name string
	// Rule is what a store must do, in one sentence.
	Rule string
	// Check returns how the store breaks the rule, or nil. It needs a store of
	// its own, and runs in a synctest bubble, since it waits for hours.
	Check func(ctx context.Context, store session.Store) error
}

// Run holds the stores that newStore returns, a fresh one for each case,
// against all [Cases].
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(8); NIST CSF 2.0 PR.AA-05.
func Run(t *testing.T, newStore func(testing.TB) session.Store) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if err := c.Check(t.Context(), newStore(t)); err != nil {
					t.Errorf("%s\nrule: %s", err, c.Rule)
				}
			})
		})
	}
}

// Cases returns the checks, in a fixed order.
//
// Controls: HIPAA 164.312(a)(2)(iii), 164.308(a)(8); NIST CSF 2.0 PR.AA-05.
func Cases() []Case {
	var all []Case
	for _, r := range slices.Concat(startRules(), limitRules(), tokenRules(), endRules(), changeRules(), raceRules()) {
		all = append(all, Case{Name: r.name, Rule: r.text, Check: func(ctx context.Context, store session.Store) error {
			s := &scene{ctx: ctx, store: store}
			r.play(s)
			return s.err
		}})
	}
	return all
}

// A rule is a Case as it is written here.
type rule struct {
	name, text string
	play       func(*scene)
}
