package state_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// A fact within its bounds is one, and a byte more is none.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestCheck(t *testing.T) {
	fact := func(kind, subject, body string) state.Fact {
		return state.Fact{Kind: kind, Subject: subject, Body: []byte(body)}
	}
	long := func(n int) string { return strings.Repeat("x", n) }
	for name, c := range map[string]struct {
		f  state.Fact
		ok bool
	}{
		"plain":           {fact("k", "s", "{}"), true},
		"no subject":      {fact("k", "", "null"), true},
		"largest":         {fact(long(state.MaxKind), long(state.MaxSubject), `"`+long(state.MaxBody-2)+`"`), true},
		"no kind":         {fact("", "s", "{}"), false},
		"long kind":       {fact(long(state.MaxKind+1), "s", "{}"), false},
		"long subject":    {fact("k", long(state.MaxSubject+1), "{}"), false},
		"long body":       {fact("k", "s", `"`+long(state.MaxBody-1)+`"`), false},
		"no body":         {fact("k", "s", ""), false},
		"two documents":   {fact("k", "s", "{}{}"), false},
		"half a document": {fact("k", "s", `{"a":`), false},
		"control":         {fact("k", "a\nb", "{}"), false},
		"not UTF-8":       {fact("k", "a\xff", "{}"), false},
		"body not UTF-8":  {fact("k", "s", "\"\xff\""), false},
		"sequence":        {state.Fact{Seq: 1, Kind: "k", Body: []byte("{}")}, false},
		"time":            {state.Fact{At: time.Unix(1, 0), Kind: "k", Body: []byte("{}")}, false},
	} {
		err := state.Check(c.f)
		if c.ok {
			require.NoError(t, err, name)
		} else {
			require.ErrorIs(t, err, state.ErrFact, name)
			require.ErrorIs(t, state.Check(fact("k", "s", "{}"), c.f), state.ErrFact, name)
		}
	}
	require.ErrorIs(t, state.Check(), state.ErrFact)
	require.ErrorIs(t, state.Check(make([]state.Fact, state.MaxAppend+1)...), state.ErrFact)
}

// A lease has a name and an end.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestCheckReplica(t *testing.T) {
	require.NoError(t, state.CheckReplica("r", time.Nanosecond))
	require.NoError(t, state.CheckReplica(strings.Repeat("r", state.MaxReplica), state.MaxLease))
	for _, name := range []string{"", strings.Repeat("r", state.MaxReplica+1), "a\nb", "a\xff"} {
		require.ErrorIs(t, state.CheckReplica(name, time.Second), state.ErrReplica)
	}
	for _, lease := range []time.Duration{0, -1, state.MaxLease + 1} {
		require.ErrorIs(t, state.CheckReplica("r", lease), state.ErrReplica)
	}
}
