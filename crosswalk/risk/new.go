package risk

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Options are the choices of [New]. The zero value is the default for each.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A).
type Options struct {
	// Fields are those of a program, as its phi tags declare them. Each Go
	// package of theirs becomes an asset. Default: an empty inventory.
	Fields []Field
}

// New returns the draft of a first register. What it cannot know, it leaves
// open: owners, flows, everything that is not source code, and every risk. The
// error is an *[Error].
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.AM-02.
func New(organisation string, date Date, opts *Options) (*Register, error) {
	if opts == nil {
		opts = &Options{}
	}
	r := &Register{Organisation: organisation, Version: 1, Date: date, Status: Draft, Assets: assets(opts.Fields)}
	if err := r.Validate(); err != nil {
		return nil, err
	}
	return r, nil
}

// assets groups fields by package, in the order of paths.
func assets(fs []Field) []Asset {
	byPackage := map[string][]Field{}
	for _, f := range fs {
		p := packageOf(f.Type)
		byPackage[p] = append(byPackage[p], f)
	}
	var all []Asset
	for p, fs := range byPackage {
		slices.SortStableFunc(fs, compareFields)
		all = append(all, Asset{Name: p, Kind: Application, Fields: fs})
	}
	slices.SortFunc(all, func(a, b Asset) int { return cmp.Compare(a.Name, b.Name) })
	seen := map[string]bool{}
	for i := range all {
		all[i].ID = newID(all[i].Name, seen)
	}
	return all
}

// packageOf returns the import path in the name of a Go type.
func packageOf(typ string) string {
	plain, _, _ := strings.Cut(typ, "[") // type arguments have paths of their own
	dot := strings.LastIndexByte(plain, '.')
	if dot < strings.LastIndexByte(plain, '/') || dot < 0 {
		return plain
	}
	return plain[:dot]
}

// newID makes an id of a path that no other asset has.
func newID(path string, seen map[string]bool) string {
	const room = 58 // what is left of 64 bytes before a number
	id := strings.Map(func(c rune) rune {
		if c < 0x80 && isID(string(c)) {
			return c
		}
		return '.'
	}, path)
	if len(id) > room {
		id = id[len(id)-room:]
	}
	unique := id
	for n := 2; seen[unique]; n++ {
		unique = fmt.Sprintf("%s-%d", id, n)
	}
	seen[unique] = true
	return unique
}
