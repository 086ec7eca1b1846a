package archtest

import (
	"fmt"
	"strconv"
	"strings"
)

// A Row says what the files of some packages may import beyond the standard
// library. The zero value of every list allows nothing.
//
// In every list a name covers exactly itself; with "/..." at its end it covers
// itself and everything below.
type Row struct {
	// Packages are the directories the row is about.
	Packages []string
	// Own lists directories of this repository, "." for the root package.
	Own []string
	// Foreign lists import paths of other modules. Packages of nested modules
	// are free in this: their go.mod is the list.
	Foreign []string
	// TestOwn and TestForeign are allowed in _test.go files besides. A test
	// may always import its own package, what lies below it, and testify's
	// require.
	TestOwn, TestForeign []string
	// Why gives the reason, for the reader of a failure.
	Why string
}

// testForeign is what every test may import from other modules.
var testForeign = []string{"github.com/stretchr/testify/require"}

// Imports returns a finding for every import that rows do not allow, every
// package without a row, every package with two, and every row that covers no
// package (so that a renamed package cannot leave its rule behind).
func (t *Tree) Imports(rows []Row) []string {
	var findings []string
	used := make(map[string]bool)
	for _, p := range t.Packages {
		row, name, n := rowOf(rows, p.Dir)
		if n != 1 {
			findings = append(findings, fmt.Sprintf("%s: package has %d rows in the table of imports, want 1", p.Dir, n))
			continue
		}
		used[name] = true
		for _, f := range p.Files {
			findings = append(findings, t.checkFile(p, f, row)...)
		}
	}
	for _, row := range rows {
		for _, name := range row.Packages {
			if !used[name] {
				findings = append(findings, fmt.Sprintf("%s: row of the table of imports covers no package", name))
			}
		}
	}
	return findings
}

// rowOf returns the row for dir, the name in it that matched, and how many
// matched. A longer name wins over a shorter one: "internal/weight/probes/..."
// is an exception to "internal/...".
func rowOf(rows []Row, dir string) (row Row, name string, n int) {
	for _, r := range rows {
		for _, pattern := range r.Packages {
			switch {
			case !covers(pattern, dir) || len(pattern) < len(name):
			case len(pattern) == len(name):
				n++
			default:
				row, name, n = r, pattern, 1
			}
		}
	}
	return row, name, n
}

func covers(pattern, name string) bool {
	below, ok := strings.CutSuffix(pattern, "/...")
	if !ok {
		return pattern == name
	}
	return below == name || strings.HasPrefix(name, below+"/")
}

func coversAny(patterns []string, name string) bool {
	for _, p := range patterns {
		if covers(p, name) {
			return true
		}
	}
	return false
}

func (t *Tree) checkFile(p *Package, f *File, row Row) []string {
	var findings []string
	for _, spec := range f.Syntax.Imports {
		path, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			findings = append(findings, t.at(spec, "import path %s is malformed", spec.Path.Value))
			continue
		}
		if !t.allowed(p, f, row, path) {
			findings = append(findings, t.at(spec, "%s may not import %s (%s)", p.Dir, path, row.Why))
		}
	}
	return findings
}

func (t *Tree) allowed(p *Package, f *File, row Row, path string) bool {
	if dir, ok := t.own(path); ok {
		if coversAny(row.Own, dir) {
			return true
		}
		// A test of the root package has everything below it; it gets itself.
		below := p.Dir + "/..."
		return f.Test && (covers(below, dir) || coversAny(row.TestOwn, dir))
	}
	if path == "C" {
		return false
	}
	if standard(path) {
		return true
	}
	if p.Nested || coversAny(row.Foreign, path) {
		return true
	}
	return f.Test && (coversAny(testForeign, path) || coversAny(row.TestForeign, path))
}

// own returns the directory of an import path of this repository.
func (t *Tree) own(path string) (string, bool) {
	if path == t.Module {
		return ".", true
	}
	return strings.CutPrefix(path, t.Module+"/")
}

// standard says that path is of the standard library: no dot in its first
// element.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}
