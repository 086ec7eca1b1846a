package coverage

import (
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
)

// Options say how [Read] reads. The zero value is the default for each.
//
// Controls: HIPAA 164.316(b)(1).
type Options struct {
	// Nested reads nested modules too: directories below the root that have
	// their own go.mod. By default they are left out.
	Nested bool
}

// ErrModule reports a tree whose root has no readable go.mod, or one beyond
// the bounds of [Read].
//
// Controls: none, an error about the input.
var ErrModule = errors.New("coverage: read: not a module that can be read")

// The bounds of Read.
const (
	maxFiles = 20_000
	maxSize  = 4 << 20
	maxDepth = 40
)

// Read reads the Go source tree of one module, for instance
//
//	index, problems, err := coverage.Read(os.DirFS("."), nil)
//
// and returns its index and everything that is wrong with its control lines,
// sorted by position. Whoever gates on it must refuse if there is any
// problem. The index holds what could be read even then.
//
// Exported API of importable packages has to end up with a line: a package
// has its own, a type, function, constant or variable inherits its package's,
// a member of a parenthesised group the group's, a method its type's. Code
// below a directory internal, cmd or examples and package main is indexed
// only where it has a line of its own. Test, Fuzz and Example functions count
// with their own line. Directories named testdata or vendor, and those whose
// name begins with "." or "_", are left out. Build constraints are ignored,
// so that no file escapes.
//
// It leaves symbolic links to source out, runs no code, and is bounded: 20,000
// files of 4 MiB, 40 levels deep. Beyond that, or without a go.mod at the
// root, the error wraps ErrModule.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func Read(fsys fs.FS, opts *Options) (*Index, []Problem, error) {
	if opts == nil {
		opts = &Options{}
	}
	module, err := modulePath(fsys, ".")
	if err != nil {
		return nil, nil, err
	}
	r := &reader{fsys: fsys, opts: *opts, fset: token.NewFileSet(), modules: map[string]string{".": module}, dirs: map[string][]file{}}
	if err := fs.WalkDir(fsys, ".", r.visit); err != nil {
		return nil, nil, fmt.Errorf("coverage: read: %w", err)
	}
	if err := r.parse(); err != nil {
		return nil, nil, fmt.Errorf("coverage: read: %w", err)
	}
	r.scan()
	index := &Index{Module: module, APIs: r.merge(), Tests: r.out.tests}
	index.sort()
	sortProblems(r.out.problems)
	return index, r.out.problems, nil
}

type reader struct {
	fsys    fs.FS
	opts    Options
	fset    *token.FileSet
	modules map[string]string // import path by directory
	dirs    map[string][]file
	files   []string
	out     result
}

func (r *reader) visit(name string, d fs.DirEntry, err error) error {
	if err != nil {
		return err
	}
	if d.IsDir() {
		return r.enter(name, d)
	}
	if !strings.HasSuffix(name, ".go") || !d.Type().IsRegular() || strings.HasPrefix(d.Name(), "_") || strings.HasPrefix(d.Name(), ".") {
		return nil
	}
	if len(r.files) == maxFiles {
		return fmt.Errorf("more than %d files: %w", maxFiles, ErrModule)
	}
	r.files = append(r.files, name)
	return nil
}

// enter decides whether a directory is read, and notes nested modules.
func (r *reader) enter(name string, d fs.DirEntry) error {
	if name == "." {
		return nil
	}
	base := d.Name()
	if base == "testdata" || base == "vendor" || base[0] == '.' || base[0] == '_' {
		return fs.SkipDir
	}
	if strings.Count(name, "/") >= maxDepth {
		return fmt.Errorf("%s: deeper than %d levels: %w", show(name), maxDepth, ErrModule)
	}
	if _, err := fs.Stat(r.fsys, path.Join(name, "go.mod")); err != nil {
		return nil
	}
	if !r.opts.Nested {
		return fs.SkipDir
	}
	module, err := modulePath(r.fsys, name)
	if err != nil {
		return err
	}
	r.modules[name] = module
	return nil
}

// scan scans the packages, directory by directory.
func (r *reader) scan() {
	dirs := make([]string, 0, len(r.dirs))
	for dir := range r.dirs {
		dirs = append(dirs, dir)
	}
	sort.Strings(dirs)
	for _, dir := range dirs {
		for _, p := range r.packages(dir) {
			p.scan(r.of(dir, p.name))
			r.addPackage(p)
		}
	}
}

// addPackage notes the package itself.
func (r *reader) addPackage(p *pkg) {
	if p.doc != nil && (!p.doc.Internal || p.doc.Tag.HIPAA != nil) {
		r.out.apis = append(r.out.apis, p.doc)
	}
}

// packages returns the packages of a directory by the names in their package
// clauses; an external test package belongs to the one it tests.
func (r *reader) packages(dir string) []*pkg {
	var list []*pkg
	importPath := r.importPath(dir)
	for _, f := range r.dirs[dir] {
		name := packageName(f)
		if slices.ContainsFunc(list, func(p *pkg) bool { return p.name == name }) {
			continue
		}
		list = append(list, &pkg{path: importPath, name: name, program: name == "main" || isProgram(dir), fset: r.fset, sink: &r.out})
	}
	return list
}

func (r *reader) of(dir, name string) []file {
	return slices.DeleteFunc(slices.Clone(r.dirs[dir]), func(f file) bool { return packageName(f) != name })
}

func packageName(f file) string {
	if f.test {
		return strings.TrimSuffix(f.ast.Name.Name, "_test")
	}
	return f.ast.Name.Name
}

// isProgram reports whether other modules cannot import what is in dir, or are
// not meant to.
func isProgram(dir string) bool {
	return slices.ContainsFunc(strings.Split(dir, "/"), func(s string) bool {
		return s == "internal" || s == "cmd" || s == "examples"
	})
}

// importPath joins the path of the nearest module with what is below it.
func (r *reader) importPath(dir string) string {
	for root := dir; ; root = path.Dir(root) {
		if module, ok := r.modules[root]; ok {
			rest := dir
			if root != "." {
				rest = strings.TrimPrefix(strings.TrimPrefix(dir, root), "/")
			}
			return path.Join(module, rest)
		}
	}
}

// merge joins declarations of one symbol in several files (one a platform),
// and reports what is untagged or contradicts itself.
func (r *reader) merge() []API {
	var apis []API
	seen := map[string]int{}
	for _, a := range r.out.apis {
		if a.Tag.IsZero() && !r.wrong(a) {
			r.out.problems = append(r.out.problems, Problem{File: a.File, Line: a.Line, Symbol: label(*a), Kind: Untagged,
				Text: `exported API without a control line, and nothing to inherit one from`})
		}
		key := fmt.Sprint(a.Name(), " ", a.Kind, a.Internal)
		i, again := seen[key]
		if !again {
			seen[key] = len(apis)
			apis = append(apis, *a)
			continue
		}
		if !apis[i].Tag.Equal(a.Tag) {
			r.out.problems = append(r.out.problems, Problem{File: a.File, Line: a.Line, Symbol: label(*a), Kind: Conflict,
				Text: "declared in several files with different control lines"})
		}
	}
	return apis
}

// wrong reports whether a's own line was already refused.
func (r *reader) wrong(a *API) bool {
	return slices.ContainsFunc(r.out.problems, func(p Problem) bool {
		return p.File == a.File && p.Symbol == label(*a) && p.Kind != Untagged
	})
}

// label names a in a problem.
func label(a API) string {
	if a.Kind == PackageKind {
		return "package"
	}
	return a.Symbol
}
