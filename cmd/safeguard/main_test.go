package main

import (
	"flag"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write what is compared with cmp into testdata/script")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"safeguard":       func() { start(testAccount) },
		"kek-program":     kekProgram,
		"account-program": accountProgram,
	})
}

// TestScripts runs the command as its users do: files in, files out, exit
// codes.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestScripts(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join("testdata", "script", "*.txtar"))
	require.NoError(t, err)
	require.NotEmpty(t, scripts)
	root, err := filepath.Abs(filepath.Join("..", ".."))
	require.NoError(t, err)
	settings := goSettings(t)
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, settings...)
			e.Setenv("ROOT", root)
			return keysSetup(e)
		},
		Condition: hasService,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":    status,
			"ledger":    makeLedger,
			"finalgap":  finalGap,
			"dates":     fillDates,
			"database":  database,
			"charts":    charts,
			"keep":      keepOutput,
			"grow":      grow,
			"collect":   collect,
			"endpoint":  endpoint,
			"flip":      flip,
			"visit":     visit,
			"decisions": makeDecisions,
			"age":       age,
			"keyof":     keyOf,
		},
	})
}

// goSettings lets the go command of a script use this machine's caches and
// nothing else.
func goSettings(t *testing.T) []string {
	t.Helper()
	names := []string{"GOCACHE", "GOMODCACHE", "GOPATH"}
	out, err := exec.Command("go", append([]string{"env"}, names...)...).Output()
	require.NoError(t, err)
	settings := []string{"GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off", "GOTOOLCHAIN=local"}
	for i, value := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		settings = append(settings, names[i]+"="+value)
	}
	return settings
}
