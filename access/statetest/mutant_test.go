package statetest_test

import (
	"context"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/state"
	"github.com/safeguard-sdk/safeguard/access/statetest"
)

// variable names the mistake that a process of this test is to make.
const variable = "SAFEGUARD_STATETEST_MISTAKE"

// A faulty State makes one mistake.
type faulty struct {
	state.State
	mistake string
	mu      sync.Mutex
}

// mistakes are what a State can do wrong, and the rule that finds it.
var mistakes = []struct{ name, rule string }{
	{"does not compare", "moved"},
	{"adds after what is not there", "ahead"},
	{"adds half", "one_wins"},
	{"checks nothing", "no_fact"},
	{"skips one", "no_gap_seen"},
	{"forgets the limit", "limit"},
	{"keeps time of its own", "the_State's_time"},
	{"waits for ever", "there_already"},
	{"shortens leases", "a_lease_does_not_shrink"},
	{"takes acknowledgements back", "acknowledged_grows"},
	{"lists the dead", "a_lease_ends"},
	{"keeps who has left", "leave"},
	{"mixes up names", "names_apart"},
	{"does not renew at once", "known_at_once"},
	{"shares its memory", "the_caller's_memory"},
}

func (f *faulty) Append(ctx context.Context, after uint64, facts ...state.Fact) (uint64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	all, _ := f.State.Since(ctx, 0, 1<<30)
	last := uint64(len(all))
	switch {
	case f.mistake == "does not compare" && after < last, f.mistake == "adds after what is not there" && after > last:
		after = last
	case f.mistake == "adds half" && after != last && len(facts) > 1:
		f.State.Append(ctx, last, facts[:1]...) //nolint:errcheck // a mistake
	case f.mistake == "checks nothing" && state.Check(facts...) != nil:
		return f.State.Append(ctx, after, state.Fact{Kind: "k", Body: []byte("{}")})
	case f.mistake == "shares its memory":
		for _, x := range facts {
			x.Body[2] = 'Z'
		}
	}
	return f.State.Append(ctx, after, facts...)
}

func (f *faulty) Since(ctx context.Context, after uint64, limit int) ([]state.Fact, error) {
	if f.mistake == "forgets the limit" {
		limit = 1 << 30
	}
	facts, err := f.State.Since(ctx, after, limit)
	if f.mistake == "skips one" && len(facts) > 5 {
		facts = append(facts[:2], facts[3:]...)
	}
	for i := range facts {
		if f.mistake == "keeps time of its own" {
			facts[i].At = facts[i].At.Add(-time.Duration(facts[i].Seq) * time.Hour)
		}
	}
	return facts, err
}

func (f *faulty) Wait(ctx context.Context, after uint64) error {
	if f.mistake == "waits for ever" {
		ctx, cancel := context.WithTimeout(ctx, 20*time.Millisecond) // so that the test ends
		defer cancel()
		return f.State.Wait(ctx, 1<<40)
	}
	return f.State.Wait(ctx, after)
}

func (f *faulty) Renew(ctx context.Context, replica string, acknowledged uint64, lease time.Duration) error {
	switch f.mistake {
	case "shortens leases", "takes acknowledgements back":
		if err := f.State.Leave(ctx, replica); err != nil {
			return err
		}
	case "mixes up names":
		replica = replica[:min(1, len(replica))]
	case "does not renew at once":
		return nil
	}
	return f.State.Renew(ctx, replica, acknowledged, lease)
}

func (f *faulty) Replicas(ctx context.Context) ([]state.Replica, time.Time, error) {
	live, now, err := f.State.Replicas(ctx)
	if f.mistake == "lists the dead" && err == nil {
		live = append(live, state.Replica{ID: "r1", Until: now.Add(-time.Second)})
	}
	return live, now, err
}

func (f *faulty) Leave(ctx context.Context, replica string) error {
	if f.mistake == "keeps who has left" {
		return nil
	}
	return f.State.Leave(ctx, replica)
}

// A State that makes one mistake fails the rule that is about it. Each is run
// in a process of its own, which must fail.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestMistakesAreFound(t *testing.T) {
	if os.Getenv(variable) != "" {
		t.Skip("this is the process that fails")
	}
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestMistake$/^"+m.rule+"$", "-test.v")
			cmd.Env = append(os.Environ(), variable+"="+m.name)
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "the mistake was not found")
			require.Contains(t, string(out), "--- FAIL: TestMistake/"+m.rule)
		})
	}
}

// TestMistake runs the suite over a State that makes the mistake of the
// environment, or none.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestMistake(t *testing.T) {
	statetest.Run(t, func(*testing.T) state.State {
		return &faulty{State: memstate.New(), mistake: os.Getenv(variable)}
	})
}
