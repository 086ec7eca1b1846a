package keep

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// BenchmarkPlan reads 200,000 stamped records of some 400 bytes, to plan.
func BenchmarkPlan(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "records")
	l, err := ledger.Open(dir, testKey, nil)
	require.NoError(b, err)
	const each, calls = 1000, 200
	data, err := json.Marshal(map[string]any{"principal": map[string]string{"id": "clinician-7"}, "patients": []string{"p1.7Q3x"}})
	require.NoError(b, err)
	for range calls {
		var records [][]byte
		for range each {
			r, err := audit.Event{ID: rand.Text(), Source: "urn:test", Type: audit.TypeRead, Time: time.Now(), Data: data}.Append(nil)
			require.NoError(b, err)
			records = append(records, r)
		}
		require.NoError(b, l.Append(b.Context(), records...))
	}
	k, err := New(dir, l.VerifierKey(), &noter{log: l}, l, nil)
	require.NoError(b, err)
	for b.Loop() {
		_, err := k.Plan(b.Context())
		require.NoError(b, err)
	}
	b.ReportMetric(float64(each*calls)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
	require.NoError(b, k.Close())
	require.NoError(b, l.Close(context.Background()))
}
