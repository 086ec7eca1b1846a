package query

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
)

// The index, the scan and a plain loop over decoded records give one answer, to
// every question.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func TestIndexAndScanAgree(t *testing.T) {
	h := settled(t, 400, nil)
	l := h.shards[0].Ledger
	built, err := h.Reindex(t.Context())
	require.NoError(t, err)
	require.Greater(t, built.Built, 5)
	require.Equal(t, built.Sealed, built.Sound)
	tokens := keys(t).FindPatient("north", maria)

	cases := []struct {
		name  string
		ask   Question
		plain func(kind string, a audit.Access) bool
	}{
		{"who saw", WhoSaw(safeguard.Operations, maria, whenever, whenever), func(_ string, a audit.Access) bool {
			return slices.ContainsFunc(a.Patients, func(p string) bool { return slices.Contains(tokens, p) })
		}},
		{"what did", WhatDid(safeguard.Operations, "user-3", whenever, whenever), func(_ string, a audit.Access) bool {
			return a.Principal != nil && a.Principal.ID == "user-3" && a.Principal.Tenant == "north"
		}},
		{"of type", OfType(safeguard.Operations, whenever, whenever, audit.TypeRead), func(kind string, a audit.Access) bool {
			return kind == audit.TypeRead && a.Principal.Tenant == "north"
		}},
		{"nobody", WhatDid(safeguard.Operations, "user-99", whenever, whenever), func(string, audit.Access) bool { return false }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			want := plainly(t, l, c.plain)
			indexed := h.all(t, as(t, officer), c.ask)
			c.ask.Unindexed = true
			scanned := h.all(t, as(t, officer), c.ask)
			require.Equal(t, want, indexesOf(indexed))
			require.Equal(t, want, indexesOf(scanned))
			for i := range indexed {
				indexed[i].place, scanned[i].place = place{}, place{}
			}
			require.Equal(t, scanned, indexed)
		})
	}
}

// A hit says who, what, whom, why and how it ended, over both epochs of keys.
//
// Controls: HIPAA 164.312(b), 164.312(a)(2)(i); NIST CSF 2.0 PR.PS-04.
func TestHit(t *testing.T) {
	h := settled(t, 100, nil)
	from, to := start.Add(20*time.Minute), start.Add(90*time.Minute)
	a, err := h.Ask(as(t, officer), WhoSaw(safeguard.Operations, maria, from, to))
	require.NoError(t, err)
	require.Equal(t, 1, len(a.Hits), "of north, in the range: visit 42; those of i%%10 == 3 are odd and of south")
	hit := a.Hits[0]
	require.Equal(t, "user-0", hit.Access.Principal.ID)
	require.Equal(t, []string{"name", "dob"}, hit.Access.Fields)
	require.Equal(t, start.Add(42*time.Minute), hit.Time)
	require.Equal(t, audit.Completed, hit.Ended.Outcome)
	require.Equal(t, 200, hit.Ended.Status)
	require.Equal(t, 1, hit.Parts)
	require.True(t, hit.Signed)
	require.Zero(t, a.Unsigned())
	require.Equal(t, uint64(200), a.Ledgers[0].Signed)
	require.Empty(t, a.Next)
}

// Pages join up to the whole, and a page of other ledgers is refused.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestPages(t *testing.T) {
	h := settled(t, 300, nil)
	ctx := as(t, officer)
	q := WhatDid(safeguard.Operations, "user-2", whenever, whenever)
	whole := h.all(t, ctx, q)
	require.NotEmpty(t, whole)
	var hits []Hit
	q.Limit = 4
	for pages := 0; ; pages++ {
		require.Less(t, pages, 100)
		a, err := h.Ask(ctx, q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(a.Hits), 4)
		hits = append(hits, a.Hits...)
		if q.After = a.Next; a.Next == "" {
			break
		}
	}
	require.Equal(t, indexesOf(whole), indexesOf(hits))
	for _, bad := range []string{"x", "c1-000000000000.4", h.cursorName() + ".04", h.cursorName() + ".4.4", h.cursorName()} {
		q.After = bad
		_, err := h.Ask(ctx, q)
		require.ErrorIs(t, err, ErrQuestion, bad)
	}
}

// Questions that have no answer are refused before anything is read.
//
// Controls: HIPAA 164.312(b), 164.312(a)(1); NIST CSF 2.0 PR.PS-04, PR.AA-05.
func TestQuestionsWithoutAnAnswer(t *testing.T) {
	h := settled(t, 10, nil)
	long := string(make([]byte, 300))
	for name, q := range map[string]Question{
		"no kind":    {Purpose: safeguard.Operations},
		"no patient": {Kind: AskWhoSaw, Purpose: safeguard.Operations},
		"no actor":   {Kind: AskWhatDid, Purpose: safeguard.Operations},
		"long actor": {Kind: AskWhatDid, Purpose: safeguard.Operations, Actor: long},
		"no type":    {Kind: AskOfType, Purpose: safeguard.Operations},
		"empty type": {Kind: AskOfType, Purpose: safeguard.Operations, Types: []string{""}},
		"backwards":  WhatDid(safeguard.Operations, "x", start, start),
		"limit":      {Kind: AskWhatDid, Purpose: safeguard.Operations, Actor: "x", Limit: 1001},
		"affected":   {Kind: AskAffected, Purpose: safeguard.Operations, Actor: "x"},
	} {
		_, err := h.Ask(as(t, officer), q)
		require.Error(t, err, name)
	}
}

// FuzzCursor reads no cursor that it would not write.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func FuzzCursor(f *testing.F) {
	l := &Log{shards: []*shard{{Ledger: Ledger{Name: "a"}}, {Ledger: Ledger{Name: "b"}}}}
	f.Add(l.cursor([]uint64{1, 1 << 63}))
	f.Add("c1-000000000000.1.2")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		next, err := l.parseCursor(text)
		if err == nil && text != "" && l.cursor(next) != text {
			t.Fatal("another spelling")
		}
	})
}

func TestNew(t *testing.T) {
	good := []Ledger{{Name: "a"}}
	for name, o := range map[string]*Options{
		"page": {MaxPage: -1}, "tokens": {MaxTokens: 1 << 30}, "workers": {Workers: 65}, "no key": {IndexDir: "x"},
		"short key": {IndexDir: "x", IndexKey: make([]byte, 31)}, "zero key": {IndexDir: "x", IndexKey: make([]byte, 32)},
		"key alone": {IndexKey: indexKey},
	} {
		_, err := New(good, keys(t), allow{}, &notebook{}, o)
		require.Error(t, err, name)
	}
	for name, ledgers := range map[string][]Ledger{"none": nil, "no name": {{}}, "twice": {{Name: "a"}, {Name: "a"}}} {
		_, err := New(ledgers, keys(t), allow{}, &notebook{}, nil)
		require.Error(t, err, name)
	}
	_, err := New(good, nil, allow{}, &notebook{}, nil)
	require.Error(t, err)
	_, err = New(good, keys(t), nil, &notebook{}, nil)
	require.Error(t, err)
	_, err = New(good, keys(t), allow{}, nil, nil)
	require.Error(t, err)
}
