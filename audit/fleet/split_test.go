package fleet

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Two histories that both extend what was collected, one shown and one in the
// directory, are a fork, whichever is longer; a copy that lags behind is none.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TestSplitView(t *testing.T) {
	t.Parallel()
	h := newHospital(t, 2)
	require.True(t, h.collect(t, nil).OK())
	shown := filepath.Join(h.tmp, "shown")
	require.NoError(t, os.CopyFS(shown, os.DirFS(h.members[1].Dir)))
	require.NoError(t, os.Chmod(shown, 0o700))
	grow(t, shown, "clinic.example/ward-001", 7)
	source, err := anchor.Directory(shown)
	require.NoError(t, err)
	h.members[1].Source = source
	require.True(t, h.verify(t, nil).OK, "the directory lags behind what is shown")

	for range 2 { // shorter than what is shown, then longer
		grow(t, h.members[1].Dir, "clinic.example/ward-001", 5)
		v := h.verify(t, nil)
		require.False(t, v.OK, v.String())
		f := v.Members[1]
		require.Equal(t, Forked, f.State, f.String())
		for _, evidence := range [][]byte{f.Old, f.New} {
			_, err := ledger.ParseCheckpoint(evidence, h.members[1].VerifierKey)
			require.NoError(t, err)
		}
	}
}
