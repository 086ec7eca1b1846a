package review_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

// everything returns new rules of all kinds.
func everything(t testing.TB) []review.Rule {
	t.Helper()
	c, err := review.NewCalendar(time.UTC, []review.Shift{{Days: []time.Weekday{1, 2, 3, 4, 5}, From: 7 * 60, To: 19 * 60}})
	require.NoError(t, err)
	rules, err := review.Standard(review.Host{Workforce: roster{"former": monday}, Shifts: c, Groups: oneGroup{}})
	require.NoError(t, err)
	return rules
}

// busy is a log in which every rule finds something.
func busy(n int) *memory {
	m := &memory{}
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		at := monday.Add(time.Duration(i) * 20 * time.Second)
		patient := fmt.Sprintf("p1.%d", r.IntN(5000))
		who := fmt.Sprintf("nurse-%d", r.IntN(20))
		switch r.IntN(40) {
		case 0:
			who = "former"
		case 1, 2, 3, 4, 5, 6:
			who = "snoop"
		}
		m.access(at, who, func(e *audit.Event, a *audit.Access) {
			a.Flags = []string{fmt.Sprintf("dept-%d", i/100)}
			switch r.IntN(10) {
			case 0:
				a.Flags = append(a.Flags, "vip")
			case 1:
				e.Type, a.Denied = audit.TypeDenied, []string{"access.no-rule"}
			case 2:
				e.Type = audit.TypeExported
			case 3:
				a.BreakGlass = true
			case 4:
				a.Principal = &audit.Actor{ID: "agent", Kind: "service", Tenant: "t1", OnBehalfOf: who}
			}
		}, patient)
	}
	return m
}

// A slot keeps a state in memory and can fail.
type slot struct {
	state []byte
	fail  error
}

func (s *slot) Load(context.Context) ([]byte, error) { return s.state, nil }
func (s *slot) Store(_ context.Context, state []byte) error {
	if s.fail != nil {
		return s.fail
	}
	s.state = bytes.Clone(state)
	return nil
}

// A restart at any moment, with the state lost since it was stored last or with
// an alert that could not be written, misses no alert and writes none twice.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestRestart(t *testing.T) {
	n, rounds := 300, 2
	if os.Getenv("SAFEGUARD_SOAK") == "1" {
		n, rounds = 3000, 50
	}
	log := busy(n)
	whole := &memory{records: append([][]byte(nil), log.records...)}
	e, err := review.New(everything(t), nil)
	require.NoError(t, err)
	require.NoError(t, e.CatchUp(t.Context(), whole, whole, &slot{}))
	want := map[string]int{}
	for _, a := range whole.alerts(t) {
		want[a.ID]++
	}
	require.Greater(t, len(want), 25)

	r := rand.New(rand.NewPCG(3, 4))
	for round := range rounds {
		m := &memory{}
		store := &slot{}
		for at := 0; at < n; {
			step := min(r.IntN(300), n-at)
			m.records = append(m.records, log.records[at:at+step]...)
			at += step
			e, err := review.Resume(t.Context(), store, everything(t), &review.Options{Every: 1 + r.IntN(100)})
			require.NoError(t, err)
			var noter audit.Noter = m
			switch r.IntN(4) {
			case 0:
				store.fail = errors.New("disk full")
			case 1:
				noter = &fewer{m, r.IntN(10)}
			}
			_ = e.CatchUp(t.Context(), m, noter, store)
			store.fail = nil
		}
		e, err := review.Resume(t.Context(), store, everything(t), nil)
		require.NoError(t, err)
		require.NoError(t, e.CatchUp(t.Context(), m, m, store))
		got := map[string]int{}
		for _, a := range m.alerts(t) {
			got[a.Rule+a.Event+a.Reason]++
		}
		for id, times := range got {
			require.Equal(t, 1, times, "round %d: %s", round, id)
		}
		require.Equal(t, len(want), len(m.alerts(t)), "round %d", round)
	}
	t.Logf("soak: review: %d histories of restarts over %d records, %d alerts each, none lost or doubled", rounds, n, len(want))
}

// fewer writes so many notices and then fails.
type fewer struct {
	*memory
	left int
}

func (f *fewer) Record(ctx context.Context, n audit.Notice) (string, error) {
	if f.left--; f.left < 0 {
		return "", errors.New("log is full")
	}
	return f.memory.Record(ctx, n)
}

// A state of other rules, of another log, or one that was changed is refused,
// and so is the engine from then on.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestStateRefused(t *testing.T) {
	e, err := review.New(everything(t), nil)
	require.NoError(t, err)
	for i, r := range busy(300).records {
		_, err := e.Observe(t.Context(), uint64(i), r)
		require.NoError(t, err)
	}
	state, err := e.Save()
	require.NoError(t, err)
	fresh := func(opts *review.Options) *review.Engine {
		e, err := review.New(everything(t), opts)
		require.NoError(t, err)
		return e
	}
	again := fresh(nil)
	require.NoError(t, again.Restore(state))
	require.Equal(t, e.Next(), again.Next())
	saved, err := again.Save()
	require.NoError(t, err)
	require.JSONEq(t, string(state), string(saved))

	require.ErrorIs(t, fresh(&review.Options{Log: "other"}).Restore(state), review.ErrState)
	require.ErrorIs(t, again.Restore(state), review.ErrState, "has begun")
	for name, change := range map[string]func(s map[string]any){
		"version":     func(s map[string]any) { s["version"] = 2 },
		"member":      func(s map[string]any) { s["extra"] = 1 },
		"rule gone":   func(s map[string]any) { delete(s["rules"].(map[string]any), "bulk") },
		"rule null":   func(s map[string]any) { s["rules"].(map[string]any)["bulk"] = "x" },
		"actor twice": func(s map[string]any) { twice(s, "flagged") },
		"actor none":  func(s map[string]any) { s["rules"].(map[string]any)["department"] = []any{map[string]any{}} },
	} {
		var s map[string]any
		require.NoError(t, json.Unmarshal(state, &s))
		change(s)
		b, err := json.Marshal(s)
		require.NoError(t, err)
		e := fresh(nil)
		require.ErrorIs(t, e.Restore(b), review.ErrState, name)
		_, err = e.Observe(t.Context(), 0, nil)
		require.ErrorIs(t, err, review.ErrState, name)
	}
	require.ErrorIs(t, fresh(nil).Restore(append(state, '1')), review.ErrState)
}

func twice(s map[string]any, rule string) {
	rules := s["rules"].(map[string]any)
	list := rules[rule].([]any)
	rules[rule] = append(list, list[0])
}

// A file keeps the state; one that is not there is none.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestFileStore(t *testing.T) {
	s := review.FileStore(filepath.Join(t.TempDir(), "state"))
	b, err := s.Load(t.Context())
	require.NoError(t, err)
	require.Nil(t, b)
	require.NoError(t, s.Store(t.Context(), []byte("one")))
	require.NoError(t, s.Store(t.Context(), []byte("two")))
	b, err = s.Load(t.Context())
	require.NoError(t, err)
	require.Equal(t, "two", string(b))
}

// A record of nobody knows what is an alert by itself.
//
// Controls: HIPAA 164.308(a)(1)(ii)(D); NIST CSF 2.0 DE.AE-03.
func TestUnreadable(t *testing.T) {
	m := &memory{records: [][]byte{[]byte("junk"), []byte(`{"specversion":"1.0"}`)}}
	require.Equal(t, []string{"unreadable:unreadable", "unreadable:unreadable"}, reasons(feed(t, m, nil, everything(t)...)))
}

// FuzzRestore: whatever is restored can be saved, and goes on.
func FuzzRestore(f *testing.F) {
	e, err := review.New(everything(f), nil)
	require.NoError(f, err)
	log := busy(60)
	for i, r := range log.records {
		_, err := e.Observe(f.Context(), uint64(i), r)
		require.NoError(f, err)
	}
	state, err := e.Save()
	require.NoError(f, err)
	f.Add(state)
	empty, err := review.New(everything(f), nil)
	require.NoError(f, err)
	state, err = empty.Save()
	require.NoError(f, err)
	f.Add(state)
	f.Add([]byte("{}"))
	f.Fuzz(func(t *testing.T, state []byte) {
		e, err := review.New(everything(t), nil)
		require.NoError(t, err)
		if err := e.Restore(state); err != nil {
			require.ErrorIs(t, err, review.ErrState)
			return
		}
		_, _ = e.Observe(t.Context(), e.Next(), log.records[0])
		_, err = e.Save()
		require.NoError(t, err)
	})
}
