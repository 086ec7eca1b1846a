package query

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// part is one access record of a request in parts.
func part(t testing.TB, entry string, n int, tenant string, a audit.Access) []byte {
	a.Entry, a.Part = entry, n
	a.Principal = &audit.Actor{ID: "user-1", Kind: "person", Tenant: tenant}
	record, err := render(fmt.Sprintf("%s.%d", entry, n), audit.TypeRead, start, a)
	require.NoError(t, err)
	return record
}

func end(t testing.TB, entry string, parts int) []byte {
	record, err := render(entry+".end", audit.TypeEnded, start, audit.Ended{Entry: entry, Parts: parts, Outcome: audit.Aborted})
	require.NoError(t, err)
	return record
}

// What a request noted before and after a hit, and how it ended, stand in other
// records, many segments away: they are joined, those of nobody else.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestRequestInPartsIsJoined(t *testing.T) {
	north := keys(t).FindPatient("north", maria)[0]
	filler := visits(t, 150)
	var records [][]byte
	records = append(records, part(t, "long", 0, "north", audit.Access{Fields: []string{"name"}}))
	records = append(records, filler[:100]...)
	records = append(records, part(t, "long", 1, "north", audit.Access{Patients: []string{north}, Opened: []string{"chart.note"}}))
	records = append(records, part(t, "long", 2, "south", audit.Access{Fields: []string{"of another tenant"}}))
	records = append(records, part(t, "cut off", 0, "north", audit.Access{Patients: []string{north}}))
	records = append(records, filler[100:]...)
	records = append(records, part(t, "long", 2, "north", audit.Access{Fields: []string{"dob"}}), end(t, "long", 3))
	dir, vkey := stored(t, "clinic.example/charts", records)
	h := asked(t, dir, nil, opened(t, "charts", dir, vkey))
	_, err := h.Reindex(t.Context())
	require.NoError(t, err)
	q := WhoSaw(safeguard.Operations, maria, whenever, start.Add(time.Second))
	for _, q.Unindexed = range []bool{false, true} {
		a, err := h.Ask(as(t, officer), q)
		require.NoError(t, err)
		require.Len(t, a.Hits, 2)
		long, cutOff := a.Hits[0], a.Hits[1]
		require.ElementsMatch(t, []string{"name", "dob"}, long.Access.Fields)
		require.Equal(t, []string{"chart.note"}, long.Access.Opened)
		require.Equal(t, audit.Aborted, long.Ended.Outcome)
		require.Equal(t, 3, long.Parts)
		require.Nil(t, cutOff.Ended)
		require.Equal(t, 1, cutOff.Parts)
	}
}

// What is written while questions are asked is in the next answer, through
// segments that fill up and are sealed, in an index or not yet.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestGrowingLedger(t *testing.T) {
	records := visits(t, 200)
	dir, vkey := stored(t, "clinic.example/charts", records[:2])
	l, err := ledger.Open(dir, signer, &ledger.Options{Origin: "clinic.example/charts", CheckpointInterval: time.Hour, SegmentSize: 16 << 10})
	require.NoError(t, err)
	defer l.Close(t.Context())
	h := asked(t, dir, nil, opened(t, "charts", dir, vkey))
	ctx := as(t, officer)
	q := OfType(safeguard.Operations, whenever, whenever, audit.TypeRead)
	for n := 2; n < len(records); {
		step := min(len(records)-n, 1+n%13)
		require.NoError(t, l.Append(t.Context(), records[n:n+step]...))
		n += step
		if n%5 == 0 {
			_, err := h.Reindex(t.Context())
			require.NoError(t, err)
		}
		a, err := h.Ask(ctx, Question{Kind: q.Kind, Purpose: q.Purpose, Types: q.Types, Limit: 1000})
		require.NoError(t, err)
		require.Equal(t, uint64(n), a.Ledgers[0].Size)
		require.Equal(t, (n+3)/4, len(a.Hits), n)
	}
	h.shards[0].tail.sum[0] ^= 1 // as if the writer had cut its tail off and written another
	require.Len(t, h.all(t, ctx, q), 100)
}
