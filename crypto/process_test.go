package crypto_test

import (
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

const childDir = "SAFEGUARD_SUBJECTS_DIR"

// processSealer returns a Sealer over the store in dir and a key that every
// process of the test has.
func processSealer(t *testing.T, dir string) *crypto.Sealer {
	t.Helper()
	store, err := crypto.NewDirSubjects(dir)
	require.NoError(t, err)
	return newSealer(t, newRing(t, 1), store, crypto.Options{})
}

// Processes that seal for the same new patients at once agree on their keys:
// each value opens in another process.
//
// Controls: HIPAA 164.312(c)(1), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestProcessesAgreeOnSubjectKeys(t *testing.T) {
	const processes, patients = 4, 5
	dir := filepath.Join(t.TempDir(), "keys")
	exe, err := os.Executable()
	require.NoError(t, err)
	var wg sync.WaitGroup
	outputs, errs := make([][]byte, processes), make([]error, processes)
	for i := range processes {
		cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestSealingProcess$", "-test.v")
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		wg.Go(func() { outputs[i], errs[i] = cmd.CombinedOutput() })
	}
	wg.Wait()
	s := processSealer(t, dir)
	for i, out := range outputs {
		require.NoError(t, errs[i], string(out))
		found := regexp.MustCompile(`sealed (\d+) ([0-9a-f]+)`).FindAllSubmatch(out, -1)
		require.Len(t, found, patients)
		for n, m := range found {
			sealed, err := hex.DecodeString(string(m[2]))
			require.NoError(t, err)
			got, err := s.AppendOpen(t.Context(), nil, sealed, refOf(patient(n)))
			require.NoError(t, err)
			require.Equal(t, "value", string(got))
		}
	}
}

// TestSealingProcess is one process of the test above.
func TestSealingProcess(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("runs as a child of TestProcessesAgreeOnSubjectKeys")
	}
	s := processSealer(t, dir)
	for n := range 5 {
		fmt.Printf("sealed %d %x\n", n, seal(t, s, refOf(patient(n)), "value"))
	}
}
