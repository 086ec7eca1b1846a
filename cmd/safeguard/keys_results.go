package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// results are the flags of a keys command that writes documents. A file must
// not be there yet: among what is there are keys.
type results struct {
	Out    []string `short:"o" sep:"none" placeholder:"FILE" help:"Write to FILE, in the format of its name's ending; may be given several times. One that is there is refused. Default, or -: standard output."`
	Format string   `placeholder:"FORMAT" help:"Format of standard output, and of files whose name has no ending."`
}

// write renders documents and writes them.
func (r results) write(e *env, formats ...format) error {
	to, err := r.open(formats...)
	if err != nil {
		return err
	}
	defer to.discard()
	return to.write(e, formats...)
}

// A sheaf is files that are made and not in their place yet, so that what can
// be refused is refused before a command acts.
type sheaf struct {
	outputs
	staged []*stagedFile
}

type stagedFile struct {
	*os.File
	path string
	kept bool
}

// open makes the files. Of the formats only the names count.
func (r results) open(formats ...format) (*sheaf, error) {
	s := &sheaf{outputs: outputs{Out: r.Out, Format: r.Format}}
	if err := s.outputs.check(formats); err != nil {
		return nil, err
	}
	for i, path := range s.paths() {
		if path == "-" {
			continue
		}
		if err := s.stage(path, s.Out[:i]); err != nil {
			s.discard()
			return nil, err
		}
	}
	return s, nil
}

func (s *sheaf) stage(path string, before []string) error {
	switch _, err := os.Lstat(path); {
	case err == nil || slices.Contains(before, path):
		return refused(fmt.Errorf("%s: is there already", path))
	case !errors.Is(err, fs.ErrNotExist):
		return refused(err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".safeguard-*.tmp")
	if err != nil {
		return refused(fmt.Errorf("%s: cannot be written: %w", path, err))
	}
	s.staged = append(s.staged, &stagedFile{File: f, path: path})
	return nil
}

// write renders every document and puts the files in their place. A file that
// cannot be put there is kept where it is.
func (s *sheaf) write(e *env, formats ...format) error {
	var failed error
	for _, path := range s.paths() {
		f, err := s.choose(path, formats)
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err = f.write(&b); err != nil {
			return err
		}
		if path == "-" {
			_, err = e.out.Write(b.Bytes())
		} else {
			i := slices.IndexFunc(s.staged, func(f *stagedFile) bool { return f.path == path })
			err = s.staged[i].put(b.Bytes())
		}
		failed = errors.Join(failed, err)
	}
	return failed
}

// put writes the file and links it into its place, which fails if one is there.
func (f *stagedFile) put(b []byte) error {
	_, err := f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Link(f.Name(), f.path)
	}
	if err != nil {
		f.kept = true
		return &exitError{exitFailed, fmt.Errorf("%s: was not written and may be in %s: %w", f.path, f.Name(), err)}
	}
	return nil
}

// discard removes what is not needed any more.
func (s *sheaf) discard() {
	for _, f := range s.staged {
		if f.kept {
			continue
		}
		_ = f.Close() // a second time where it was written
		_ = os.Remove(f.Name())
	}
}
