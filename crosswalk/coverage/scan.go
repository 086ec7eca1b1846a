package coverage

import (
	"go/ast"
	"go/token"
	"strings"
)

// pkg is one Go package while it is scanned: the files of one directory with
// one package clause, tests included.
type pkg struct {
	path    string // import path
	name    string
	program bool // nothing in it can be imported by other modules
	fset    *token.FileSet
	sink    *result

	doc   *API            // the package itself
	types map[string]*API // by name, exported or not
	read  map[*ast.CommentGroup]bool
}

// result collects what all packages give.
type result struct {
	apis     []*API
	tests    []Test
	problems []Problem
}

type file struct {
	name string // below the root, with slashes
	ast  *ast.File
	test bool
}

// scan reads all files of a package: the package docs first, then types, then
// the rest, because each inherits from what comes before.
func (p *pkg) scan(files []file) {
	p.types, p.read = map[string]*API{}, map[*ast.CommentGroup]bool{}
	for _, f := range files {
		p.packageDoc(f)
	}
	for _, pass := range []func(file, ast.Decl){p.typeDecl, p.otherDecl} {
		for _, f := range files {
			for _, d := range f.ast.Decls {
				pass(f, d)
			}
		}
	}
	for _, f := range files {
		p.leftovers(f)
	}
}

// own reads the control line of a doc comment and reports what is wrong with
// it. The second result is false if there is no line at all; a wrong line
// counts as one, so that it is reported once.
func (p *pkg) own(f file, symbol string, doc *ast.CommentGroup) (Tag, bool) {
	if doc == nil {
		return Tag{}, false
	}
	p.read[doc] = true
	got := readTag(p.fset, doc)
	if got == nil {
		return Tag{}, false
	}
	if got.err != nil {
		p.problem(f, got.line, symbol, got.err.Kind, got.err.Text)
	}
	return got.tag, true
}

func (p *pkg) problem(f file, line int, symbol string, kind ProblemKind, text string) {
	p.sink.problems = append(p.sink.problems, Problem{File: f.name, Line: line, Symbol: symbol, Kind: kind, Text: text})
}

func (p *pkg) packageDoc(f file) {
	if f.test {
		return
	}
	tag, ok := p.own(f, "package", f.ast.Doc)
	line := p.fset.Position(f.ast.Package).Line
	switch {
	case p.doc == nil:
		p.doc = &API{Package: p.path, Kind: PackageKind, File: f.name, Line: line, Internal: p.program, Tag: tag}
	case !ok:
	case p.doc.Tag.IsZero():
		p.doc.File, p.doc.Line, p.doc.Tag = f.name, line, tag
	case !p.doc.Tag.Equal(tag):
		p.problem(f, line, "package", Conflict, "another file of the package says otherwise")
	}
}

// level is what a declaration inherits from, nearest first.
type level struct {
	from string
	tag  Tag
	ok   bool
}

// What a line is inherited from.
const (
	fromGroup   = "group"
	fromType    = "type"
	fromPackage = "package"
)

// add notes one declaration. Its tag is its own, else the nearest inherited
// one. Internal code is noted only if it has a line of its own.
func (p *pkg) add(f file, pos token.Pos, kind Kind, symbol string, internal bool, levels ...level) *API {
	a := &API{Package: p.path, Symbol: symbol, Kind: kind, File: f.name, Line: p.fset.Position(pos).Line, Internal: internal || p.program}
	levels = append(levels, level{fromPackage, p.packageTag(), true})
	for _, l := range levels {
		if l.ok && (l.from == "" || !l.tag.IsZero()) {
			a.From, a.Tag = l.from, l.tag
			break
		}
	}
	if a.Internal && (a.From != "" || a.Tag.HIPAA == nil) {
		return a
	}
	p.sink.apis = append(p.sink.apis, a)
	return a
}

func (p *pkg) packageTag() Tag {
	if p.doc == nil {
		return Tag{}
	}
	return p.doc.Tag
}

func (p *pkg) typeDecl(f file, d ast.Decl) {
	g, ok := d.(*ast.GenDecl)
	if !ok || g.Tok != token.TYPE || f.test {
		return
	}
	for _, s := range g.Specs {
		spec := s.(*ast.TypeSpec)
		own, group := p.specLevels(f, g, spec.Name.Name, spec.Doc)
		a := p.add(f, spec.Pos(), TypeKind, spec.Name.Name, !spec.Name.IsExported(), own, group)
		p.types[spec.Name.Name] = a
		if iface, ok := spec.Type.(*ast.InterfaceType); ok {
			p.interfaceMethods(f, spec.Name, iface)
		}
	}
}

// specLevels reads the doc of one specification and of the group around it.
// Without parentheses the doc belongs to the specification.
func (p *pkg) specLevels(f file, g *ast.GenDecl, symbol string, doc *ast.CommentGroup) (own, group level) {
	if !g.Lparen.IsValid() {
		tag, ok := p.own(f, symbol, g.Doc)
		return level{"", tag, ok}, level{}
	}
	tag, ok := p.own(f, symbol, doc)
	own = level{"", tag, ok}
	if g.Doc == nil {
		return own, level{}
	}
	groupTag := Tag{}
	if got := readTag(p.fset, g.Doc); got != nil {
		groupTag = got.tag
		if got.err != nil && !p.read[g.Doc] {
			p.problem(f, got.line, symbol, got.err.Kind, got.err.Text)
		}
	}
	p.read[g.Doc] = true
	return own, level{fromGroup, groupTag, true}
}

func (p *pkg) interfaceMethods(f file, name *ast.Ident, iface *ast.InterfaceType) {
	for _, m := range iface.Methods.List {
		for _, n := range m.Names {
			p.method(f, n, name.Name, m.Doc)
		}
	}
}

func (p *pkg) method(f file, n *ast.Ident, recv string, doc *ast.CommentGroup) {
	tag, ok := p.own(f, recv+"."+n.Name, doc)
	inherited := level{}
	if t := p.types[recv]; t != nil {
		inherited = level{fromType, t.Tag, true}
	}
	internal := !n.IsExported() || !ast.IsExported(recv)
	p.add(f, n.Pos(), MethodKind, recv+"."+n.Name, internal, level{"", tag, ok}, inherited)
}

func (p *pkg) otherDecl(f file, d ast.Decl) {
	switch d := d.(type) {
	case *ast.FuncDecl:
		p.funcDecl(f, d)
	case *ast.GenDecl:
		if !f.test && (d.Tok == token.CONST || d.Tok == token.VAR) {
			p.valueDecl(f, d)
		}
	}
}

func (p *pkg) valueDecl(f file, g *ast.GenDecl) {
	kind := ConstKind
	if g.Tok == token.VAR {
		kind = VarKind
	}
	for _, s := range g.Specs {
		spec := s.(*ast.ValueSpec)
		own, group := p.specLevels(f, g, spec.Names[0].Name, spec.Doc)
		for _, n := range spec.Names {
			if n.Name != "_" {
				p.add(f, n.Pos(), kind, n.Name, !n.IsExported(), own, group)
			}
		}
	}
}

func (p *pkg) funcDecl(f file, d *ast.FuncDecl) {
	switch {
	case f.test:
		p.testFunc(f, d)
	case d.Recv != nil && len(d.Recv.List) == 1:
		p.method(f, d.Name, receiver(d.Recv.List[0].Type), d.Doc)
	default:
		tag, ok := p.own(f, d.Name.Name, d.Doc)
		p.add(f, d.Name.Pos(), FuncKind, d.Name.Name, !d.Name.IsExported(), level{"", tag, ok})
	}
}

// receiver returns the name of a receiver's type.
func receiver(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return receiver(e.X)
	case *ast.ParenExpr:
		return receiver(e.X)
	case *ast.IndexExpr:
		return receiver(e.X)
	case *ast.IndexListExpr:
		return receiver(e.X)
	}
	return ""
}

// testFunc notes a tagged Test, Fuzz or Example function. A benchmark may
// have a line but proves nothing.
func (p *pkg) testFunc(f file, d *ast.FuncDecl) {
	name := d.Name.Name
	if d.Recv != nil || !isTest(name, "Test", "Fuzz", "Example", "Benchmark") {
		return
	}
	tag, _ := p.own(f, name, d.Doc)
	if len(tag.HIPAA) == 0 || isTest(name, "Benchmark") {
		return
	}
	id := TestID{Package: p.path, Name: name}
	p.sink.tests = append(p.sink.tests, Test{TestID: id, File: f.name, Line: p.fset.Position(d.Name.Pos()).Line, Tag: tag})
}

// isTest follows go test: what comes after the prefix must not begin with a
// lower-case letter.
func isTest(name string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if rest, ok := strings.CutPrefix(name, prefix); ok && (rest == "" || rest[0] < 'a' || rest[0] > 'z') {
			return true
		}
	}
	return false
}

// leftovers reports control lines in comments that document nothing: after an
// empty line, inside a function, behind a value, on a field.
func (p *pkg) leftovers(f file) {
	for _, cg := range f.ast.Comments {
		if p.read[cg] {
			continue
		}
		for _, l := range docLines(p.fset, cg) {
			if l.matches(detached) {
				p.problem(f, l.line, "", Detached, "this control line is in the doc comment of nothing that can have one")
			}
		}
	}
}
