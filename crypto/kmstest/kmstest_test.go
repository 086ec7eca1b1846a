package kmstest_test

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/kmstest"
)

// A sound KEK passes.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestSound(t *testing.T) {
	kmstest.Run(t, func(t *testing.T) kmstest.Fixture {
		return fixture(t, func(k *kek) crypto.KEK { return k })
	})
}

// The embedded key file passes.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestFileKEK(t *testing.T) {
	kmstest.Run(t, func(t *testing.T) kmstest.Fixture {
		path := filepath.Join(t.TempDir(), "kek")
		k, err := keyset.CreateFileKEK(path)
		require.NoError(t, err)
		other, err := keyset.CreateFileKEK(filepath.Join(t.TempDir(), "other"))
		require.NoError(t, err)
		material, err := os.ReadFile(path)
		require.NoError(t, err)
		return kmstest.Fixture{
			KEK: k, Other: other, Embedded: true,
			Secrets: []string{string(material), base64.StdEncoding.EncodeToString(material)},
		}
	})
}

// brokenEnv names the broken KEK that a child process runs the suite on.
const brokenEnv = "SAFEGUARD_BROKEN_KEK"

// The suite finds every broken KEK, by the case that is for it: it runs
// against each in a process of its own, and must fail there.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestFindsBrokenKEKs(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	caught := make(map[string]bool)
	for name, b := range table() {
		caught[b.caught] = true
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.CommandContext(t.Context(), exe, "-test.v", "-test.run=^TestBrokenKEK$/^"+b.caught+"$")
			cmd.Env = append(os.Environ(), brokenEnv+"="+name)
			out, err := cmd.CombinedOutput()
			require.Error(t, err)
			require.Contains(t, string(out), "--- FAIL: TestBrokenKEK/"+b.caught)
		})
	}
	for _, c := range kmstest.Cases() {
		require.True(t, caught[strings.ReplaceAll(c.Name, " ", "_")], "no broken KEK is for %q", c.Name)
	}
}

// TestBrokenKEK is what the test above runs.
func TestBrokenKEK(t *testing.T) {
	b, ok := table()[os.Getenv(brokenEnv)]
	if !ok {
		t.Skip("runs as a child of TestFindsBrokenKEKs")
	}
	kmstest.Run(t, func(t *testing.T) kmstest.Fixture { return fixture(t, b.breaks) })
}
