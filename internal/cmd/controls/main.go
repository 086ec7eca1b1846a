// Controls lints the control lines of this library, with all its nested
// modules, and writes docs/controls.md, docs/controls.html and the index that
// package coverage embeds. go generate runs it in crosswalk/coverage.
//
//	go run ./internal/cmd/controls          write
//	go run ./internal/cmd/controls -check   compare only
//
// It finds the root of the module above the working directory. It writes
// nothing and exits with 1 if the lint finds a problem, each shown as
// file:line, or, with -check, if a file is not what it would write.
//
// Controls: none, a build tool.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

func main() {
	check := flag.Bool("check", false, "compare only, write nothing")
	root := flag.String("root", "", "root of the module; found above the working directory by default")
	flag.Parse()
	if err := run(*root, *check, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "controls:", err)
		os.Exit(1)
	}
}

// run lints the module at root, shows problems on w, and writes or compares
// the generated files.
func run(root string, check bool, w io.Writer) error {
	root, err := moduleRoot(root)
	if err != nil {
		return err
	}
	index, problems, err := coverage.Read(os.DirFS(root), &coverage.Options{Nested: true})
	if err != nil {
		return err
	}
	for _, p := range problems {
		fmt.Fprintln(w, p)
	}
	if len(problems) > 0 {
		return fmt.Errorf("%d problems, nothing written", len(problems))
	}
	outputs, err := generate(index)
	if err != nil {
		return err
	}
	if check {
		return compare(root, outputs)
	}
	return write(root, outputs)
}

// moduleRoot returns dir, or if it is empty the nearest directory with a
// go.mod from the working directory up.
func moduleRoot(dir string) (string, error) {
	if dir != "" {
		return dir, nil
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}

// output is a generated file.
type output struct {
	path string
	data []byte
}

func generate(index *coverage.Index) ([]output, error) {
	doc := &coverage.Document{
		Title:   "Control coverage of the Safeguard SDK",
		Service: "The library itself, from its own source. A service that uses it makes its own document, with its own tags and reports.",
		Indexes: []*coverage.Index{index},
	}
	var outputs []output
	for _, o := range []struct {
		path  string
		write func(io.Writer) error
	}{
		{"docs/controls.md", doc.WriteMarkdown},
		{"docs/controls.html", doc.WriteHTML},
		{"crosswalk/coverage/index.json", index.WriteJSON},
	} {
		var b bytes.Buffer
		if err := o.write(&b); err != nil {
			return nil, err
		}
		outputs = append(outputs, output{filepath.FromSlash(o.path), b.Bytes()})
	}
	return outputs, nil
}

func compare(root string, outputs []output) error {
	var errs []error
	for _, o := range outputs {
		old, err := os.ReadFile(filepath.Join(root, o.path))
		if err != nil || !bytes.Equal(old, o.data) {
			errs = append(errs, fmt.Errorf("%s is not current; go generate renews it", filepath.ToSlash(o.path)))
		}
	}
	return errors.Join(errs...)
}

// write replaces each file as a whole, so that an interrupted run leaves the
// old or the new one.
func write(root string, outputs []output) error {
	for _, o := range outputs {
		path := filepath.Join(root, o.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path+".tmp", o.data, 0o644); err != nil {
			return err
		}
		if err := os.Rename(path+".tmp", path); err != nil {
			return errors.Join(err, os.Remove(path+".tmp"))
		}
	}
	return nil
}
