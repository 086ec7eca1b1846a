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

// TestAuditRunBook runs every block of docs/audit.md, in order, as the person
// that the block names.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2), 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(B), 164.308(a)(7)(ii)(D); NIST CSF 2.0 PR.PS-04, PR.DS-01, PR.DS-11, DE.CM-09.
func TestAuditRunBook(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "audit.md"))
	require.NoError(t, err)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "audit.txtar"), []byte(auditRunBook(t, string(text))), 0o600))
	testscript.Run(t, testscript.Params{
		Dir: dir, RequireExplicitExec: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("ROOT", root)
			return keysSetup(e)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"grow": grow},
	})
}

// auditRunBook makes a script of the blocks of the document. The test has one
// device only, and adds the flag that accepts that.
func auditRunBook(t *testing.T, text string) string {
	var script, files strings.Builder
	script.WriteString("[!exec:openssl] skip 'needs openssl'\ngrow charts service.key 6\n")
	for _, v := range []string{"LEDGER=charts", "KEY=charts.key.pub", "VAULT=vault.ndjson", "STATE=state", "MINE=mine", "SIGNER=mine.key"} {
		fmt.Fprintf(&script, "env %s\n", v)
	}
	text = strings.Replace(text, `--file vault="$VAULT"`, `--file vault="$VAULT" --unsafe-same-device`, 1)
	blocks := regexp.MustCompile("(?ms)^```sh (anna|ben)\n(.*?)^```").FindAllStringSubmatch(text, -1)
	require.Equal(t, strings.Count(text, "\n```sh"), len(blocks))
	require.Greater(t, len(blocks), 8)
	for i, b := range blocks {
		fmt.Fprintf(&script, "env SAFEGUARD_TEST_ACCOUNT=%s\nexec sh -eu block%d.sh\n", b[1], i)
		fmt.Fprintf(&files, "-- block%d.sh --\n%s", i, b[2])
	}
	return script.String() + files.String()
}
