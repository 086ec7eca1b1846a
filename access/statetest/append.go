package statetest

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/safeguard-sdk/safeguard/access/state"
)

var appendRules = []rule{
	{"empty at first", "A new State has no facts and no replicas.", func(t *testing.T, s state.State) {
		if facts := all(t, s); len(facts) != 0 {
			t.Fatalf("%d facts", len(facts))
		}
		if live, now, err := s.Replicas(within(t)); err != nil || len(live) != 0 || now.IsZero() {
			t.Fatalf("%v, %v, %v", live, now, err)
		}
	}},
	{"numbers without a gap", "Facts are numbered 1, 2, 3.", func(t *testing.T, s state.State) {
		if last := add(t, s, 0, "a", 3); last != 3 {
			t.Fatalf("last is %d", last)
		}
		if last := add(t, s, 3, "b", 1); last != 4 {
			t.Fatalf("last is %d", last)
		}
		if facts := all(t, s); len(facts) != 4 {
			t.Fatalf("%d facts", len(facts))
		}
	}},
	{"as given", "Kind, Subject and Body come back to the byte.", func(t *testing.T, s state.State) {
		want := state.Fact{Kind: "k\u00e9'\"\\", Subject: "6:m'e\"r\\/\u00fc", Body: []byte(" {\"b\" : 1e3, \"a\":\"\\u0000\u20ac\" , \"a\":2}\n")}
		if _, err := s.Append(within(t), 0, want); err != nil {
			t.Fatal(err)
		}
		got := all(t, s)[0]
		if got.Kind != want.Kind || got.Subject != want.Subject || !bytes.Equal(got.Body, want.Body) {
			t.Fatalf("%+v", got)
		}
	}},
	{"the largest", "A fact may have MaxKind, MaxSubject and MaxBody bytes.", func(t *testing.T, s state.State) {
		f := state.Fact{
			Kind: strings.Repeat("k", state.MaxKind), Subject: strings.Repeat("s", state.MaxSubject),
			Body: []byte(`"` + strings.Repeat("b", state.MaxBody-2) + `"`),
		}
		if _, err := s.Append(within(t), 0, f); err != nil {
			t.Fatal(err)
		}
		if got := all(t, s)[0]; got.Kind != f.Kind || got.Subject != f.Subject || !bytes.Equal(got.Body, f.Body) {
			t.Fatal("it came back otherwise")
		}
	}},
	{"the most", "MaxAppend facts fit into one Append.", func(t *testing.T, s state.State) {
		add(t, s, 0, "a", state.MaxAppend)
		if n := len(all(t, s)); n != state.MaxAppend {
			t.Fatalf("%d facts", n)
		}
	}},
	{"no fact", "What is no fact is refused, and nothing is added.", func(t *testing.T, s state.State) {
		for i, f := range notFacts() {
			_, err := s.Append(within(t), 0, fact("a", 0), f)
			if refused(t, err, state.ErrFact); len(all(t, s)) != 0 {
				t.Fatalf("case %d was added", i)
			}
		}
		_, err := s.Append(within(t), 0)
		refused(t, err, state.ErrFact)
		_, err = s.Append(within(t), 0, make([]state.Fact, state.MaxAppend+1)...)
		refused(t, err, state.ErrFact)
	}},
	{"moved", "Append adds nothing if there are later facts.", func(t *testing.T, s state.State) {
		add(t, s, 0, "a", 2)
		for _, after := range []uint64{0, 1} {
			_, err := s.Append(within(t), after, fact("b", 0))
			refused(t, err, state.ErrMoved)
		}
		if n := len(all(t, s)); n != 2 {
			t.Fatalf("%d facts", n)
		}
	}},
	{"ahead", "Append adds nothing after a fact that there is not.", func(t *testing.T, s state.State) {
		add(t, s, 0, "a", 1)
		for _, after := range []uint64{2, 1 << 40, 1<<63 - 1, 1 << 63, 1<<64 - 1} {
			_, err := s.Append(within(t), after, fact("b", 0))
			refused(t, err, state.ErrMoved)
		}
		add(t, s, 1, "c", 1)
	}},
	{"the State's time", "A fact has the State's time, never earlier than the one before.", func(t *testing.T, s state.State) {
		_, before, err := s.Replicas(within(t))
		if err != nil {
			t.Fatal(err)
		}
		for i := range 20 {
			add(t, s, uint64(i), "a", 1)
		}
		_, after, err := s.Replicas(within(t))
		if err != nil {
			t.Fatal(err)
		}
		last := before.Truncate(time.Microsecond)
		for _, f := range all(t, s) {
			if f.At.Before(last) || f.At.After(after) {
				t.Fatalf("%v is not between %v and %v", f.At, last, after)
			}
			last = f.At
		}
	}},
	{"done before", "Append does nothing once its context is done.", func(t *testing.T, s state.State) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.Append(ctx, 0, fact("a", 0)); err == nil {
			t.Fatal("no error")
		}
		if _, err := s.Since(ctx, 0, 1); err == nil {
			t.Fatal("no error of Since")
		}
		if _, _, err := s.Replicas(ctx); err == nil {
			t.Fatal("no error of Replicas")
		}
		if err := s.Renew(ctx, "r", 0, time.Minute); err == nil {
			t.Fatal("no error of Renew")
		}
		if n := len(all(t, s)); n != 0 {
			t.Fatalf("%d facts", n)
		}
	}},
	{"the caller's memory", "What a caller does to its slices afterwards changes no fact.", func(t *testing.T, s state.State) {
		f := fact("a", 7)
		if _, err := s.Append(within(t), 0, f); err != nil {
			t.Fatal(err)
		}
		f.Body[2] = 'X'
		got := all(t, s)[0]
		got.Body[2] = 'Y'
		if again := all(t, s)[0]; !bytes.Equal(again.Body, fact("a", 7).Body) {
			t.Fatalf("%s", again.Body)
		}
	}},
}

// notFacts are what Append refuses.
func notFacts() []state.Fact {
	ok := func(change func(*state.Fact)) state.Fact {
		f := fact("a", 1)
		change(&f)
		return f
	}
	return []state.Fact{
		ok(func(f *state.Fact) { f.Seq = 1 }),
		ok(func(f *state.Fact) { f.At = time.Unix(1, 0) }),
		ok(func(f *state.Fact) { f.Kind = "" }),
		ok(func(f *state.Fact) { f.Kind = strings.Repeat("k", state.MaxKind+1) }),
		ok(func(f *state.Fact) { f.Kind = "a\x00b" }),
		ok(func(f *state.Fact) { f.Kind = "a\xff" }),
		ok(func(f *state.Fact) { f.Subject = strings.Repeat("s", state.MaxSubject+1) }),
		ok(func(f *state.Fact) { f.Subject = "a\x00b" }),
		ok(func(f *state.Fact) { f.Body = nil }),
		ok(func(f *state.Fact) { f.Body = []byte("{") }),
		ok(func(f *state.Fact) { f.Body = []byte("{}{}") }),
		ok(func(f *state.Fact) { f.Body = []byte("\"\xff\"") }),
		ok(func(f *state.Fact) { f.Body = fmt.Appendf(nil, "%q", strings.Repeat("b", state.MaxBody)) }),
	}
}
