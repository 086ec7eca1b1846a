package query

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// files lists the index files of a house.
func (h *house) files(t testing.TB) (paths []string) {
	require.NoError(t, filepath.WalkDir(h.index, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			paths = append(paths, path)
		}
		return err
	}))
	require.NotEmpty(t, paths)
	return paths
}

var attackAsk = WhatDid(safeguard.Operations, "user-2", whenever, whenever)

// Whatever somebody without the key does to the files of an index, the answer
// is the same, and says what was not believed.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestEditedIndexHidesNothing(t *testing.T) {
	h := settled(t, 300, nil)
	_, err := h.Reindex(t.Context())
	require.NoError(t, err)
	ctx := as(t, officer)
	want := indexesOf(h.all(t, ctx, attackAsk))
	paths := h.files(t)
	good := map[string][]byte{}
	for _, p := range paths {
		good[p], err = os.ReadFile(p)
		require.NoError(t, err)
	}
	attacks := map[string]func(i int, p string) error{
		"flip the header":        func(_ int, p string) error { return os.WriteFile(p, flip(good[p], 20), 0o600) },
		"flip the filter":        func(_ int, p string) error { return os.WriteFile(p, flip(good[p], 100), 0o600) },
		"flip the last page":     func(_ int, p string) error { return os.WriteFile(p, flip(good[p], len(good[p])-4000), 0o600) },
		"cut":                    func(_ int, p string) error { return os.Truncate(p, 4095) },
		"empty":                  func(_ int, p string) error { return os.Truncate(p, 0) },
		"that of the next":       func(i int, p string) error { return os.WriteFile(p, good[paths[(i+1)%len(paths)]], 0o600) },
		"deleted":                func(_ int, p string) error { return os.Remove(p) },
		"of another key":         func(i int, p string) error { return h.forge(p, bytes.Repeat([]byte{9}, 32), true) },
		"of the key, and honest": func(i int, p string) error { return h.forge(p, indexKey, true) },
	}
	for name, attack := range attacks {
		t.Run(name, func(t *testing.T) {
			for i, p := range paths {
				require.NoError(t, attack(i, p))
			}
			a, err := h.Ask(ctx, attackAsk)
			require.NoError(t, err)
			require.Equal(t, want, indexesOf(h.all(t, ctx, attackAsk)))
			believed := name == "of the key, and honest"
			require.Equal(t, !believed, a.Ledgers[0].Scanned > 0)
			require.Equal(t, !believed && name != "deleted", len(a.Ledgers[0].Distrusted) > 0)
			again, err := h.Reindex(t.Context())
			require.NoError(t, err)
			require.Equal(t, again.Sealed, again.Sound)
			for _, p := range paths {
				now, err := os.ReadFile(p)
				require.NoError(t, err)
				require.Equal(t, good[p], now, "built again it is the same")
			}
		})
	}
}

func flip(p []byte, at int) []byte {
	p = bytes.Clone(p)
	p[at] ^= 1
	return p
}

// forge writes an index under a key, of all records or of those that do not
// name user-2.
func (h *house) forge(path string, key IndexKey, honest bool) error {
	v, err := h.shards[0].look(context.Background(), true)
	if err != nil {
		return err
	}
	for _, s := range v.segments {
		if s.Name+".idx" != filepath.Base(path) {
			continue
		}
		forger := &view{shard: &shard{Ledger: v.Ledger, reader: v.reader, index: newIndexes(h.index, key, v.Name)}}
		if !honest {
			forger.reader = hiding{v.reader}
		}
		file, err := forger.build(context.Background(), s)
		if err != nil {
			return err
		}
		return os.WriteFile(path, file, 0o600)
	}
	return fs.ErrNotExist
}

// hiding is a reader that shows user-2 as somebody else.
type hiding struct{ reader }

func (h hiding) Scan(ctx context.Context, s ledger.Segment, from uint64, visit func(ledger.Record) error) error {
	return h.reader.Scan(ctx, s, from, func(r ledger.Record) error {
		if r.Index != s.End-1 { // which stands in the index itself
			r.Data = bytes.ReplaceAll(r.Data, []byte("user-2"), []byte("user-x"))
		}
		return visit(r)
	})
}

// Whoever has the key can leave records out of an index. The scan does not ask
// it, and CheckIndex finds it.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestHolderOfTheKeyCanHideAndIsFound(t *testing.T) {
	h := settled(t, 300, nil)
	_, err := h.Reindex(t.Context())
	require.NoError(t, err)
	ctx := as(t, officer)
	want := indexesOf(h.all(t, ctx, attackAsk))
	sound, err := h.CheckIndex(t.Context())
	require.NoError(t, err)
	require.Empty(t, sound.Wrong)
	for _, p := range h.files(t) {
		require.NoError(t, h.forge(p, indexKey, false))
	}
	require.Less(t, len(h.all(t, ctx, attackAsk)), len(want), "this is what the key is for")
	q := attackAsk
	q.Unindexed = true
	require.Equal(t, want, indexesOf(h.all(t, ctx, q)))
	found, err := h.CheckIndex(t.Context())
	require.NoError(t, err)
	require.Len(t, found.Wrong, len(h.files(t)))
}

// A record that cannot be read may hide somebody: it is counted, with an index
// and without, if it can concern the question at all.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestUnreadableIsCounted(t *testing.T) {
	records := visits(t, 60)
	token := keys(t).FindPatient("north", maria)[0]
	for at, text := range map[int]string{
		3:   `{"data":{"patients":["` + token + `"],"patients":[]}}`,
		17:  `not JSON, but ` + token,
		29:  `not JSON, and no token`,
		31:  `{"broken":"\u0065`,
		110: `{"data":{"patients":"` + token + `"}}`,
	} {
		records[at] = []byte(text)
	}
	dir, vkey := stored(t, "clinic.example/charts", records)
	h := asked(t, dir, nil, opened(t, "charts", dir, vkey))
	_, err := h.Reindex(t.Context())
	require.NoError(t, err)
	for _, unindexed := range []bool{false, true} {
		q := WhoSaw(safeguard.Operations, maria, whenever, whenever)
		q.Unindexed = unindexed
		a, err := h.Ask(as(t, officer), q)
		require.NoError(t, err)
		require.Equal(t, 4, a.Unreadable)
		require.Equal(t, []string{"charts 3", "charts 17", "charts 31", "charts 110"}, a.Unread)
	}
}

// Records in other spellings of JSON are found, too.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestForeignSpelling(t *testing.T) {
	records := visits(t, 40)
	token := keys(t).FindPatient("north", maria)[0]
	records[5] = []byte(`{ "type": "x", "data": { "patients": [ "` + token + `" ] } }`)
	records[7] = []byte(`{"type":"x","data":{"p\u0061tients":["\u0065` + token[1:] + `"]}}`)
	dir, vkey := stored(t, "clinic.example/charts", records)
	h := asked(t, dir, nil, opened(t, "charts", dir, vkey))
	_, err := h.Reindex(t.Context())
	require.NoError(t, err)
	q := WhoSaw(safeguard.Operations, maria, start, whenever)
	q.Types = []string{"x"}
	for _, q.Unindexed = range []bool{false, true} {
		a, err := h.Ask(as(t, officer), q)
		require.NoError(t, err)
		require.Equal(t, []uint64{5, 7}, indexesOf(a.Hits), "without a time, and so in every range")
	}
}

// A bundle proves the page to whoever has the public key, and not what somebody
// put in its place since.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
func TestBundle(t *testing.T) {
	h := settled(t, 100, nil)
	ctx := as(t, officer)
	a, err := h.Ask(ctx, WhoSaw(safeguard.Operations, maria, whenever, whenever))
	require.NoError(t, err)
	b, err := a.Bundle(ctx, "charts")
	require.NoError(t, err)
	require.Len(t, b.Entries, len(a.Hits))
	require.NoError(t, b.Verify(h.shards[0].VerifierKey))
	last := h.notes.queried(t)[1]
	require.Equal(t, Queried{
		Question: AskProof, Of: AskWhoSaw, Tokens: keys(t).FindPatient("north", maria), Ledgers: 1, Allowed: true, Count: len(a.Hits),
	}, last)
	_, err = a.Bundle(ctx, "other")
	require.ErrorIs(t, err, ErrQuestion)
	_, err = a.Bundle(t.Context(), "charts")
	require.ErrorIs(t, err, ErrDenied)
	a.Hits[0].sum[0] ^= 1
	_, err = a.Bundle(ctx, "charts")
	var where *LedgerError
	require.ErrorAs(t, err, &where)
}

// An IndexKey does not print.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestKeyDoesNotPrint(t *testing.T) {
	record, err := render("x", "x", start, Options{IndexKey: IndexKey("secret-secret-secret-secret-secret")})
	if err == nil {
		require.NotContains(t, string(record), "secret")
	}
	require.Equal(t, "[index key]", IndexKey("secret").LogValue().String())
	var _ safeguard.Reporter = (*Log)(nil)
	var _ Tokens = (*audit.TokenKeys)(nil)
}
