package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard/cmd/safeguard/internal/output"
)

// outputs are the flags of a command that writes documents.
type outputs struct {
	Out    []string `short:"o" sep:"none" placeholder:"FILE" help:"Write to FILE, in the format of its name's ending; may be given several times. Default, or -: standard output."`
	Check  bool     `help:"Write nothing; exit 1 if a file is not what would be written. For CI."`
	Format string   `placeholder:"FORMAT" help:"Format of standard output, and of files whose name has no ending."`
}

// format is one way to write a document.
type format struct {
	name  string // what --format calls it, and the ending of a file
	write func(io.Writer) error
}

// write renders every document, and then writes all files or none. The first
// format is the default. inputs are files that must not be replaced.
func (o outputs) write(e *env, inputs []string, formats ...format) error {
	if err := o.check(formats); err != nil {
		return err
	}
	if o.Check {
		return o.compare(formats)
	}
	batch := output.Batch{Inputs: inputs}
	defer batch.Discard()
	var screen bytes.Buffer
	for _, path := range o.paths() {
		f, err := o.choose(path, formats)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := f.write(&b); err != nil {
			return err
		}
		if path == "-" {
			screen.Write(b.Bytes())
		} else if err := batch.Add(path, b.Bytes()); err != nil {
			return err
		}
	}
	if err := e.ctx.Err(); err != nil {
		return err
	}
	if err := batch.Commit(); err != nil {
		return err
	}
	_, err := e.out.Write(screen.Bytes())
	return err
}

// paths are where to write, standard output by default.
func (o outputs) paths() []string {
	if len(o.Out) == 0 {
		return []string{"-"}
	}
	return o.Out
}

// check refuses formats that do not exist. A command that works long calls it
// before the work.
func (o outputs) check(formats []format) error {
	if o.Check && (len(o.Out) == 0 || slices.Contains(o.Out, "-")) {
		return refused(errors.New("--check compares files: name them with -o"))
	}
	for _, path := range o.paths() {
		if _, err := o.choose(path, formats); err != nil {
			return err
		}
	}
	return nil
}

// compare renders every document and says which files are not the same.
func (o outputs) compare(formats []format) error {
	var old []string
	for _, path := range o.Out {
		f, err := o.choose(path, formats)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := f.write(&b); err != nil {
			return err
		}
		if !current(path, b.Bytes()) {
			old = append(old, path)
		}
	}
	if len(old) > 0 {
		return findings("not current: %s", strings.Join(old, ", "))
	}
	return nil
}

// current reports whether a file is there and holds what would be written.
func current(path string, want []byte) bool {
	if regular(path) != nil {
		return false
	}
	have, err := os.ReadFile(path)
	return err == nil && bytes.Equal(have, want)
}

// choose returns the format for a path: that of its ending, else that of the
// flag, else the default.
func (o outputs) choose(path string, formats []format) (format, error) {
	var names []string
	for _, f := range formats {
		names = append(names, f.name)
	}
	name := strings.TrimPrefix(filepath.Ext(path), ".")
	if path == "-" || name == "" {
		name = o.Format
	}
	if name == "" {
		return formats[0], nil
	}
	i := slices.Index(names, name)
	if i < 0 {
		return format{}, refused(fmt.Errorf("%s: there is no format %q here; choose from %s", path, name, strings.Join(names, ", ")))
	}
	return formats[i], nil
}
