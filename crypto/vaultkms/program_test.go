package vaultkms_test

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// program builds safeguard-kek-vaultkms.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "safeguard-kek-vaultkms")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/safeguard-kek-vaultkms")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// The program serves a key of Vault to who does not link the driver, and a
// keyset is made and loaded with it. It has no TLS but that of the system.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
func TestProgram(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the roots of the system come from a file on Linux")
	}
	f, dir := newFake(t), t.TempDir()
	roots, tokenFile := filepath.Join(dir, "roots.pem"), filepath.Join(dir, "token")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})
	require.NoError(t, os.WriteFile(roots, certificate, 0o600))
	require.NoError(t, os.WriteFile(tokenFile, []byte(token), 0o600))
	path := program(t)
	with := func(key string, env ...string) *kekexec.KEK {
		kek, err := kekexec.New(t.Context(), path, &kekexec.Options{Args: []string{f.URL, key, tokenFile}, Env: append(env, "GODEBUG="+os.Getenv("GODEBUG"))})
		require.NoError(t, err)
		return kek
	}
	kek := with("safeguard", "SSL_CERT_FILE="+roots)
	file := filepath.Join(dir, "keyset")
	_, err := keyset.Create(t.Context(), file, "clinic-a", kek)
	require.NoError(t, err)
	before := f.calls.Load()
	_, err = keyset.Load(t.Context(), file, "clinic-a", kek)
	require.NoError(t, err)
	require.Equal(t, before+1, f.calls.Load())

	for _, other := range []*kekexec.KEK{with("other", "SSL_CERT_FILE="+roots), with("safeguard")} {
		_, err = keyset.Load(t.Context(), file, "clinic-a", other)
		require.ErrorIs(t, err, keyset.ErrUnwrap)
		require.NotContains(t, err.Error(), token)
	}
	end := f.outage()
	_, err = kek.EncryptWithContext(t.Context(), []byte("keyset"), nil)
	var e *kekexec.Error
	require.ErrorAs(t, err, &e)
	require.True(t, e.Temporary())
	end()
	_, err = kekexec.New(t.Context(), path, &kekexec.Options{Args: []string{f.URL}})
	require.ErrorContains(t, err, "no answer")
}
