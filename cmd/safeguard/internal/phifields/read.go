package phifields

import (
	"fmt"
	"go/types"

	"golang.org/x/tools/go/packages"

	"github.com/safeguard-sdk/safeguard/crosswalk/risk"
	"github.com/safeguard-sdk/safeguard/internal/phitag"
)

// reader reads one declared struct type.
type reader struct {
	pkg    *packages.Package
	owner  string
	fields []risk.Field
	bears  bool // it, or a struct that it leads to, has a tag other than "-"
}

// read notes the fields of s; prefix leads to it through unnamed structs.
func (r *reader) read(s *types.Struct, prefix string) error {
	for i := range s.NumFields() {
		if err := r.field(s.Field(i), s.Tag(i), prefix); err != nil {
			return err
		}
	}
	return nil
}

func (r *reader) field(f *types.Var, text, prefix string) error {
	path := prefix + f.Name()
	tag, has, err := phitag.Find(text)
	if err != nil {
		return fmt.Errorf("%w: %s: %s.%s: %w", ErrLoad, r.pkg.Fset.Position(f.Pos()), r.owner, path, err)
	}
	if has {
		r.add(path, tag)
		return nil
	}
	below, suffix := elem(f.Type())
	if inner, ok := below.(*types.Struct); ok {
		return r.read(inner, path+suffix+".")
	}
	if bearing(below, map[types.Type]bool{}) {
		r.bears = true // its fields are listed with its own type
		return nil
	}
	r.fields = append(r.fields, risk.Field{Type: r.owner, Path: path, Kind: phitag.Unmarked.String()})
	return nil
}

// add notes a tagged field; one that is declared to be no PHI is left out.
func (r *reader) add(path string, tag phitag.Tag) {
	if tag.Kind == phitag.NotPHI {
		return
	}
	r.bears = true
	r.fields = append(r.fields, risk.Field{
		Type: r.owner, Path: path, Kind: tag.Kind.String(), Group: tag.Group, Adjacent: tag.Adjacent, Limited: tag.Limited,
	})
}

// elem follows pointers, slices, arrays and maps, and returns how a path says
// so. The result is a declared type, an unnamed struct or something else.
func elem(t types.Type) (below types.Type, suffix string) {
	for {
		switch u := types.Unalias(t).(type) {
		case *types.Pointer:
			t = u.Elem()
		case *types.Slice:
			t, suffix = u.Elem(), suffix+"[]"
		case *types.Array:
			t, suffix = u.Elem(), suffix+"[]"
		case *types.Map:
			t, suffix = u.Elem(), suffix+"[]"
		default:
			return u, suffix
		}
	}
}

// bearing reports whether t is a struct type that, or below which one, has a
// tag other than "-".
func bearing(t types.Type, seen map[types.Type]bool) bool {
	s, ok := t.Underlying().(*types.Struct)
	if !ok || seen[t] {
		return false
	}
	seen[t] = true
	for i := range s.NumFields() {
		tag, has, err := phitag.Find(s.Tag(i))
		if err != nil || has && tag.Kind != phitag.NotPHI {
			return true
		}
		below, _ := elem(s.Field(i).Type())
		if !has && bearing(below, seen) {
			return true
		}
	}
	return false
}
