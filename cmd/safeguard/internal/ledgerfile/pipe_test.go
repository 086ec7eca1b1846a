//go:build unix

package ledgerfile_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/ledgerfile"
)

// A pipe among the segments is refused and never opened.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestOpenRefusesPipes(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, syscall.Mkfifo(filepath.Join(dir, "00000000000000000000.seg"), 0o600))
	_, err := ledgerfile.Open(t.Context(), dir, "")
	require.ErrorIs(t, err, ledgerfile.ErrNotIntact)
	require.ErrorContains(t, err, "no regular file")
}
