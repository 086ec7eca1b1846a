package rekey_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// Whatever a checkpoint holds, a run that says it is complete is.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func FuzzCheckpoint(f *testing.F) {
	w := newWorld(f, 3)
	w.rotate()
	cp := &kept{}
	_, err := rekey.Rewrap(f.Context(), w.Sealer, w.src, &rekey.Options{Batch: 1, Checkpoint: cp})
	require.NoError(f, err)
	f.Add(cp.state)
	f.Add([]byte(`{"version":1,"after":"2","report":{"mode":"rewrap","tenant":"clinic-a","key_id":3,"keys":{"1":2}}}`))
	f.Add([]byte(`{"version":1,"after":"99","report":{"mode":"rewrap","tenant":"clinic-a","key_id":3,"rows_changed":18446744073709551615}}`))
	f.Fuzz(func(t *testing.T, state []byte) {
		w := newWorld(t, 3)
		w.rotate()
		report, err := rekey.Rewrap(t.Context(), w.Sealer, w.src, &rekey.Options{Checkpoint: &kept{state: state}})
		if err == nil && report.Complete {
			w.requireAll(2)
		}
	})
}
