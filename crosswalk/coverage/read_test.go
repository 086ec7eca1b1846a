package coverage_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// tree makes a file system of a module example.org/m from name and text pairs.
func tree(files ...string) fstest.MapFS {
	fsys := fstest.MapFS{"go.mod": {Data: []byte("// a comment\nmodule example.org/m\n\ngo 1.26\n")}}
	for i := 0; i < len(files); i += 2 {
		fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return fsys
}

func read(t *testing.T, fsys fstest.MapFS, opts *coverage.Options) (map[string]coverage.API, *coverage.Index, []string) {
	t.Helper()
	index, problems, err := coverage.Read(fsys, opts)
	require.NoError(t, err)
	apis := map[string]coverage.API{}
	for _, a := range index.APIs {
		apis[strings.TrimPrefix(a.Name(), "example.org/m")] = a
	}
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.String())
	}
	return apis, index, texts
}

const whole = `// Package p does things.
//
// Controls: HIPAA 164.312(b).
package p

// A T is a type.
//
// Controls: HIPAA 164.312(d).
type T struct{ unexported int }

// M inherits the type's.
func (t *T) M() {}

// N has its own.
//
// Controls: none, it does nothing.
func (t T) N() {}

func (t T) hidden() {}

// G is generic and inherits the package's.
type G[K any] struct{}

// M inherits the package's through its type.
func (g *G[K]) M() {}

// I is an interface.
//
// Controls: HIPAA 164.312(c)(1).
type I interface {
	// A inherits the type's.
	A()
	// B has its own.
	//
	// Controls: HIPAA 164.312(e)(1).
	B()
	c()
}

// A group.
//
// Controls: HIPAA 164.312(a)(1).
const (
	One = iota
	Two
	// Three has its own.
	//
	// Controls: HIPAA 164.312(a)(2)(i).
	Three
	four
)

// A group without a line.
var (
	V, W = 1, 2
	_    = 3
)

// F inherits the package's.
func F() {}

// inner is tagged although nobody can import it.
//
// Controls: HIPAA 164.316(b)(2)(i).
func inner() {}

func untagged() {}
`

// Inheritance: a method from its type, a member from its group, the rest from
// the package; own lines win; unexported code counts only with its own line.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestReadInherits(t *testing.T) {
	apis, index, problems := read(t, tree("p/p.go", whole), nil)
	require.Empty(t, problems)
	for name, want := range map[string]struct {
		from string
		id   safeguard.Control
	}{
		"/p":       {"", safeguard.AuditControls},
		"/p.T":     {"", safeguard.PersonOrEntityAuthentication},
		"/p.T.M":   {"type", safeguard.PersonOrEntityAuthentication},
		"/p.T.N":   {"", ""},
		"/p.G":     {"package", safeguard.AuditControls},
		"/p.G.M":   {"type", safeguard.AuditControls},
		"/p.I":     {"", safeguard.Integrity},
		"/p.I.A":   {"type", safeguard.Integrity},
		"/p.I.B":   {"", safeguard.TransmissionSecurity},
		"/p.One":   {"group", safeguard.AccessControl},
		"/p.Two":   {"group", safeguard.AccessControl},
		"/p.Three": {"", safeguard.UniqueUserIdentification},
		"/p.V":     {"package", safeguard.AuditControls},
		"/p.W":     {"package", safeguard.AuditControls},
		"/p.F":     {"package", safeguard.AuditControls},
		"/p.inner": {"", safeguard.DocumentationTimeLimit},
	} {
		a, ok := apis[name]
		require.True(t, ok, name)
		require.Equal(t, want.from, a.From, name)
		require.Equal(t, want.id != "", a.Tag.Serves(want.id), name)
		require.Equal(t, name == "/p.inner", a.Internal, name)
		require.NotZero(t, a.Line)
		delete(apis, name)
	}
	require.Empty(t, apis, "nothing else is indexed")
	require.Equal(t, coverage.Count{APIs: 15, Own: 6, Inherited: 9, None: 1, Internal: 1}, index.Count())
	served, _ := index.Serving(safeguard.AccessControl)
	require.Len(t, served, 2)
}

// What a lint that can be cheated would let pass. Each case is one file of
// package p, whose problems must be exactly those listed.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestReadRefuses(t *testing.T) {
	const head = "// Package p is tagged.\n//\n// Controls: none, a test package.\npackage p\n\n"
	for name, c := range map[string]struct{ src, want string }{
		"nothing anywhere": {"package p\n\nfunc F() {}\n",
			"p.go:1: package: exported API without|p.go:3: F: exported API without"},
		"singular":            {head + "// F f.\n//\n// Control: HIPAA 164.312(b).\nfunc F() {}\n", "p.go:8: F: near miss"},
		"lower case":          {head + "// F f.\n//\n// controls: HIPAA 164.312(b).\nfunc F() {}\n", "p.go:8: F: near miss"},
		"space before colon":  {head + "// F f.\n//\n// Controls : HIPAA 164.312(b).\nfunc F() {}\n", "p.go:8: F: near miss"},
		"no space in marker":  {head + "// F f.\n//\n//Controls: HIPAA 164.312(b).\nfunc F() {}\n", "p.go:8: F: near miss"},
		"indented":            {head + "// F f.\n//\n//\tControls: HIPAA 164.312(b).\nfunc F() {}\n", "p.go:8: F: near miss"},
		"no colon":            {head + "// F f.\n//\n// Controls HIPAA 164.312(b).\nfunc F() {}\n", "p.go:8: F: near miss"},
		"ids without a word":  {head + "// F f.\n//\n// controls 164.312(b), 164.312(d).\nfunc F() {}\n", "p.go:8: F: near miss"},
		"upper case":          {head + "// F f.\n//\n// CONTROLS: HIPAA 164.312(b).\nfunc F() {}\n", "p.go:8: F: near miss"},
		"other prefix":        {head + "// F f.\n//\n// HIPAA controls: 164.312(b).\nfunc F() {}\n", "p.go:8: F: near miss"},
		"no full stop":        {head + "// F f.\n//\n// Controls: HIPAA 164.312(b)\nfunc F() {}\n", "p.go:8: F: the line must end"},
		"wrapped":             {head + "// F f.\n//\n// Controls: HIPAA 164.312(b),\n// 164.312(d).\nfunc F() {}\n", "p.go:8: F: the control line must be one line"},
		"not last":            {head + "// F f.\n//\n// Controls: HIPAA 164.312(b).\n//\n// More.\nfunc F() {}\n", "p.go:8: F: the control line must be one line, the last"},
		"not its own":         {head + "// F f.\n// Controls: HIPAA 164.312(b).\nfunc F() {}\n", "p.go:7: F: the control line must be a paragraph"},
		"two":                 {head + "// F f.\n//\n// Controls: HIPAA 164.312(b).\n//\n// Controls: none, none at all.\nfunc F() {}\n", "p.go:10: F: a second control line"},
		"unknown id":          {head + "// F f.\n//\n// Controls: HIPAA 164.312(B).\nfunc F() {}\n", `p.go:8: F: "164.312(B)" is not a known provision; did you mean 164.312(b)?`},
		"range":               {head + "// F f.\n//\n// Controls: HIPAA 164.308 to 316.\nfunc F() {}\n", `p.go:8: F: "164.308 to 316" is not`},
		"unknown CSF":         {head + "// F f.\n//\n// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PT-1.\nfunc F() {}\n", "p.go:8: F: \"PR.PT-1\" is not a NIST CSF 2.0 subcategory"},
		"unpaired CSF":        {head + "// F f.\n//\n// Controls: HIPAA 164.312(b); NIST CSF 2.0 RC.RP-06.\nfunc F() {}\n", "p.go:8: F: RC.RP-06 is not paired"},
		"none without reason": {head + "// F f.\n//\n// Controls: none.\nfunc F() {}\n", `p.go:8: F: "none" needs`},
		"bad method":          {head + "// T t.\ntype T int\n\n// M m.\n//\n// Controls: HIPAA x.\nfunc (T) M() {}\n", `p.go:11: T.M: "x" is not`},
		"bad group":           {head + "// G g.\n//\n// Controls: HIPAA x.\nconst (\n\tA = 1\n\tB = 2\n)\n", `p.go:8: A: "x" is not`},
		"bad unexported":      {head + "// f f.\n//\n// Controls: HIPAA x.\nfunc f() {}\n", `p.go:8: f: "x" is not`},
		"detached by a blank": {head + "// Controls: HIPAA 164.312(b).\n\n// F f.\nfunc F() {}\n", "p.go:6: this control line is in"},
		"in a body":           {head + "func F() {\n\t// Controls: HIPAA 164.312(b).\n}\n", "p.go:7: this control line is in"},
		"on a field":          {head + "type T struct {\n\t// A a.\n\t//\n\t// Controls: HIPAA 164.312(b).\n\tA int\n}\n", "p.go:9: this control line is in"},
		"behind a value":      {head + "var A = 1 // Controls: HIPAA 164.312(b).\n", "p.go:6: this control line is in"},
		"block comment":       {head + "/*\nF f.\n\n\tControls: HIPAA 164.312(b).\n*/\nfunc F() {}\n", "p.go:9: F: near miss"},
		"not Go":              {"package p\n\nfunc {\n", "p.go:1: not readable as Go"},
		"prose is free":       {head + "// F controls the flow. Controls are many. The rule asks for integrity\n// controls, 164.312(c)(1); it names no technique.\n//\n//\t// Controls: HIPAA 1.\n//\n// It says so: controls.\nfunc F() {\n\t// control: the zero value.\n}\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, problems := read(t, tree("p.go", c.src), nil)
			var want []string
			if c.want != "" {
				want = strings.Split(c.want, "|")
			}
			require.Len(t, problems, len(want), strings.Join(problems, "\n"))
			for i := range want {
				require.Truef(t, strings.HasPrefix(problems[i], want[i]), "%s\nwant prefix %s", problems[i], want[i])
			}
		})
	}
}

const tagged = "// Package x is tagged.\n//\n// Controls: HIPAA 164.312(b).\npackage x\n\n// F f.\nfunc F() {}\n"

func as(pkg string) string { return strings.ReplaceAll(tagged, "package x", "package "+pkg) }

// What is read and what is left out.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestReadScope(t *testing.T) {
	fsys := tree(
		"x/x.go", as("x"),
		"x/x_windows.go", "//go:build windows\n\npackage x\n\nfunc W() {}\n",
		"x/testdata/y.go", "package y\n\nfunc Untagged() {}\n",
		"vendor/v/v.go", "package v\n\nfunc Untagged() {}\n",
		".hidden/h.go", "package h\n\nfunc Untagged() {}\n",
		"_old/o.go", "package o\n\nfunc Untagged() {}\n",
		"x/_draft.go", "package x\n\nfunc Untagged() {",
		"internal/i/i.go", "package i\n\nfunc Untagged() {}\n\n// H handles.\n//\n// Controls: HIPAA 164.312(d).\nfunc H() {}\n",
		"cmd/c/c.go", "package main\n\nfunc main() {}\n",
		"examples/e/helper/h.go", "package helper\n\nfunc Untagged() {}\n",
		"tool.go", "//go:build ignore\n\npackage main\n\nfunc Untagged() {}\n",
		"nested/go.mod", "module example.org/other // elsewhere\n",
		"nested/sub/n.go", as("sub"),
		"onlytests/o_test.go", "package onlytests\n",
	)
	apis, index, problems := read(t, fsys, nil)
	require.Empty(t, problems)
	require.Equal(t, "example.org/m", index.Module)
	require.ElementsMatch(t, []string{"/x", "/x.F", "/x.W", "/internal/i.H"}, keys(apis))
	require.True(t, apis["/internal/i.H"].Internal)

	apis, _, problems = read(t, fsys, &coverage.Options{Nested: true})
	require.Empty(t, problems)
	require.Contains(t, keys(apis), "example.org/other/sub.F")
	require.NotContains(t, keys(apis), "/nested/sub.F")
}

func keys(m map[string]coverage.API) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	return list
}

// Tests count with their own line only, under the package that they test.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestReadTests(t *testing.T) {
	_, index, problems := read(t, tree("x/x.go", as("x"), "x/x_test.go", `package x_test

// TestA tests.
//
// Controls: HIPAA 164.312(b).
func TestA(t *testing.T) {}

// FuzzA fuzzes.
//
// Controls: HIPAA 164.312(b).
func FuzzA(f *testing.F) {}

// ExampleF shows.
//
// Controls: HIPAA 164.312(b).
func ExampleF() {}

// BenchmarkF proves nothing.
//
// Controls: HIPAA 164.312(b).
func BenchmarkF(b *testing.B) {}

// TestNone is about no control.
//
// Controls: none, it tests a formatter.
func TestNone(t *testing.T) {}

func TestUntagged(t *testing.T) {}

// Exported helper of the tests, no API.
func Helper() {}
`), nil)
	require.Empty(t, problems)
	var names []string
	for _, test := range index.Tests {
		require.Equal(t, "example.org/m/x", test.Package)
		names = append(names, test.Name)
	}
	require.Equal(t, []string{"ExampleF", "FuzzA", "TestA"}, names)

	_, _, problems = read(t, tree("x/x.go", as("x"), "x/x_test.go", `package x

// TestA tests.
//
// Controls: HIPAA 164.312(B).
func TestA(t *testing.T) {}

// Testing is no test.
//
// Controls: HIPAA 164.312(b).
func Testing() {}

// helper helps.
//
// Controls: HIPAA 164.312(b).
func helper() {}
`), nil)
	require.Len(t, problems, 3)
	require.Contains(t, problems[0], "x/x_test.go:5: TestA")
	require.Contains(t, problems[1], "x/x_test.go:10: this control line")
	require.Contains(t, problems[2], "x/x_test.go:15: this control line")
}

// Two files of one package, or of two platforms, must not contradict.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func TestReadConflicts(t *testing.T) {
	other := strings.Replace(as("x"), "164.312(b)", "164.312(d)", 1)
	_, _, problems := read(t, tree("x/a.go", as("x"), "x/b.go", strings.Replace(other, "F", "G", 2)), nil)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "x/b.go:4: package: another file")

	plat := func(id string) string {
		return "package x\n\n// P p.\n//\n// Controls: HIPAA " + id + ".\nfunc P() {}\n"
	}
	apis, _, problems := read(t, tree("x/a.go", as("x"), "x/p_linux.go", plat("164.312(b)"), "x/p_other.go", plat("164.312(b)")), nil)
	require.Empty(t, problems)
	require.Len(t, apis, 3)
	_, _, problems = read(t, tree("x/a.go", as("x"), "x/p_linux.go", plat("164.312(b)"), "x/p_other.go", plat("164.312(d)")), nil)
	require.Len(t, problems, 1)
	require.Contains(t, problems[0], "x/p_other.go:6: P: declared in several files")
}

// No module, or one beyond the bounds, is an error and no index.
func TestReadBounds(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"no go.mod":                  {"a.go": {Data: []byte("package a")}},
		"no module line":             {"go.mod": {Data: []byte("go 1.26\n")}},
		"nested without module line": tree("n/go.mod", "go 1.26\n", "n/a.go", "package a"),
		"large file":                 tree("a.go", "package a\n"+strings.Repeat("//\n", 2<<20)),
		"deep":                       tree(strings.Repeat("d/", 41)+"a.go", "package a"),
	} {
		index, problems, err := coverage.Read(fsys, &coverage.Options{Nested: true})
		require.ErrorIs(t, err, coverage.ErrModule, name)
		require.Nil(t, index)
		require.Nil(t, problems)
	}
}

// A link in the tree is not followed.
func TestReadLeavesLinksOut(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	require.NoError(t, os.WriteFile(outside+"/o.go", []byte("package o\n\nfunc Untagged() {}\n"), 0o600))
	require.NoError(t, os.WriteFile(dir+"/go.mod", []byte("module \"example.org/m\"\n"), 0o600))
	require.NoError(t, os.Symlink(outside, dir+"/linked"))
	require.NoError(t, os.Symlink(outside+"/o.go", dir+"/o.go"))
	index, problems, err := coverage.Read(os.DirFS(dir), nil)
	require.NoError(t, err)
	require.Empty(t, problems)
	require.Equal(t, &coverage.Index{Module: "example.org/m"}, index)
}

// Whatever the source, Read returns and a problem names a line that exists.
func FuzzRead(f *testing.F) {
	f.Add(whole)
	f.Add("package p\n\n/* Controls: HIPAA 164.312(b). */\nfunc F() {}\n")
	f.Add("// Controls: none, a test.\npackage main\n\nfunc (a, b c) d() {}\nfunc () e() {}\n")
	f.Fuzz(func(t *testing.T, src string) {
		index, problems, err := coverage.Read(tree("p.go", src), nil)
		require.NoError(t, err)
		for _, p := range problems {
			require.Equal(t, "p.go", p.File)
			require.NotZero(t, p.Kind)
			require.Positive(t, p.Line)
		}
		if len(problems) == 0 {
			require.Zero(t, index.Count().Untagged)
		}
	})
}
