package installtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestInstall gets each published module by version from a file proxy, in a
// directory outside the workspace, and builds a program that imports every
// package of it. Of a module that has commands only, the versions are resolved,
// and with SAFEGUARD_SOAK=1 the commands are built: what they drive can take a
// minute to unpack and compile. Other modules come from this machine's module
// cache, or from the proxy that the go command is set to.
func TestInstall(t *testing.T) {
	if testing.Short() {
		t.Skip("builds every published module once more; left out with -short")
	}
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	all := modules(t, root)
	proxy := t.TempDir()
	for _, p := range all {
		serve(t, proxy, p)
	}
	env := environment(t, proxy)
	for _, p := range all {
		t.Run(p.path, func(t *testing.T) { install(t, p, env) })
	}
}

func install(t *testing.T, p published, env []string) {
	dir := t.TempDir()
	run := func(args ...string) string { return command(t, dir, env, args...) }

	run("mod", "init", "example.test/consumer")
	sums(t, p, dir)
	run("mod", "edit", "-require="+p.path+"@"+version)
	require.Contains(t, run("list", "-m", "all"), p.path+" "+version)
	packages := importable(t, p.dir)
	if len(packages) == 0 {
		if os.Getenv("SAFEGUARD_SOAK") == "1" {
			run("build", "-o", dir+"/", p.path+"/...")
		}
		return
	}
	run("get", p.path+"@"+version)
	var main bytes.Buffer
	fmt.Fprintln(&main, "package main")
	for _, path := range packages {
		fmt.Fprintf(&main, "import _ %q\n", path)
	}
	fmt.Fprintln(&main, "func main() {}")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.go"), main.Bytes(), 0o600))
	run("build", "-o", filepath.Join(dir, "consumer"), ".")
	run("mod", "verify")
}

// importable lists the packages of a module that a program of somebody else
// can import.
func importable(t *testing.T, dir string) []string {
	t.Helper()
	list := command(t, dir, append(os.Environ(), "GOWORK=off"), "list", "-f", "{{.Name}} {{.ImportPath}}", "./...")
	var paths []string
	for line := range strings.Lines(list) {
		name, path, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "main" && !strings.Contains(path+"/", "/internal/") {
			paths = append(paths, path)
		}
	}
	return paths
}

// sums gives the consumer the checksums that this repository has on record, so
// that other modules are checked without asking a checksum database.
func sums(t *testing.T, p published, dir string) {
	t.Helper()
	var all []byte
	for _, from := range []string{"../..", p.dir} {
		sum, err := os.ReadFile(filepath.Join(from, "go.sum"))
		require.NoError(t, err)
		all = append(all, sum...)
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.sum"), all, 0o600))
}

// environment is a go command that knows our modules from proxy only and has a
// module cache of its own: the version is made up and must not outlive the
// test.
func environment(t *testing.T, proxy string) []string {
	t.Helper()
	known := strings.Fields(command(t, ".", os.Environ(), "env", "GOMODCACHE", "GOPROXY"))
	require.Len(t, known, 2)
	cache := "file://" + filepath.ToSlash(filepath.Join(known[0], "cache", "download"))
	return append(os.Environ(),
		"GOWORK=off",
		"GOFLAGS=-mod=mod -modcacherw -trimpath",
		"GOMODCACHE="+filepath.Join(t.TempDir(), "mod"),
		"GOPROXY="+strings.Join([]string{"file://" + filepath.ToSlash(proxy), cache, known[1]}, ","),
		"GONOPROXY=none", "GOPRIVATE=", "GONOSUMDB="+rootPath,
	)
}

func command(t *testing.T, dir string, env []string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir, cmd.Env = dir, env
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	require.NoError(t, cmd.Run(), "go %s\n%s", strings.Join(args, " "), &stderr)
	return stdout.String()
}
