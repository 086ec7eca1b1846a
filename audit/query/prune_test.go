package query

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// After a pruning the answer starts at the floor and says so, what is left is
// proven as before, and the indexes of what is gone go, too.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.316(b)(2)(i); NIST CSF 2.0 PR.PS-04, PR.DS-01.
func TestPruned(t *testing.T) {
	h := settled(t, 200, nil)
	_, err := h.Reindex(t.Context())
	require.NoError(t, err)
	ctx := as(t, officer)
	ask := OfType(safeguard.Operations, whenever, whenever, audit.TypeRead)
	whole := h.all(t, ctx, ask)

	l, err := ledger.Open(h.dir, signer, &ledger.Options{Origin: "clinic.example/charts", CheckpointInterval: time.Hour, SegmentSize: 16 << 10})
	require.NoError(t, err)
	v, err := h.shards[0].look(t.Context(), false)
	require.NoError(t, err)
	keep := v.segments[3].First
	record, err := render("pruned", audit.TypeLogPruned, start, map[string]any{"floor": keep})
	require.NoError(t, err)
	record = bytes.Replace(record, []byte("urn:clinic"), []byte("clinic.example/charts"), 1)
	pruned, err := l.Prune(t.Context(), keep, record)
	require.NoError(t, err)
	require.Equal(t, keep, pruned.Floor)
	require.NoError(t, l.Close(t.Context()))

	_, err = h.Reindex(t.Context())
	require.NoError(t, err)
	for i, s := range v.segments[:5] {
		_, err := os.Stat(h.shards[0].index.path(s))
		require.Equal(t, i < 3, errors.Is(err, fs.ErrNotExist), s.Name)
	}
	for _, ask.Unindexed = range []bool{false, true} {
		a, err := h.Ask(ctx, ask)
		require.NoError(t, err)
		require.Equal(t, keep, a.Ledgers[0].Floor)
		var want []uint64
		for _, hit := range whole {
			if hit.Index >= keep {
				want = append(want, hit.Index)
			}
		}
		require.Equal(t, want, indexesOf(a.Hits))
		b, err := a.Bundle(ctx, "charts")
		require.NoError(t, err)
		require.NoError(t, b.Verify(h.shards[0].VerifierKey))
	}
}
