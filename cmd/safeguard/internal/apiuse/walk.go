package apiuse

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/packages"
)

// walker walks the files of one package.
type walker struct {
	pkg  *packages.Package
	root string
	note func(obj types.Object, symbol string, at Place)
}

func (w *walker) file(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			w.function(n)
		case *ast.CompositeLit:
			w.made(n.Pos(), w.pkg.TypesInfo.TypeOf(n))
		case *ast.CallExpr:
			w.call(n)
		}
		return true
	})
}

// function notes an identifier that stands for a function or method.
func (w *walker) function(id *ast.Ident) {
	fn, ok := w.pkg.TypesInfo.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil {
		return
	}
	fn = fn.Origin()
	symbol := fn.Name()
	if recv := fn.Signature().Recv(); recv != nil {
		owner := named(recv.Type())
		if owner == nil {
			return
		}
		symbol = owner.Obj().Name() + "." + symbol
	}
	w.note(fn, symbol, w.place(id.Pos()))
}

// call notes the type of a conversion and of new.
func (w *walker) call(c *ast.CallExpr) {
	info := w.pkg.TypesInfo
	if info.Types[c.Fun].IsType() {
		w.made(c.Pos(), info.TypeOf(c.Fun))
		return
	}
	id, ok := ast.Unparen(c.Fun).(*ast.Ident)
	if !ok || len(c.Args) != 1 {
		return
	}
	if b, ok := info.Uses[id].(*types.Builtin); ok && b.Name() == "new" {
		w.made(c.Pos(), info.TypeOf(c.Args[0]))
	}
}

// made notes a type of which a value is made.
func (w *walker) made(at token.Pos, t types.Type) {
	if owner := named(t); owner != nil && owner.Obj().Pkg() != nil {
		w.note(owner.Obj(), owner.Obj().Name(), w.place(at))
	}
}

func (w *walker) place(pos token.Pos) Place {
	at := w.pkg.Fset.Position(pos)
	return Place{File: relative(w.root, at.Filename), Line: at.Line}
}

// named returns the declared type behind aliases and one pointer, nil if there
// is none.
func named(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	n, ok := t.(*types.Named)
	if !ok {
		return nil
	}
	return n.Origin()
}
