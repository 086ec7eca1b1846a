package awskms_test

import (
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// program builds safeguard-kek-awskms.
func program(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "safeguard-kek-awskms")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-o", path, "./cmd/safeguard-kek-awskms")
	cmd.Env = append(os.Environ(), "GOWORK=off")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return path
}

// The program serves a key of KMS to who does not link the driver, and a
// keyset is made and loaded with it.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func TestProgram(t *testing.T) {
	f, dir := newFake(t), t.TempDir()
	roots := filepath.Join(dir, "roots.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: f.Certificate().Raw})
	require.NoError(t, os.WriteFile(roots, certificate, 0o600))
	path := program(t)
	with := func(arn, secret string) *kekexec.KEK {
		kek, err := kekexec.New(t.Context(), path, &kekexec.Options{Args: []string{arn}, Env: []string{
			"GODEBUG=" + os.Getenv("GODEBUG"), "HOME=" + dir, "AWS_CA_BUNDLE=" + roots, "AWS_ENDPOINT_URL=" + f.URL,
			"AWS_ACCESS_KEY_ID=" + accessKey, "AWS_SECRET_ACCESS_KEY=" + secret, "AWS_MAX_ATTEMPTS=1", "AWS_REGION=" + region,
		}})
		require.NoError(t, err)
		return kek
	}
	kek := with(keyARN, secretKey)
	file := filepath.Join(dir, "keyset")
	_, err := keyset.Create(t.Context(), file, "clinic-a", kek)
	require.NoError(t, err)
	before := f.calls.Load()
	_, err = keyset.Load(t.Context(), file, "clinic-a", kek)
	require.NoError(t, err)
	require.Equal(t, before+1, f.calls.Load())

	for _, other := range []*kekexec.KEK{with(otherARN, secretKey), with(keyARN, "of somebody else")} {
		_, err = keyset.Load(t.Context(), file, "clinic-a", other)
		require.ErrorIs(t, err, keyset.ErrUnwrap)
		require.NotContains(t, err.Error(), secretKey)
	}
	end := f.outage()
	_, err = kek.EncryptWithContext(t.Context(), []byte("keyset"), nil)
	var e *kekexec.Error
	require.ErrorAs(t, err, &e)
	require.True(t, e.Temporary())
	end()
	_, err = kekexec.New(t.Context(), path, &kekexec.Options{Args: []string{"alias/keys"}, Env: []string{"HOME=" + dir}})
	require.ErrorContains(t, err, "no answer")
}
