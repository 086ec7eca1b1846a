// Package phifields lists, by type information, the fields that the phi tags
// of a module's structs declare, for the inventory of a risk analysis.
//
// [Load] type-checks the packages that patterns name, tests excluded, and
// returns every field of every struct type of theirs that bears a tag, the
// unmarked ones beside it included, because those count as PHI too. A nested
// struct type of the same module lists its own fields.
//
// It reads declarations. What a field really holds, where it is stored and
// whether it is sealed there, it cannot tell.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.AM-01, ID.AM-02.
package phifields

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"

	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
)

// ErrLoad reports patterns that name nothing, packages that do not
// type-check, and tags that do not hold.
//
// Controls: none, an error about the input.
var ErrLoad = errors.New("phifields: load: not valid")

// Options say how [Load] loads. The zero value is the default for each.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A).
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

// Load returns the fields, sorted by type and path. The error wraps ErrLoad if
// the packages or their tags are at fault, and names file and line.
//
// Controls: HIPAA 164.308(a)(1)(ii)(A); NIST CSF 2.0 ID.AM-01, ID.AM-02.
func Load(ctx context.Context, opts *Options, patterns ...string) ([]risk.Field, error) {
	if opts == nil {
		opts = &Options{}
	}
	c := &packages.Config{
		Context: ctx, Dir: opts.Dir, Env: opts.Env,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo,
	}
	if len(opts.Tags) > 0 {
		c.BuildFlags = []string{"-tags=" + strings.Join(opts.Tags, ",")}
	}
	loaded, err := packages.Load(c, patterns...)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrLoad, err)
	}
	if len(loaded) == 0 {
		return nil, fmt.Errorf("%w: no package is named", ErrLoad)
	}
	fields := []risk.Field{}
	for _, p := range loaded {
		if len(p.Errors) > 0 {
			return nil, fmt.Errorf("%w: %w", ErrLoad, p.Errors[0])
		}
		found, err := declared(p)
		if err != nil {
			return nil, err
		}
		fields = append(fields, found...)
	}
	slices.SortFunc(fields, func(a, b risk.Field) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Path, b.Path)) })
	return fields, nil
}

// declared returns the fields of one package: of every struct type that is
// declared in it, in functions too.
func declared(p *packages.Package) ([]risk.Field, error) {
	var fields []risk.Field
	for _, obj := range p.TypesInfo.Defs {
		name, ok := obj.(*types.TypeName)
		if !ok || name.IsAlias() {
			continue
		}
		s, ok := name.Type().Underlying().(*types.Struct)
		if !ok {
			continue
		}
		r := &reader{pkg: p, owner: p.PkgPath + "." + name.Name()}
		if err := r.read(s, ""); err != nil {
			return nil, err
		}
		if r.bears {
			fields = append(fields, r.fields...)
		}
	}
	return fields, nil
}
