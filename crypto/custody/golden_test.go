package custody_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/custody"
)

// What the first release backed up is restored by every later one.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
func TestGoldenBackup(t *testing.T) {
	if *newGolden {
		writeGolden(t)
	}
	var shares []custody.Share
	for _, n := range []int{3, 1} {
		s, err := custody.ParseShare(string(goldenFile(t, fmt.Sprintf("share-%d.txt", n))))
		require.NoError(t, err)
		require.Equal(t, string(goldenFile(t, fmt.Sprintf("share-%d.txt", n))), s.Text(custodians[n-1]))
		shares = append(shares, s)
	}
	clean := newHost(t)
	_, err := custody.Restore(t.Context(), goldenFile(t, "bundle"), shares, clean.target(register{}))
	require.NoError(t, err)
	samples := []custody.Sample{
		{Sealed: goldenFile(t, "subject.sealed"), Ref: place("clinic-a", 0)},
		{Sealed: goldenFile(t, "nobody.sealed"), Ref: place("clinic-a", -1)},
	}
	require.Equal(t, 2, clean.opened(t, samples))
}

func writeGolden(t *testing.T) {
	require.NoError(t, os.MkdirAll(golden, 0o700))
	s := newService(t)
	bundle, shares := s.backup(t)
	files := map[string][]byte{"bundle": bundle, "subject.sealed": s.samples[0].Sealed, "nobody.sealed": s.samples[3].Sealed}
	for i, share := range shares {
		files[fmt.Sprintf("share-%d.txt", i+1)] = []byte(share.Text(custodians[i]))
	}
	for name, content := range files {
		path := filepath.Join(golden, name)
		require.NoFileExists(t, path)
		require.NoError(t, os.WriteFile(path, content, 0o600))
	}
}
