package ledger

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
func TestNetworkFileSystems(t *testing.T) {
	require.Equal(t, "NFS", networkName(0x6969))
	require.Equal(t, "SMB", networkName(0xFF534D42))
	require.Equal(t, "FUSE", networkName(0x65735546))
	require.Empty(t, networkName(0xEF53), "ext4")
	require.Empty(t, networkName(0x58465342), "xfs")
	require.Empty(t, networkName(0x01021994), "tmpfs")
}
