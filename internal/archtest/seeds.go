package archtest

import (
	"go/ast"
	"os"
	"path/filepath"
	"strings"
)

// Seeds returns a finding for every fuzz target that starts from nothing: no
// call of f.Add in its body, and no file in testdata/fuzz of its package. It
// also returns how many targets there are, so that a caller can refuse a tree
// in which it found none.
func (t *Tree) Seeds() (findings []string, targets int) {
	for _, p := range t.Packages {
		for _, f := range p.Files {
			for _, d := range f.Syntax.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if !ok || !f.Test || !isFuzz(fn) {
					continue
				}
				targets++
				if !adds(fn) && !t.corpus(p.Dir, fn.Name.Name) {
					findings = append(findings, t.at(fn, "%s has no seed", fn.Name.Name))
				}
			}
		}
	}
	return findings, targets
}

// isFuzz recognises func FuzzX(f *testing.F).
func isFuzz(fn *ast.FuncDecl) bool {
	if fn.Recv != nil || !strings.HasPrefix(fn.Name.Name, "Fuzz") || len(fn.Type.Params.List) != 1 {
		return false
	}
	star, ok := fn.Type.Params.List[0].Type.(*ast.StarExpr)
	if !ok {
		return false
	}
	sel, ok := star.X.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "F"
}

func adds(fn *ast.FuncDecl) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Add" {
			found = true
		}
		return !found
	})
	return found
}

func (t *Tree) corpus(dir, target string) bool {
	entries, err := os.ReadDir(filepath.Join(t.root, filepath.FromSlash(dir), "testdata", "fuzz", target))
	return err == nil && len(entries) > 0
}
