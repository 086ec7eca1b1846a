package apiuse

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

func isLibrary(module string) bool { return module == "example.org/lib" }

// unpack writes an archive of testdata and returns the directory.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	a, err := txtar.ParseFile(filepath.Join("testdata", archive))
	require.NoError(t, err)
	require.NotEmpty(t, a.Files)
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	for _, f := range a.Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, f.Data, 0o600))
	}
	return dir
}

func load(t *testing.T, dir string, tags ...string) (*Result, error) {
	t.Helper()
	env := append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod", "GOPROXY=off")
	return Load(context.Background(), isLibrary, &Options{Dir: filepath.Join(dir, "app"), Env: env, Tags: tags}, "./...")
}

// Every way to use a library is found with its place, and what shows nothing
// is left out: constants, variables, fields, named types, test files, and a
// method of the same name that is the program's own.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 GV.OC-03.
func TestUses(t *testing.T) {
	dir := unpack(t, "uses.txtar")
	got, err := load(t, dir)
	require.NoError(t, err)
	require.Equal(t, "example.org/app", got.Module)
	require.Equal(t, filepath.Join(dir, "app"), got.Root)
	require.Equal(t, []string{"example.org/app", "example.org/app/inner"}, got.Packages)
	require.Equal(t, []Library{{Path: "example.org/lib", Dir: filepath.Join(dir, "lib")}}, got.Libraries)

	at := func(file string, lines ...int) []Place {
		var list []Place
		for _, line := range lines {
			list = append(list, Place{file, line})
		}
		return list
	}
	require.Equal(t, []Use{
		{"example.org/lib", "Aliased", "example.org/lib", at("main.go", 32)},
		{"example.org/lib", "Called", "example.org/lib", at("main.go", 18, 19)},
		{"example.org/lib", "Converted", "example.org/lib", at("main.go", 30)},
		{"example.org/lib", "Generic", "example.org/lib", at("main.go", 27)},
		{"example.org/lib", "Hand", "example.org/lib", at("inner/inner.go", 11)},
		{"example.org/lib", "Iface.Do", "example.org/lib", at("main.go", 25)},
		{"example.org/lib", "Made", "example.org/lib", at("main.go", 22)},
		{"example.org/lib", "Made.Method", "example.org/lib", at("main.go", 23, 24)},
		{"example.org/lib", "Newed", "example.org/lib", at("main.go", 31)},
		{"example.org/lib", "Set", "example.org/lib", at("main.go", 28)},
		{"example.org/lib", "Set.Add", "example.org/lib", at("main.go", 29)},
		{"example.org/lib", "Value", "example.org/lib", at("inner/inner.go", 6)},
		{"example.org/lib/deep", "Thing.Use", "example.org/lib", at("main.go", 26)},
	}, got.Uses)
}

// Code behind a build tag is seen in a run with that tag.
func TestTags(t *testing.T) {
	got, err := load(t, unpack(t, "uses.txtar"), "special")
	require.NoError(t, err)
	symbols := map[string]bool{}
	for _, u := range got.Uses {
		symbols[u.Symbol] = true
	}
	require.True(t, symbols["Tagged"])
	require.True(t, symbols["Called"])
}

// What does not type-check gives no answer, and says where.
//
// Controls: HIPAA 164.308(a)(8); NIST CSF 2.0 GV.OC-03.
func TestFaults(t *testing.T) {
	dir := unpack(t, "uses.txtar")
	_, err := Load(context.Background(), isLibrary, &Options{Dir: dir}, "./none")
	require.ErrorIs(t, err, ErrLoad)

	broken := filepath.Join(dir, "app", "broken.go")
	require.NoError(t, os.WriteFile(broken, []byte("package main\n\nvar x int = \"\"\n"), 0o600))
	got, err := load(t, dir)
	require.Nil(t, got)
	require.ErrorIs(t, err, ErrLoad)
	require.ErrorContains(t, err, broken+":3:13: ")
}

// A cancelled load says so and is no fault of the packages.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Load(ctx, isLibrary, &Options{Dir: unpack(t, "uses.txtar")}, "./...")
	require.ErrorIs(t, err, context.Canceled)
	require.NotErrorIs(t, err, ErrLoad)
}
