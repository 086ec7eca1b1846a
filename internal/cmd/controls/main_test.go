package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// TestLibraryIsTagged lints every package of the library, with all nested
// modules.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestLibraryIsTagged(t *testing.T) {
	index, problems, err := coverage.Read(os.DirFS("../../.."), &coverage.Options{Nested: true})
	require.NoError(t, err)
	for _, p := range problems {
		t.Error(p)
	}
	count := index.Count()
	require.Equal(t, "github.com/safeguard-sdk/safeguard", index.Module)
	require.Greater(t, count.Own, 100)
	require.Greater(t, count.Tests, 10)
	require.Zero(t, count.Untagged)
}

// module writes a small module and returns its root.
func module(t *testing.T, line string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                        "module example.org/m\n",
		"p.go":                          "// Package p is one.\n//\n// " + line + "\npackage p\n",
		"crosswalk/coverage/index.json": "old",
	} {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return root
}

// A run writes all files, a second run and -check find them current, a
// changed byte is found, and -check never writes.
func TestWriteAndCheck(t *testing.T) {
	root := module(t, "Controls: HIPAA 164.312(b).")
	require.ErrorContains(t, run(root, true, os.Stderr), "docs/controls.md is not current")
	require.NoFileExists(t, filepath.Join(root, "docs/controls.md"))

	require.NoError(t, run(root, false, os.Stderr))
	require.NoError(t, run(root, true, os.Stderr))
	first := read(t, root)
	require.NoError(t, run(root, false, os.Stderr))
	require.Equal(t, first, read(t, root))

	for name := range first {
		changed := first[name] + " "
		require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(changed), 0o644))
		require.ErrorContains(t, run(root, true, os.Stderr), name+" is not current")
		require.Equal(t, changed, read(t, root)[name])
		require.NoError(t, run(root, false, os.Stderr))
	}
}

func read(t *testing.T, root string) map[string]string {
	t.Helper()
	got := map[string]string{}
	for _, name := range []string{"docs/controls.md", "docs/controls.html", "crosswalk/coverage/index.json"} {
		b, err := os.ReadFile(filepath.Join(root, name))
		require.NoError(t, err)
		got[name] = string(b)
	}
	return got
}

// A problem is shown with its position, fails the run, and leaves every file
// as it was.
func TestProblemsWriteNothing(t *testing.T) {
	root := module(t, "Controls: HIPAA 164.312(B).")
	var out bytes.Buffer
	require.ErrorContains(t, run(root, false, &out), "1 problems, nothing written")
	require.Equal(t, "p.go:3: package: \"164.312(B)\" is not a known provision; did you mean 164.312(b)?\n", out.String())
	require.NoFileExists(t, filepath.Join(root, "docs/controls.md"))
	b, err := os.ReadFile(filepath.Join(root, "crosswalk/coverage/index.json"))
	require.NoError(t, err)
	require.Equal(t, "old", string(b))
}

func TestModuleRoot(t *testing.T) {
	root := module(t, "Controls: HIPAA 164.312(b).")
	t.Chdir(filepath.Join(root, "crosswalk/coverage"))
	got, err := moduleRoot("")
	require.NoError(t, err)
	want, err := filepath.EvalSymlinks(root)
	require.NoError(t, err)
	got, err = filepath.EvalSymlinks(got)
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Error(t, run(filepath.Join(root, "none"), true, os.Stderr))
}
