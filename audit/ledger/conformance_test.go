package ledger_test

import (
	"context"
	"crypto/ed25519"
	"path/filepath"
	"testing"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestConformance(t *testing.T) {
	audittest.RunLog(t, func(t *testing.T) (audit.Log, func() [][]byte) {
		key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
		l, err := ledger.Open(filepath.Join(t.TempDir(), "ledger"), key, nil)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close(context.Background())) })
		return l, func() (records [][]byte) {
			for r, err := range l.Records(context.Background(), 0) {
				require.NoError(t, err)
				records = append(records, r.Data)
			}
			return records
		}
	})
}
