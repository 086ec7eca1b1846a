package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

// TestPolicyDocument runs every block of docs/policy.md, in order, on the policy
// that stands in it.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C), 164.514(d)(2), 164.312(b); NIST CSF 2.0 PR.AA-05, PR.PS-04.
func TestPolicyDocument(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "policy.md"))
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?ms)^```(sh|json)\n(.*?)^```").FindAllStringSubmatch(string(text), -1)
	require.Equal(t, strings.Count(string(text), "\n```"), 2*len(blocks))
	var script, files strings.Builder
	script.WriteString("[!exec:git] skip 'needs git'\ndecisions charts charts.key before-2026.json\nexec sh -eu commit.sh\n")
	files.WriteString("-- commit.sh --\ngit init -q -b main .\ngit add policy.json\ngit -c user.name=a -c user.email=a@example.com commit -q -m policy\n")
	shells := 0
	for i, b := range blocks {
		if b[1] == "json" {
			fmt.Fprintf(&files, "-- policy.json --\n%s", b[2])
			continue
		}
		shells++
		fmt.Fprintf(&script, "exec sh -eu block%d.sh\n", i)
		fmt.Fprintf(&files, "-- block%d.sh --\n%s", i, b[2])
	}
	require.Equal(t, 5, shells)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "policy.txtar"), []byte(script.String()+files.String()), 0o600))
	testscript.Run(t, testscript.Params{
		Dir: dir, RequireExplicitExec: true, Setup: keysSetup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"decisions": makeDecisions},
	})
}
