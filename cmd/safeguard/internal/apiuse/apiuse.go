// Package apiuse finds, by type information, which functions, methods and
// types of one library the packages of a module really use.
//
// [Load] type-checks the packages that patterns name, tests excluded, for one
// build configuration, and returns what they take from the library, with the
// place of each use. It counts
//
//   - a function or method that is called or taken as a value, a method of an
//     interface or one that came by embedding too
//   - a type of which the code makes a value: a composite literal, a
//     conversion, new
//
// and leaves out what shows nothing: constants, variables, fields, and types
// that are only named.
//
// It reads source and does not run it. It does not see calls by reflection,
// calls that only other libraries make, or whether the code around a call is
// ever reached. Code behind other build constraints needs a run of its own.
//
// It runs the go command, and all limits and settings of that hold: the module
// cache, GOFLAGS, vendoring. A package that does not type-check is an error:
// an incomplete answer would hide a use.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
package apiuse

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/types"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

// ErrLoad reports patterns that name nothing, or packages that cannot be
// type-checked.
//
// Controls: none, an error about the input.
var ErrLoad = errors.New("apiuse: load: cannot be type-checked")

// Options say how [Load] loads. The zero value is the default for each.
//
// Controls: HIPAA 164.316(b)(1).
type Options struct {
	// Dir is the directory in which patterns are resolved, by default the
	// working directory.
	Dir string
	// Tags are build tags.
	Tags []string
	// Env is the environment of the go command, by default that of the
	// process.
	Env []string
}

// A Result is what [Load] found. It is plain data.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
type Result struct {
	// Module is the module of the packages, and Root its directory.
	Module, Root string
	// Packages are the import paths that the patterns named, sorted.
	Packages []string
	// Libraries are the modules of the library that the packages use, sorted
	// by path. A module never counts as its own library.
	Libraries []Library
	// Uses are what the packages use, sorted by package and symbol.
	Uses []Use
}

// A Library is a module that is used.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
type Library struct {
	// Path and Version are those of the module; Version is empty for one that
	// a directory replaces.
	Path, Version string
	// Dir holds its source; empty where the module is vendored.
	Dir string
}

// A Use is one symbol of the library.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
type Use struct {
	// Package is the import path, Symbol the name in it, for instance
	// "Sealer.Open".
	Package, Symbol string
	// Module is the module that the package belongs to.
	Module string
	// At are the places, sorted.
	At []Place
}

// A Place is a position in source.
//
// Controls: none, a position.
type Place struct {
	// File is the path below the module's root, with slashes.
	File string
	Line int
}

// String returns "file:line".
func (p Place) String() string { return fmt.Sprintf("%s:%d", p.File, p.Line) }

// Load type-checks the packages and returns what they use of the modules for
// which library is true. All packages must belong to one module. The error
// wraps ErrLoad if the packages are at fault, and names up to ten faults with
// file and line.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1); NIST CSF 2.0 GV.OC-03.
func Load(ctx context.Context, library func(module string) bool, opts *Options, patterns ...string) (*Result, error) {
	if opts == nil {
		opts = &Options{}
	}
	loaded, err := packages.Load(config(ctx, opts), patterns...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLoad, err)
	}
	if err := faults(loaded); err != nil {
		return nil, err
	}
	f := &finder{library: library, modules: map[string]*packages.Module{}, uses: map[name]map[Place]bool{}, libraries: map[string]Library{}}
	packages.Visit(loaded, nil, func(p *packages.Package) { f.modules[p.PkgPath] = p.Module })
	if err := f.module(loaded); err != nil {
		return nil, err
	}
	for _, p := range loaded {
		f.packages = append(f.packages, p.PkgPath)
		f.find(p)
	}
	return f.result(), nil
}

func config(ctx context.Context, opts *Options) *packages.Config {
	c := &packages.Config{
		Context: ctx, Dir: opts.Dir, Env: opts.Env,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedModule |
			packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
	}
	if len(opts.Tags) > 0 {
		c.BuildFlags = []string{"-tags=" + strings.Join(opts.Tags, ",")}
	}
	return c
}

// maxFaults is how many faults an error names.
const maxFaults = 10

func faults(loaded []*packages.Package) error {
	if len(loaded) == 0 {
		return fmt.Errorf("%w: no package is named", ErrLoad)
	}
	var texts []string
	for _, p := range loaded {
		for _, e := range p.Errors {
			if e.Kind == packages.ListError && e.Pos == "-" && len(p.TypeErrors) > 0 {
				continue // the compiler's words for what the type checker says below
			}
			texts = append(texts, e.Error())
		}
	}
	if len(texts) == 0 {
		return nil
	}
	if rest := len(texts) - maxFaults; rest > 0 {
		texts = append(texts[:maxFaults], fmt.Sprintf("and %d more", rest))
	}
	return fmt.Errorf("%w:\n\t%s", ErrLoad, strings.Join(texts, "\n\t"))
}

// name is a symbol of the library.
type name struct{ pkg, symbol string }

type finder struct {
	library   func(string) bool
	root      *packages.Module
	packages  []string
	modules   map[string]*packages.Module // by import path
	uses      map[name]map[Place]bool
	libraries map[string]Library
}

// module notes the one module that the packages belong to.
func (f *finder) module(loaded []*packages.Package) error {
	for _, p := range loaded {
		switch {
		case p.Module == nil || p.Module.Dir == "":
			return fmt.Errorf("%w: %s belongs to no module on disk", ErrLoad, p.PkgPath)
		case f.root == nil:
			f.root = p.Module
		case f.root.Path != p.Module.Path:
			return fmt.Errorf("%w: packages of two modules, %s and %s; name one module at a time", ErrLoad, f.root.Path, p.Module.Path)
		}
	}
	return nil
}

// find notes the uses in one package. A package does not use itself.
func (f *finder) find(p *packages.Package) {
	w := &walker{pkg: p, root: f.root.Dir, note: func(obj types.Object, symbol string, at Place) {
		if path := obj.Pkg().Path(); path != p.PkgPath {
			f.add(path, symbol, at)
		}
	}}
	for _, file := range p.Syntax {
		w.file(file)
	}
}

func (f *finder) add(path, symbol string, at Place) {
	m := f.modules[path]
	if m == nil || !f.library(m.Path) {
		return
	}
	if m.Path != f.root.Path {
		f.libraries[m.Path] = libraryOf(m)
	}
	n := name{path, symbol}
	if f.uses[n] == nil {
		f.uses[n] = map[Place]bool{}
	}
	f.uses[n][at] = true
}

func libraryOf(m *packages.Module) Library {
	l := Library{Path: m.Path, Version: m.Version, Dir: m.Dir}
	if r := m.Replace; r != nil {
		l.Version, l.Dir = r.Version, r.Dir
	}
	return l
}

func (f *finder) result() *Result {
	r := &Result{Module: f.root.Path, Root: f.root.Dir, Packages: f.packages}
	slices.Sort(r.Packages)
	for _, l := range f.libraries {
		r.Libraries = append(r.Libraries, l)
	}
	slices.SortFunc(r.Libraries, func(a, b Library) int { return cmp.Compare(a.Path, b.Path) })
	for n, places := range f.uses {
		u := Use{Package: n.pkg, Symbol: n.symbol, Module: f.modules[n.pkg].Path}
		for at := range places {
			u.At = append(u.At, at)
		}
		slices.SortFunc(u.At, func(a, b Place) int { return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line)) })
		r.Uses = append(r.Uses, u)
	}
	slices.SortFunc(r.Uses, func(a, b Use) int { return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Symbol, b.Symbol)) })
	return r
}

// relative is the path of a file below root, with slashes; files outside, that
// tools generate, keep their base name.
func relative(root, file string) string {
	rel, err := filepath.Rel(root, file)
	if err != nil || strings.HasPrefix(rel, "..") {
		return filepath.Base(file)
	}
	return filepath.ToSlash(rel)
}
