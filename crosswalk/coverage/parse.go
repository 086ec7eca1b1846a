package coverage

import (
	"bytes"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"io"
	"io/fs"
	"path"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// parse parses the files, as many at a time as there are processors, which is
// where nearly all the time goes. The result does not depend on who is first.
func (r *reader) parse() error {
	parsed := make([]parsed, len(r.files))
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(runtime.GOMAXPROCS(0), len(r.files)) {
		wg.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(r.files)); i = next.Add(1) - 1 {
				parsed[i] = r.parseFile(r.files[i])
			}
		})
	}
	wg.Wait()
	for i, p := range parsed {
		if p.err != nil {
			return p.err
		}
		r.add(r.files[i], p)
	}
	return nil
}

// parsed is a file, or what is wrong with it: err ends the reading, syntax is
// a problem of the file.
type parsed struct {
	ast         *ast.File
	err, syntax error
}

func (r *reader) parseFile(name string) (p parsed) {
	src, err := readFile(r.fsys, name)
	if err != nil {
		return parsed{err: err}
	}
	const mode = parser.ParseComments | parser.SkipObjectResolution
	if p.ast, p.syntax = parser.ParseFile(r.fset, name, skim(src), mode); p.syntax != nil {
		p.ast, p.syntax = parser.ParseFile(r.fset, name, src, mode)
	}
	return p
}

func (r *reader) add(name string, p parsed) {
	if p.syntax != nil {
		r.out.problems = append(r.out.problems, Problem{File: name, Line: 1, Kind: Unreadable, Text: "not readable as Go: " + p.syntax.Error()})
		return
	}
	dir := path.Dir(name)
	r.dirs[dir] = append(r.dirs[dir], file{name: name, ast: p.ast, test: strings.HasSuffix(name, "_test.go")})
}

func readFile(fsys fs.FS, name string) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var b bytes.Buffer
	if info, err := f.Stat(); err == nil {
		b.Grow(int(min(info.Size(), maxSize)) + bytes.MinRead)
	}
	n, err := b.ReadFrom(io.LimitReader(f, maxSize+1))
	if err == nil && n > maxSize {
		return nil, fmt.Errorf("%s: larger than %d bytes: %w", show(name), maxSize, ErrModule)
	}
	return b.Bytes(), err
}

// modulePath reads the module line of a go.mod.
func modulePath(fsys fs.FS, dir string) (string, error) {
	b, err := readFile(fsys, path.Join(dir, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("coverage: read: %s: %w", show(path.Join(dir, "go.mod")), errors.Join(ErrModule, err))
	}
	for line := range bytes.Lines(b) {
		text, _, _ := strings.Cut(string(line), "//")
		fields := strings.Fields(text)
		if len(fields) != 2 || fields[0] != "module" {
			continue
		}
		if unquoted, err := strconv.Unquote(fields[1]); err == nil {
			return unquoted, nil
		}
		return fields[1], nil
	}
	return "", fmt.Errorf("coverage: read: %s: no module line: %w", show(path.Join(dir, "go.mod")), ErrModule)
}
