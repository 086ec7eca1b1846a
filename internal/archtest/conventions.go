package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"strconv"
	"strings"
)

// maxLines is the longest file that is still one concept.
const maxLines = 500

// Conventions returns a finding for every breach of the house rules that
// syntax shows:
//
//   - no file over 500 lines (generated ones excepted)
//   - no init function
//   - no exported package variable other than an error (ErrX), and no lock,
//     atomic or channel as a package variable
//   - library code prints nothing, logs nothing of its own, never ends the
//     process, and panics only to abort a response (http.ErrAbortHandler)
//   - time.Sleep only where testing/synctest makes it virtual
//
// Programs (package main) may print and exit; nothing else is excepted.
func (t *Tree) Conventions() []string {
	var findings []string
	for _, p := range t.Packages {
		for _, f := range p.Files {
			if f.Lines > maxLines && !f.Generated {
				findings = append(findings, fmt.Sprintf("%s: %d lines, at most %d", f.Name, f.Lines, maxLines))
			}
			findings = append(findings, t.declarations(f)...)
			findings = append(findings, t.calls(f, !f.Test && !p.Program())...)
		}
	}
	return findings
}

func (t *Tree) declarations(f *File) []string {
	var findings []string
	for _, d := range f.Syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				findings = append(findings, t.at(d, "no init function"))
			}
		case *ast.GenDecl:
			if d.Tok == token.VAR && !f.Test {
				findings = append(findings, t.variables(d)...)
			}
		}
	}
	return findings
}

func (t *Tree) variables(d *ast.GenDecl) []string {
	var findings []string
	for _, s := range d.Specs {
		spec, ok := s.(*ast.ValueSpec)
		if !ok {
			continue
		}
		for _, name := range spec.Names {
			if name.IsExported() && !strings.HasPrefix(name.Name, "Err") {
				findings = append(findings, t.at(name, "exported variable %s can be changed by anybody", name.Name))
			}
		}
		if holdsState(spec) {
			findings = append(findings, t.at(spec, "package variable %s holds state", spec.Names[0].Name))
		}
	}
	return findings
}

// stateful are the types of package sync that guard or hold state; a lazily
// read table (sync.OnceValue) and a sync.Pool are neither.
var stateful = map[string]bool{"Mutex": true, "RWMutex": true, "Map": true, "WaitGroup": true, "Cond": true}

func holdsState(spec *ast.ValueSpec) bool {
	exprs := append([]ast.Expr{spec.Type}, spec.Values...)
	for _, e := range exprs {
		switch e := e.(type) {
		case *ast.ChanType:
			return true
		case *ast.CallExpr:
			if isMakeChan(e) {
				return true
			}
		case *ast.CompositeLit:
			if statefulType(e.Type) {
				return true
			}
		default:
			if statefulType(e) {
				return true
			}
		}
	}
	return false
}

func isMakeChan(call *ast.CallExpr) bool {
	name, ok := call.Fun.(*ast.Ident)
	if !ok || name.Name != "make" || len(call.Args) == 0 {
		return false
	}
	_, ok = call.Args[0].(*ast.ChanType)
	return ok
}

func statefulType(e ast.Expr) bool {
	if generic, ok := e.(*ast.IndexExpr); ok { // atomic.Pointer[T]
		e = generic.X
	}
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	pkg, ok := sel.X.(*ast.Ident)
	return ok && (pkg.Name == "sync" && stateful[sel.Sel.Name] || pkg.Name == "atomic")
}

// calls finds the calls that a file may not make. library says that the file
// is neither a test nor part of a program.
func (t *Tree) calls(f *File, library bool) []string {
	imports := importNames(f.Syntax)
	var findings []string
	ast.Inspect(f.Syntax, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if why := forbidden(call, imports, library); why != "" {
			findings = append(findings, t.at(call, "%s", why))
		}
		return true
	})
	return findings
}

func forbidden(call *ast.CallExpr, imports map[string]string, library bool) string {
	if name, ok := call.Fun.(*ast.Ident); ok {
		if library && name.Name == "panic" && !abortsHandler(call, imports) {
			return "library code does not panic"
		}
		if library && (name.Name == "print" || name.Name == "println") {
			return "library code prints nothing"
		}
		return ""
	}
	pkg, name := qualified(call.Fun, imports)
	switch {
	case pkg == "time" && name == "Sleep" && !imported(imports, "testing/synctest"):
		return "time.Sleep outside testing/synctest waits for real"
	case !library:
		return ""
	case pkg == "fmt" && strings.HasPrefix(name, "Print"):
		return "library code prints nothing"
	case pkg == "log" && name != "New", pkg == "log/slog" && logsByItself[name]:
		return "library code logs nothing of its own"
	case pkg == "os" && name == "Exit":
		return "library code does not end the process"
	}
	return ""
}

// logsByItself are the functions of log/slog that write to the default logger.
var logsByItself = map[string]bool{
	"Default": true, "Debug": true, "DebugContext": true, "Info": true, "InfoContext": true,
	"Warn": true, "WarnContext": true, "Error": true, "ErrorContext": true, "Log": true, "LogAttrs": true,
}

// abortsHandler recognises panic(http.ErrAbortHandler), which is how net/http
// is told to cut a response short without a word.
func abortsHandler(call *ast.CallExpr, imports map[string]string) bool {
	if len(call.Args) != 1 {
		return false
	}
	pkg, name := qualified(call.Args[0], imports)
	return pkg == "net/http" && name == "ErrAbortHandler"
}

// qualified splits pkg.Name into an import path and a name.
func qualified(e ast.Expr, imports map[string]string) (pkg, name string) {
	sel, ok := e.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	x, ok := sel.X.(*ast.Ident)
	if !ok {
		return "", ""
	}
	return imports[x.Name], sel.Sel.Name
}

// importNames maps the name that a file calls an import by to its path.
func importNames(f *ast.File) map[string]string {
	names := make(map[string]string)
	for _, spec := range f.Imports {
		p, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			continue
		}
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		names[name] = p
	}
	return names
}

func imported(imports map[string]string, path string) bool {
	for _, p := range imports {
		if p == path {
			return true
		}
	}
	return false
}
