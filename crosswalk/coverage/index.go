package coverage

import (
	"cmp"
	"slices"

	"github.com/safeguard-sdk/safeguard"
)

// A Kind says what an [API] is.
//
// Controls: HIPAA 164.316(b)(1).
type Kind string

// The kinds of API. An interface's methods count as methods; fields do not
// count.
//
// Controls: HIPAA 164.316(b)(1).
const (
	PackageKind Kind = "package"
	TypeKind    Kind = "type"
	FuncKind    Kind = "func"
	MethodKind  Kind = "method"
	ConstKind   Kind = "const"
	VarKind     Kind = "var"
)

// An API is a piece of code with the tag that holds for it: exported API of
// an importable package, or any other declaration that has a line of its own.
//
// Controls: HIPAA 164.316(b)(1).
type API struct {
	// Package is the import path, and Symbol the name in it, for instance
	// "Sealer.Open"; for a package it is empty.
	Package string `json:"package"`
	Symbol  string `json:"symbol,omitempty"`
	Kind    Kind   `json:"kind"`
	// File is the path below the root that was read, with slashes. Line is
	// not part of the JSON form, which must not change with every edit.
	File string `json:"file"`
	Line int    `json:"-"`
	// Internal is true for what other modules cannot use: unexported
	// declarations, programs, and packages below internal, cmd or examples.
	Internal bool `json:"internal,omitempty"`
	// From says whose line it is: empty for its own, else "group", "type" or
	// "package".
	From string `json:"from,omitempty"`
	// Tag is the content of the line; zero if there is none, which is also a
	// Problem.
	Tag Tag `json:"tag,omitzero"`
	// Sites are where a program calls it, of an index that [Index.Called] made.
	Sites []string `json:"sites,omitempty"`
}

// Own reports whether the API has a line of its own.
func (a API) Own() bool { return a.From == "" && !a.Tag.IsZero() }

// Name returns the import path and the symbol.
func (a API) Name() string {
	if a.Symbol == "" {
		return a.Package
	}
	return a.Package + "." + a.Symbol
}

// A Test is a Test, Fuzz or Example function with a line of its own that
// names a provision.
//
// Controls: HIPAA 164.308(a)(8), 164.316(b)(1).
type Test struct {
	TestID
	File string `json:"file"`
	Line int    `json:"-"`
	Tag  Tag    `json:"tag"`
}

// A TestID names a test function as go test does.
//
// Controls: HIPAA 164.308(a)(8).
type TestID struct {
	// Package is the import path; that of an external test package is the one
	// it tests.
	Package string `json:"package"`
	// Name is the function, without subtests.
	Name string `json:"name"`
}

// An Index is what is tagged in one source tree, sorted by package, symbol
// and file. It is plain data; concurrent reads are safe. A program that writes
// documents embeds what [Index.WriteJSON] wrote when it was built.
//
// Controls: HIPAA 164.316(b)(1).
type Index struct {
	// Module is the path in the go.mod of the root.
	Module string `json:"module"`
	APIs   []API  `json:"apis"`
	Tests  []Test `json:"tests"`
}

// A Count says how much of an Index is tagged, and how. APIs, Own, Inherited,
// None and Untagged are about exported API of importable packages, packages
// themselves included; Own, Inherited and Untagged add up to APIs.
//
// Controls: HIPAA 164.316(b)(1).
type Count struct {
	APIs, Own, Inherited, Untagged int
	// None is how many of Own and Inherited say that they serve no control.
	None int
	// Internal counts other tagged code, Tests tagged tests.
	Internal, Tests int
}

// Count counts.
func (x *Index) Count() Count {
	c := Count{Tests: len(x.Tests)}
	for _, a := range x.APIs {
		if a.Internal {
			c.Internal++
			continue
		}
		c.APIs++
		switch {
		case a.Tag.IsZero():
			c.Untagged++
		case a.Own():
			c.Own++
		default:
			c.Inherited++
		}
		if a.Tag.None != "" {
			c.None++
		}
	}
	return c
}

// Serving returns the code and the tests whose tag, own or inherited, names
// the provision.
func (x *Index) Serving(id safeguard.Control) ([]API, []Test) {
	var apis []API
	for _, a := range x.APIs {
		if a.Tag.Serves(id) {
			apis = append(apis, a)
		}
	}
	var tests []Test
	for _, t := range x.Tests {
		if t.Tag.Serves(id) {
			tests = append(tests, t)
		}
	}
	return apis, tests
}

func (x *Index) sort() {
	slices.SortFunc(x.APIs, func(a, b API) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Symbol, b.Symbol), cmp.Compare(a.File, b.File))
	})
	slices.SortFunc(x.Tests, func(a, b Test) int {
		return cmp.Or(cmp.Compare(a.Package, b.Package), cmp.Compare(a.Name, b.Name), cmp.Compare(a.File, b.File))
	})
}
