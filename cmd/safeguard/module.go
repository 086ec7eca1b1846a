package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/apiuse"
	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/phifields"
	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// module are the flags of a command that reads a module's source.
type module struct {
	Dir    string   `short:"C" default:"." placeholder:"DIR" help:"Directory in which the patterns hold."`
	Tags   []string `placeholder:"TAG" help:"Build tags. Control lines are read from every file; calls are found for one build configuration."`
	Strict bool     `help:"Refuse exported API that ends up with no control line, as the library does for itself."`
}

// library is this library's module path; its drivers are modules below it.
const library = "github.com/safeguard-sdk/safeguard"

// load reads the control lines of the module that the patterns name, "./..."
// by default, and of what it uses of the library. The first index is the
// module's own.
func (m *module) load(e *env, patterns []string) (*apiuse.Result, []*coverage.Index, error) {
	if len(patterns) == 0 {
		patterns = []string{"./..."}
	}
	e.step("type-checking %s", strings.Join(patterns, " "))
	found, err := apiuse.Load(e.ctx, isLibrary, &apiuse.Options{Dir: m.Dir, Tags: m.Tags}, patterns...)
	if err != nil {
		return nil, nil, inputFault(err)
	}
	e.step("reading the control lines of %s", found.Module)
	all, err := m.ownIndex(e, found)
	if err != nil {
		return nil, nil, err
	}
	own := []*coverage.Index{all}
	if !m.wholeModule(found, patterns) {
		own = parts(all, found)
	}
	indexes, err := libraryIndexes(e, found)
	return found, append(own, indexes...), err
}

// parts keeps what belongs to the packages that the patterns name. A program
// within the library uses other packages of the same module; what it uses of
// them counts as it does for everybody else.
func parts(all *coverage.Index, found *apiuse.Result) []*coverage.Index {
	own := []*coverage.Index{only(all, found.Packages)}
	if !isLibrary(found.Module) {
		return own
	}
	outside := slices.DeleteFunc(slices.Clone(found.Uses), func(u apiuse.Use) bool { return slices.Contains(found.Packages, u.Package) })
	kept, _ := all.Called(calls(outside, found.Module))
	kept.Module = found.Module + ", the part that these packages use"
	return append(own, kept)
}

// inputFault marks the faults of packages as the input's.
func inputFault(err error) error {
	if errors.Is(err, apiuse.ErrLoad) || errors.Is(err, phifields.ErrLoad) {
		return refused(err)
	}
	return err
}

func isLibrary(module string) bool {
	return module == library || strings.HasPrefix(module, library+"/")
}

// ownIndex reads the control lines of the module. Everything that is wrong is
// refused, wherever in the module it stands.
func (m *module) ownIndex(e *env, found *apiuse.Result) (*coverage.Index, error) {
	index, problems, err := coverage.Read(os.DirFS(found.Root), nil)
	if errors.Is(err, coverage.ErrModule) {
		return nil, refused(err)
	}
	if err != nil {
		return nil, err
	}
	var wrong []string
	untagged := 0
	for _, p := range problems {
		if p.Kind == coverage.Untagged && !m.Strict {
			untagged++
			continue
		}
		p.File = display(found.Root, p.File)
		wrong = append(wrong, p.String())
	}
	if len(wrong) > 0 {
		return nil, refused(fmt.Errorf("%d control lines are refused:\n%s", len(wrong), strings.Join(wrong, "\n")))
	}
	if untagged > 0 {
		e.note("%d exported declarations have no control line and count for nothing (--strict lists them)", untagged)
	}
	return index, nil
}

// wholeModule reports whether the patterns name all packages of the module,
// also those that another build configuration would have.
func (m *module) wholeModule(found *apiuse.Result, patterns []string) bool {
	dir, err := os.Stat(m.Dir)
	if err != nil {
		return false
	}
	root, err := os.Stat(found.Root)
	return err == nil && os.SameFile(dir, root) && slices.Equal(patterns, []string{"./..."})
}

// only keeps what belongs to some packages.
func only(x *coverage.Index, packages []string) *coverage.Index {
	out := &coverage.Index{Module: x.Module}
	for _, a := range x.APIs {
		if slices.Contains(packages, a.Package) {
			out.APIs = append(out.APIs, a)
		}
	}
	for _, t := range x.Tests {
		if slices.Contains(packages, t.Package) {
			out.Tests = append(out.Tests, t)
		}
	}
	return out
}

// libraryIndexes reads the control lines of the library as the module links
// it, and keeps what the module's code uses.
func libraryIndexes(e *env, found *apiuse.Result) ([]*coverage.Index, error) {
	var list []*coverage.Index
	for _, l := range found.Libraries {
		e.step("reading the control lines of %s", name(l))
		index, err := libraryIndex(e, l)
		if err != nil {
			return nil, err
		}
		kept, unknown := index.Called(calls(found.Uses, l.Path))
		if len(unknown) > 0 {
			e.note("%s: %d used functions and types are not in its control lines, the first is %s.%s", name(l), len(unknown), unknown[0].Package, unknown[0].Symbol)
		}
		kept.Module = name(l) + ", the part that " + found.Module + " uses"
		list = append(list, kept)
	}
	return list, nil
}

// calls are the uses of one module of the library, with their places.
func calls(uses []apiuse.Use, module string) []coverage.Call {
	var list []coverage.Call
	for _, u := range uses {
		if u.Module != module {
			continue
		}
		c := coverage.Call{Package: u.Package, Symbol: u.Symbol}
		for _, at := range u.At {
			c.Sites = append(c.Sites, at.String())
		}
		list = append(list, c)
	}
	return list
}

// libraryIndex reads the source of a linked module. A vendored one has no
// go.mod to read it by; then the tags that this command was built with hold.
func libraryIndex(e *env, l apiuse.Library) (*coverage.Index, error) {
	if l.Dir == "" {
		e.note("%s is vendored: its control lines are those that this command was built with", name(l))
		return coverage.Library()
	}
	index, problems, err := coverage.Read(os.DirFS(l.Dir), nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name(l), err)
	}
	if len(problems) > 0 {
		e.note("%s: %d control lines of the library are not valid and count for nothing, the first is %s", name(l), len(problems), problems[0])
	}
	return index, nil
}

func name(l apiuse.Library) string { return strings.TrimSpace(l.Path + " " + l.Version) }

// display is the path of a file below root as it can be opened from here.
func display(root, file string) string {
	path := filepath.Join(root, filepath.FromSlash(file))
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	rel, err := filepath.Rel(wd, path)
	if err != nil || !fs.ValidPath(filepath.ToSlash(rel)) {
		return path
	}
	return rel
}
