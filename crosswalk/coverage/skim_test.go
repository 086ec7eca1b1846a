package coverage_test

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// outline is what counts of a file: its declarations with their docs and
// lines, and every comment that speaks of controls.
func outline(src []byte) (string, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "x.go", src, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	note := func(what string, pos token.Pos, doc *ast.CommentGroup) {
		fmt.Fprintf(&b, "%s:%d %q\n", what, fset.Position(pos).Line, doc.Text())
	}
	note(f.Name.Name, f.Package, f.Doc)
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			note("func "+d.Name.Name, d.Name.Pos(), d.Doc)
		case *ast.GenDecl:
			note(d.Tok.String(), d.Pos(), d.Doc)
			ast.Inspect(d, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ValueSpec:
					note(n.Names[0].Name, n.Pos(), n.Doc)
				case *ast.TypeSpec:
					note(n.Name.Name, n.Pos(), n.Doc)
				case *ast.Field:
					note("field", n.Pos(), n.Doc)
				case *ast.FuncLit:
					return false
				}
				return true
			})
		}
	}
	for _, cg := range f.Comments {
		for _, c := range cg.List {
			if strings.Contains(strings.ToLower(c.Text), "control") {
				fmt.Fprintf(&b, "comment:%d %q\n", fset.Position(c.Pos()).Line, c.Text)
			}
		}
	}
	return b.String(), nil
}

// sameOutline requires that leaving bodies out changes nothing that counts, or
// is a syntax error, after which the file is parsed whole.
func sameOutline(t *testing.T, name string, src []byte) (skimmed bool) {
	t.Helper()
	want, err := outline(src)
	if err != nil {
		return false
	}
	short := coverage.Skim(src)
	require.Equal(t, bytes.Count(src, []byte("\n")), bytes.Count(short, []byte("\n")), name)
	got, err := outline(short)
	if err != nil {
		return false
	}
	require.Equal(t, want, got, name)
	return !bytes.Equal(src, short)
}

// Of every file of this module, nothing is lost and most is left out.
func TestSkimThisModule(t *testing.T) {
	files, skimmed := 0, 0
	require.NoError(t, fs.WalkDir(os.DirFS("../.."), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		src, err := os.ReadFile("../../" + name)
		require.NoError(t, err)
		files++
		if sameOutline(t, name, src) {
			skimmed++
		}
		return nil
	}))
	require.Greater(t, skimmed, files/2)
}

// traps are files in which a body ends where it does not seem to.
var traps = []string{
	"package p\n\nvar s = []string{`\nfunc x() {\n\tfoo`,\n}\n\n// F is.\nfunc F() {}\n\nvar t = []string{ // `,\n}\n",
	"package p\n\nfunc f() {\n\tx() /*\n}\n\n// G is.\nfunc G() {\n// */\n}\n",
	"package p\n\nvar v = T{ /*\nfunc x() {\n\ta */ 1,\n}\n\n// F is.\nfunc F() {}\n\nvar w = T{ // */ 2,\n}\n",
	"package p\n\nvar s = []string{`\nfunc x() {\n\tfoo`,\n}\n\n// F is.\nfunc F() {}\n\nvar t = `x`\n",
	"package p\n\nfunc f() {\n\t/*\n}\n\t*/\n}\n\n// G is.\nfunc G() {}\n",
	"package p\n\n/*\nfunc x() {\n\ta\n}\n*/\n\nfunc G() {}\n",
	"package p\n\nfunc f() { x() }\nfunc g() {\n\ty() }\nfunc H() {\n\tz()\n}\n",
	"package p\n\nfunc f() {\n\tif x {\n}\n\ty()\n}\n\nfunc G() {}\n",
	"package p\n\nfunc f() interface {\n\tA()\n} {\n\treturn nil\n}\n",
	"package p\n\nfunc f() {\nloop:\n\tfor {\n\t\tbreak loop\n\t}\n}\n\nfunc G() {}\n",
	"package p\n\nfunc f() {\n\t// Controls: HIPAA 164.312(b).\n\tx()\n}\n",
	"package p\n\nfunc f() {\n\t// cONTROLS; HIPAA 164.312(b).\n}\n",
	"package p\r\n\r\nfunc f() {\r\n\tx()\r\n}\r\n\r\nfunc G() {}\r\n",
	"package p\n\nfunc f() {\n\tx()\n} // Controls: HIPAA 164.312(b).\n",
	"package p\n\nvar f = func() {\n\tx()\n}\n\nfunc F[T any](\n\ta T,\n) {\n\tx()\n}\n",
	"package p\n\nfunc f() {\n\tx(\"}\")\n}",
	"package p\n\nfunc f() {\n\tx()\n",
	"package p\n\nfunc f() {\n\tx('`')\n}\nfunc g() {\n\tx('`')\n}\n",
}

func TestSkimTraps(t *testing.T) {
	for _, src := range traps {
		sameOutline(t, src, []byte(src))
	}
	require.True(t, sameOutline(t, "gofmt", []byte("package p\n\nfunc f() {\n\tx()\n}\n\n// G is.\nfunc G() {\n\ty()\n}\n")))
}

// No source, however it is written, reads differently.
//
// Controls: HIPAA 164.316(b)(1).
func FuzzSkim(f *testing.F) {
	for _, src := range traps {
		f.Add(src)
	}
	f.Add(whole)
	f.Fuzz(func(t *testing.T, src string) { sameOutline(t, src, []byte(src)) })
}
