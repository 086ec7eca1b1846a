package ledger

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key.pem")
	key, err := CreateKey(path)
	require.NoError(t, err)
	again, err := LoadKey(path)
	require.NoError(t, err)
	require.True(t, key.Equal(again))

	_, err = CreateKey(path)
	require.ErrorIs(t, err, os.ErrExist, "a key is never replaced")
	require.NoError(t, os.Chmod(path, 0o640))
	_, err = LoadKey(path)
	require.ErrorContains(t, err, "others than the owner may read")
	_, err = LoadKey(path + ".none")
	require.ErrorIs(t, err, os.ErrNotExist)
	_, err = LoadKey(t.TempDir())
	require.ErrorContains(t, err, "not a key file")
	_, err = CreateKey(filepath.Join(path, "below"))
	require.ErrorContains(t, err, "ledger: create key: ")
}

// A file that is no key says nothing of what it is.
//
// Controls: HIPAA 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
func TestKeyFileThatIsNone(t *testing.T) {
	const rsaKey = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
	for _, content := range []string{"", "secret", rsaKey, rsaKey + "secret", "-----BEGIN EC KEY-----\nc2VjcmV0\n-----END EC KEY-----\n"} {
		path := filepath.Join(t.TempDir(), "key.pem")
		require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
		_, err := LoadKey(path)
		require.ErrorContains(t, err, "ledger: load key: ")
		require.NotContains(t, err.Error(), "secret")
	}
}
