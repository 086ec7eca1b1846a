package custody_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The whole test suite of the package passes where Go's cryptographic module
// refuses every use that is not approved (GODEBUG=fips140=only). That shows
// approved primitives, not a validated module: that is the choice of the
// application's build.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestApprovedOnly(t *testing.T) {
	if strings.Contains(os.Getenv("GODEBUG"), "fips140=") {
		t.Skip("this is the run")
	}
	if testing.Short() {
		t.Skip("runs the suite a second time")
	}
	exe, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), exe, "-test.v", "-test.run=^(Test|Example|Fuzz)")
	cmd.Env = append(os.Environ(), "GODEBUG=fips140=only", "SAFEGUARD_SOAK=")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "--- PASS: TestRestoreOnACleanHost")
	require.Contains(t, string(out), "--- PASS: TestGoldenBackup")
}
