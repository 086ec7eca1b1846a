package coverage

import (
	"slices"
	"strings"
)

// A Call is an API that a program really calls, as type information has it.
//
// Controls: HIPAA 164.316(b)(1).
type Call struct {
	// Package and Symbol name the API as an [API] does, for instance
	// "Sealer.Open" for a method.
	Package string `json:"package"`
	Symbol  string `json:"symbol"`
	// Sites are where it is called, for instance "charts/open.go:41".
	Sites []string `json:"sites"`
}

// Called returns the part of x that the calls name, each API with its call
// sites, and the tests of the packages that it is in. It is for the index of
// a library: what a program does not call serves nothing in it. The second
// result are the calls that x does not have, which means that x is of another
// version than the one that is called.
//
// An API that only inherits its line is listed in documents where it is
// called. x stays as it is.
func (x *Index) Called(calls []Call) (*Index, []Call) {
	at := map[string]int{}
	for i, a := range x.APIs {
		if !a.Internal {
			at[a.Name()] = i
		}
	}
	sites := map[int][]string{}
	var unknown []Call
	for _, c := range calls {
		i, ok := at[c.Package+"."+c.Symbol]
		if !ok {
			unknown = append(unknown, c)
			continue
		}
		sites[i] = append(sites[i], c.Sites...)
	}
	return x.keep(sites), unknown
}

func (x *Index) keep(sites map[int][]string) *Index {
	kept, packages := &Index{Module: x.Module}, map[string]bool{}
	for i, a := range x.APIs {
		where, ok := sites[i]
		if !ok {
			continue
		}
		slices.SortFunc(where, compareSites)
		a.Sites = slices.Compact(where)
		if len(a.Sites) == 0 {
			a.Sites = []string{"not given"}
		}
		kept.APIs = append(kept.APIs, a)
		packages[a.Package] = true
	}
	for _, t := range x.Tests {
		if packages[t.Package] {
			kept.Tests = append(kept.Tests, t)
		}
	}
	return kept
}

// compareSites puts lines of one file in the order of their numbers.
func compareSites(a, b string) int {
	fileA, lineA, _ := strings.Cut(a, ":")
	fileB, lineB, _ := strings.Cut(b, ":")
	if fileA == fileB && len(lineA) != len(lineB) {
		return len(lineA) - len(lineB)
	}
	return strings.Compare(a, b)
}
