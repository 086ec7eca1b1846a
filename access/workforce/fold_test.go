package workforce

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/access/state"
)

// Whatever a fact says, it is understood or it is an error; no account comes
// to be active by a fact that does not make it so, and what one draft changes
// readers of the table before do not see.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C), 164.312(a)(1); NIST CSF 2.0 PR.AA-05.
func FuzzFold(f *testing.F) {
	body := `{"by":{"tenant":"mercy","id":"admin","kind":"person"},"reason":"x","ticket":"T"}`
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		f.Add(kind, "5:mercy/ada", []byte(body))
	}
	f.Add(kindOpened, "5:mercy/bob", []byte(`{"account":"service","manager":"ada",`+body[1:]))
	f.Add(kindTrained, "5:mercy/ada", []byte(`{"course":"hipaa","completed":"2026-01-02T03:04:05Z",`+body[1:]))
	f.Add("", "", []byte(`null`))
	f.Fuzz(func(t *testing.T, kind, subject string, body []byte) {
		all := &table{}
		at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
		first := state.Fact{Seq: 1, At: at, Kind: kindOpened, Subject: "5:mercy/ada",
			Body: []byte(`{"account":"person","by":{"id":"admin","kind":"person"},"reason":"hired"}`)}
		d := newDraft(all)
		require.NoError(t, d.fold(first))
		d.publish()
		before := all.find(key{"mercy", "ada"})
		was := before.record

		d = newDraft(all)
		err := d.fold(state.Fact{Seq: 2, At: at, Kind: kind, Subject: subject, Body: body})
		require.Equal(t, was.status, before.status)
		require.Equal(t, was.epoch, before.epoch)
		require.Len(t, before.grants, len(was.grants))
		if err != nil {
			require.ErrorIs(t, err, ErrFacts)
			return
		}
		require.True(t, json.Valid(body))
		d.publish()
		if ends(kind) {
			require.Greater(t, all.find(key{"mercy", "ada"}).epoch, was.epoch)
			require.Len(t, d.ended, 1)
		}
		for a := range all.all() {
			require.True(t, !a.active() || a.key == before.key || kind == kindOpened)
		}
	})
}

// A gap, a repetition or another order of facts is not understood.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestFactsAreInOrder(t *testing.T) {
	fact := func(seq uint64, id string) state.Fact {
		return state.Fact{Seq: seq, At: time.Now(), Kind: kindOpened, Subject: key{"", id}.String(),
			Body: []byte(`{"account":"person","by":{"id":"admin","kind":"person"},"reason":"hired"}`)}
	}
	for name, facts := range map[string][]state.Fact{
		"gap":     {fact(1, "a"), fact(3, "b")},
		"twice":   {fact(1, "a"), fact(1, "b")},
		"order":   {fact(2, "a"), fact(1, "b")},
		"no zero": {fact(0, "a")},
	} {
		d := newDraft(&table{})
		var err error
		for _, f := range facts {
			if err == nil {
				err = d.fold(f)
			}
		}
		require.ErrorIs(t, err, ErrFacts, name)
	}
}

// Every kind that ends something is known, and has a fold.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestEndingsAreKinds(t *testing.T) {
	var found []string
	for kind := range kinds {
		require.LessOrEqual(t, len(kind), state.MaxKind)
		if ends(kind) {
			found = append(found, kind)
		}
	}
	slices.Sort(found)
	require.Equal(t, []string{kindDistrusted, kindSuspended, kindTerminated}, found)
}
