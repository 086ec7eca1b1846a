package audit_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/stretchr/testify/require"
)

// Controls: HIPAA 164.312(b), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestTokenKeyFiles(t *testing.T) {
	dir := t.TempDir()
	first, second := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	old, err := audit.CreateTokenKey(first)
	require.NoError(t, err)
	now, err := audit.CreateTokenKey(second)
	require.NoError(t, err)
	require.NotEqual(t, old.Epoch, now.Epoch)
	_, err = audit.CreateTokenKey(first)
	require.ErrorIs(t, err, os.ErrExist, "no key is replaced")

	keys, err := audit.LoadTokenKeys(second, first)
	require.NoError(t, err)
	direct, err := audit.NewTokenKeys(now, old)
	require.NoError(t, err)
	require.Equal(t, direct.FindPatient("clinic", jane), keys.FindPatient("clinic", jane))
	require.Equal(t, direct.FindSource("192.0.2.1"), keys.FindSource("192.0.2.1"))
	require.Len(t, keys.FindSource("192.0.2.1"), 2)

	content, err := os.ReadFile(first)
	require.NoError(t, err)
	secret := base64.StdEncoding.EncodeToString(old.Secret)
	require.Contains(t, string(content), secret)
	write := func(s string) string {
		path := filepath.Join(t.TempDir(), "key")
		require.NoError(t, os.WriteFile(path, []byte(s), 0o600))
		return path
	}
	for name, path := range map[string]string{
		"absent":    filepath.Join(dir, "3"),
		"directory": dir,
		"empty":     write(""),
		"cut":       write(strings.TrimSuffix(string(content), "\n")),
		"two lines": write(string(content) + string(content)),
		"other":     write(strings.Replace(string(content), "v1", "v2", 1)),
		"short":     write("safeguard-token-key-v1 a " + secret[:8] + "\n"),
		"epoch":     write("safeguard-token-key-v1 A " + secret + "\n"),
		"large":     write(string(content[:len(content)-1]) + strings.Repeat("A", 5000) + "\n"),
	} {
		_, err := audit.LoadTokenKeys(path)
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), secret[:8])
	}
	_, err = audit.LoadTokenKeys(first, first)
	require.ErrorIs(t, err, audit.ErrTokenKey)
	if runtime.GOOS != "windows" {
		require.NoError(t, os.Chmod(first, 0o640))
		_, err = audit.LoadTokenKeys(first)
		require.ErrorContains(t, err, "0600")
	}
}

func FuzzTokenKeyFile(f *testing.F) {
	f.Add([]byte("safeguard-token-key-v1 abc MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\n"))
	f.Add([]byte("safeguard-token-key-v1 "))
	path := filepath.Join(f.TempDir(), "key")
	f.Fuzz(func(t *testing.T, content []byte) {
		require.NoError(t, os.WriteFile(path, content, 0o600))
		if keys, err := audit.LoadTokenKeys(path); err == nil {
			require.Len(t, keys.FindPatient("", jane), 1)
		}
	})
}
