package archtest

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// A Tree is the parsed source of a repository. It is not changed after
// [ReadTree] and is safe for concurrent use.
type Tree struct {
	// Module is the path of the root module.
	Module string
	// Packages lists the directories that hold Go files, in lexical order.
	Packages []*Package

	root string
	fset *token.FileSet
}

// A Package is one directory with Go files.
type Package struct {
	// Dir is the slash-separated path below the root, "." for the root.
	Dir string
	// Nested says that the directory belongs to a module of its own.
	Nested bool
	// Files lists the files, also those of other systems and build tags.
	Files []*File
}

// A File is one parsed Go file.
type File struct {
	// Name is the slash-separated path below the root.
	Name string
	// Test says that the name ends in _test.go.
	Test bool
	// Generated says that the file declares itself generated.
	Generated bool
	// Lines counts the file's lines.
	Lines int
	// Syntax is the whole file with its comments.
	Syntax *ast.File
}

// Program says that the package is a command: its files that are no tests
// belong to package main.
func (p *Package) Program() bool {
	for _, f := range p.Files {
		if !f.Test {
			return f.Syntax.Name.Name == "main"
		}
	}
	return false
}

var moduleLine = regexp.MustCompile(`(?m)^module\s+(\S+)`)

// ReadTree reads the repository whose root go.mod lies in dir. Like the go
// command it leaves out testdata, vendor and names that begin with a dot or an
// underscore. It returns an error if there is no go.mod, no Go file, or a file
// that does not parse.
func ReadTree(dir string) (*Tree, error) {
	mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return nil, fmt.Errorf("archtest: read: %w", err)
	}
	m := moduleLine.FindSubmatch(mod)
	if m == nil {
		return nil, errors.New("archtest: read: go.mod names no module")
	}
	t := &Tree{Module: string(m[1]), root: dir, fset: token.NewFileSet()}
	nested := map[string]bool{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if path != dir && skipped(d.Name()) {
			return filepath.SkipDir
		}
		_, err = os.Stat(filepath.Join(path, "go.mod"))
		nested[path] = path != dir && (err == nil || nested[filepath.Dir(path)])
		return t.readDir(path, nested[path])
	})
	if err != nil {
		return nil, fmt.Errorf("archtest: read: %w", err)
	}
	if len(t.Packages) == 0 {
		return nil, errors.New("archtest: read: no Go file")
	}
	slices.SortFunc(t.Packages, func(a, b *Package) int { return strings.Compare(a.Dir, b.Dir) })
	return t, nil
}

func skipped(name string) bool {
	return name == "testdata" || name == "vendor" || name[0] == '.' || name[0] == '_'
}

func (t *Tree) readDir(path string, nested bool) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	p := &Package{Dir: t.rel(path), Nested: nested}
	for _, e := range entries {
		if e.IsDir() || filepath.Ext(e.Name()) != ".go" || skipped(e.Name()) {
			continue
		}
		f, err := t.readFile(filepath.Join(path, e.Name()))
		if err != nil {
			return err
		}
		p.Files = append(p.Files, f)
	}
	if len(p.Files) > 0 {
		t.Packages = append(t.Packages, p)
	}
	return nil
}

func (t *Tree) readFile(path string) (*File, error) {
	src, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	name := t.rel(path)
	syntax, err := parser.ParseFile(t.fset, name, src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return &File{
		Name:      name,
		Test:      strings.HasSuffix(name, "_test.go"),
		Generated: ast.IsGenerated(syntax),
		Lines:     bytes.Count(src, []byte("\n")),
		Syntax:    syntax,
	}, nil
}

func (t *Tree) rel(path string) string {
	rel, err := filepath.Rel(t.root, path)
	if err != nil {
		return filepath.ToSlash(path)
	}
	return filepath.ToSlash(rel)
}

// at formats a finding as file:line: text.
func (t *Tree) at(n ast.Node, format string, args ...any) string {
	p := t.fset.Position(n.Pos())
	return fmt.Sprintf("%s:%d: %s", p.Filename, p.Line, fmt.Sprintf(format, args...))
}
