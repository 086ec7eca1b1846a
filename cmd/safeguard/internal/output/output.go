// Package output writes the files that a command promises: each whole or not
// at all.
//
// A [Batch] takes files one after the other. Each goes into a new file beside
// its destination, is synced, and nothing is renamed into place before
// [Batch.Commit], so that a command which fails on its third file leaves the
// three old ones. [Batch.Discard] removes what was not committed; defer it.
//
// What it does not do: a process that is killed leaves its temporary files,
// whose names begin with ".safeguard-", and a failure of the disk between two
// renames leaves some files new and some old, each of them whole.
//
// Controls: HIPAA 164.312(c)(1), 164.316(b)(1); NIST CSF 2.0 PR.DS-01.
package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// ErrRefused reports a destination that must not be written: one that is no
// regular file, or is one of the inputs.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
var ErrRefused = errors.New("output: refused")

// temporary begins the name of every file that is not in its place yet.
const temporary = ".safeguard-"

// A Batch is a number of files that are written together. The zero value is
// empty and ready. It is for one goroutine.
//
// Controls: HIPAA 164.312(c)(1), 164.316(b)(1); NIST CSF 2.0 PR.DS-01.
type Batch struct {
	// Inputs are files that no output may replace.
	Inputs []string

	staged []staged
}

type staged struct{ temp, path string }

// Add writes data into a temporary file beside path. A new file is readable
// for its owner only; one that exists keeps its permissions, and a symbolic
// link keeps pointing to it.
func (b *Batch) Add(path string, data []byte) error {
	path, mode, err := b.destination(path)
	if err != nil {
		return err
	}
	temp, err := stage(filepath.Dir(path), data, mode)
	if err != nil {
		return fmt.Errorf("output: %w", err)
	}
	b.staged = append(b.staged, staged{temp, path})
	return nil
}

// destination follows links and refuses what must not be replaced.
func (b *Batch) destination(path string) (string, fs.FileMode, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return path, 0o600, nil
	}
	if err != nil {
		return "", 0, fmt.Errorf("output: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", 0, fmt.Errorf("%w: %s is not a regular file", ErrRefused, path)
	}
	for _, input := range b.Inputs {
		if in, err := os.Stat(input); err == nil && os.SameFile(in, info) {
			return "", 0, fmt.Errorf("%w: %s is an input of this command", ErrRefused, path)
		}
	}
	path, err = filepath.EvalSymlinks(path)
	return path, info.Mode().Perm(), err
}

// stage writes a temporary file and syncs it.
func stage(dir string, data []byte, mode fs.FileMode) (name string, err error) {
	f, err := os.CreateTemp(dir, temporary+"*.tmp")
	if err != nil {
		return "", err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
	if err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// Commit renames every file into its place. The batch is then empty.
func (b *Batch) Commit() error {
	for len(b.staged) > 0 {
		s := b.staged[0]
		if err := os.Rename(s.temp, s.path); err != nil {
			return fmt.Errorf("output: %w", err)
		}
		b.staged = b.staged[1:]
	}
	return nil
}

// Discard removes what was added and not committed.
func (b *Batch) Discard() {
	for _, s := range b.staged {
		os.Remove(s.temp)
	}
	b.staged = nil
}
