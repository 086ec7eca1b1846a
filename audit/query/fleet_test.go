package query

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// fleet stores visits in n ledgers, each visit in one of them, and all in one
// more.
func fleet(t testing.TB, n, count int) (ledgers []Ledger, one Ledger, dirs []string) {
	records := visits(t, count)
	for i := range n {
		var mine [][]byte
		for v := i; v < count; v += n {
			mine = append(mine, records[2*v], records[2*v+1])
		}
		name := fmt.Sprintf("instance-%d", i)
		dir, vkey := stored(t, "clinic.example/"+name, mine)
		ledgers, dirs = append(ledgers, opened(t, name, dir, vkey)), append(dirs, dir)
	}
	dir, vkey := stored(t, "clinic.example/all", records)
	return ledgers, opened(t, "all", dir, vkey), dirs
}

// A fleet answers as one ledger would, in the order of time, page by page, and
// each hit names its ledger.
//
// Controls: HIPAA 164.312(b), 164.308(a)(1)(ii)(D); NIST CSF 2.0 PR.PS-04.
func TestFleetAnswersAsOne(t *testing.T) {
	ledgers, one, _ := fleet(t, 5, 200)
	h, single := asked(t, "", nil, ledgers...), asked(t, "", nil, one)
	_, err := h.Reindex(t.Context())
	require.NoError(t, err)
	ctx := as(t, officer)
	for _, q := range []Question{
		WhoSaw(safeguard.Operations, maria, whenever, whenever),
		WhatDid(safeguard.Operations, "user-2", whenever, whenever),
	} {
		want := idsOf(single.all(t, ctx, q))
		require.NotEmpty(t, want)
		require.ElementsMatch(t, want, idsOf(h.all(t, ctx, q)))
		var got []string
		q.Limit = 3
		for {
			a, err := h.Ask(ctx, q)
			require.NoError(t, err)
			require.Len(t, a.Ledgers, 5)
			for _, hit := range a.Hits {
				require.NotEmpty(t, hit.Ledger)
				require.NotNil(t, hit.Ended)
			}
			got = append(got, idsOf(a.Hits)...)
			if q.After = a.Next; a.Next == "" {
				break
			}
		}
		require.ElementsMatch(t, want, got)
	}
	all, err := h.Affected(ctx, WhatDid(safeguard.Operations, "user-2", whenever, whenever))
	require.NoError(t, err)
	same, err := single.Affected(ctx, WhatDid(safeguard.Operations, "user-2", whenever, whenever))
	require.NoError(t, err)
	require.Equal(t, same.Tokens, all.Tokens)
}

func idsOf(hits []Hit) (ids []string) {
	for _, h := range hits {
		ids = append(ids, h.ID)
	}
	return ids
}

// Hits of several ledgers come in the order in which they were recorded.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestFleetIsInOrder(t *testing.T) {
	ledgers, _, _ := fleet(t, 4, 120)
	h := asked(t, "", nil, ledgers...)
	hits := h.all(t, as(t, officer), OfType(safeguard.Operations, whenever, whenever, audit.TypeRead))
	require.Len(t, hits, 60)
	require.True(t, slices.IsSortedFunc(hits, func(a, b Hit) int { return a.order().Compare(b.order()) }))
}

// A ledger that is missing, unreadable, cut, set back or behind what was kept
// elsewhere gives an error that names it, and no smaller answer.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestMissingLedgerIsNamed(t *testing.T) {
	segments := func(t *testing.T, dir string) []string {
		list, err := filepath.Glob(filepath.Join(dir, "*.seg"))
		require.NoError(t, err)
		require.Greater(t, len(list), 2)
		return list
	}
	cases := map[string]func(t *testing.T, l *Ledger, dir string){
		"missing": func(_ *testing.T, l *Ledger, _ string) { l.Reader = nil },
		"deleted": func(t *testing.T, _ *Ledger, dir string) { require.NoError(t, os.RemoveAll(dir)) },
		"no checkpoint": func(t *testing.T, _ *Ledger, dir string) {
			require.NoError(t, os.Remove(filepath.Join(dir, "checkpoint")))
		},
		"first deleted":  func(t *testing.T, _ *Ledger, dir string) { require.NoError(t, os.Remove(segments(t, dir)[0])) },
		"second deleted": func(t *testing.T, _ *Ledger, dir string) { require.NoError(t, os.Remove(segments(t, dir)[1])) },
		"last deleted": func(t *testing.T, _ *Ledger, dir string) {
			list := segments(t, dir)
			require.NoError(t, os.Remove(list[len(list)-1]))
		},
		"cut": func(t *testing.T, _ *Ledger, dir string) {
			require.NoError(t, os.Truncate(segments(t, dir)[1], 5000))
		},
		"another key": func(_ *testing.T, l *Ledger, _ string) {
			l.VerifierKey = l.VerifierKey[:len(l.VerifierKey)-8] + "AAAAAAA="
		},
		"behind its anchor": func(_ *testing.T, l *Ledger, _ string) {
			l.Anchored = func(context.Context) (uint64, error) { return 1 << 20, nil }
		},
		"no anchor": func(_ *testing.T, l *Ledger, _ string) {
			l.Anchored = func(context.Context) (uint64, error) { return 0, errors.New("not reached") }
		},
	}
	whole, _, _ := fleet(t, 3, 180)
	one, vkey := stored(t, "clinic.example/charts", visits(t, 60))
	for name, harm := range cases {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "ledger")
			require.NoError(t, os.CopyFS(dir, os.DirFS(one)))
			ledgers := slices.Clone(whole)
			ledgers[1] = opened(t, "instance-1", dir, vkey)
			harm(t, &ledgers[1], dir)
			h := asked(t, "", nil, ledgers...)
			ctx := as(t, officer)
			_, err := h.Ask(ctx, OfType(safeguard.Operations, whenever, whenever, audit.TypeRead))
			var where *LedgerError
			require.ErrorAs(t, err, &where)
			require.Equal(t, "instance-1", where.Ledger)
			_, err = h.Affected(ctx, WhatDid(safeguard.Operations, "user-1", whenever, whenever))
			require.ErrorAs(t, err, &where)
			for _, q := range h.notes.queried(t) {
				require.True(t, q.Allowed && q.Failed)
			}
		})
	}
}

// A ledger that was set back to an older copy of itself is noticed by whoever
// saw the newer one.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestSetBackIsNoticed(t *testing.T) {
	records := visits(t, 40)
	dir, vkey := stored(t, "clinic.example/charts", records[:40])
	older := filepath.Join(t.TempDir(), "older")
	require.NoError(t, os.CopyFS(older, os.DirFS(dir)))
	l, err := ledger.Open(dir, signer, &ledger.Options{Origin: "clinic.example/charts", CheckpointInterval: time.Hour})
	require.NoError(t, err)
	require.NoError(t, l.Append(t.Context(), records[40:]...))
	require.NoError(t, l.Close(t.Context()))
	h := asked(t, dir, nil, opened(t, "charts", dir, vkey))
	ctx := as(t, officer)
	_, err = h.Ask(ctx, attackAsk)
	require.NoError(t, err)
	h.shards[0].reader = opened(t, "charts", older, vkey).Reader
	_, err = h.Ask(ctx, attackAsk)
	require.ErrorContains(t, err, "covered 80 before")
}
