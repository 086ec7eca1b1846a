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

// TestRunBook runs every block of docs/keys.md, in order, as the person that
// the block names.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.308(a)(7)(ii)(D), 164.308(a)(7)(ii)(A), 164.310(d)(2)(i), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01, PR.DS-11.
func TestRunBook(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", "keys.md"))
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "runbook.txtar"), []byte(runBook(t, string(text))), 0o600))
	testscript.Run(t, testscript.Params{
		Dir: dir, RequireExplicitExec: true, Condition: hasService, Setup: keysSetup,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"database": database, "charts": charts},
	})
}

// runBook makes a script of the blocks of the document.
func runBook(t *testing.T, text string) string {
	var script, files strings.Builder
	script.WriteString("[!postgres] skip 'needs a PostgreSQL'\ndatabase DB\nexec createdb $DBNAME\ndatabase CLEAN\n")
	for name, value := range map[string]string{
		"KEYS": "keys", "KEK": "file:kek.key", "SUBJECTS": "dir:subjects", "REGISTER": "register",
		"LEDGER": "ledger", "SIGNER": "signer.key", "TABLES": "tables.json",
	} {
		fmt.Fprintf(&script, "env %s=%s\n", name, value)
	}
	blocks := regexp.MustCompile("(?ms)^ *```(sh|json)(?: (\\w+))?\n(.*?)^ *```|<!-- test: (charts) -->").FindAllStringSubmatch(text, -1)
	jsons := []string{"tables.json", "operators.json", "visits.json"}
	for i, b := range blocks {
		switch {
		case b[4] == "charts":
			script.WriteString("charts $DB keys kek.key subjects clinic-a 10\nexec psql -q -d $DBNAME -f visits.sql\n")
		case b[1] == "json":
			require.NotEmpty(t, jsons)
			fmt.Fprintf(&files, "-- %s --\n%s", jsons[0], b[3])
			jsons = jsons[1:]
		default:
			require.Contains(t, []string{"anna", "ben"}, b[2], b[3])
			fmt.Fprintf(&script, "env SAFEGUARD_TEST_ACCOUNT=%s\nexec sh -eu block%d.sh\n", b[2], i)
			fmt.Fprintf(&files, "-- block%d.sh --\n%s", i, b[3])
		}
	}
	require.Empty(t, jsons)
	require.Greater(t, len(blocks), 20)
	files.WriteString("-- patient.txt --\nclinic-a-003\n-- other.txt --\nclinic-a-004\n-- export.ndjson --\n{}\n")
	files.WriteString("-- visits.sql --\nALTER TABLE patient ADD COLUMN visits bigint;\nUPDATE patient SET visits = 3 WHERE id <> 'clinic-a-003';\n")
	return script.String() + files.String()
}
