package crypto

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

func (d *DirSubjects) readRecord(path string) ([]byte, error) {
	f, err := d.root.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, storeError(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRecord+2))
	if err != nil {
		return nil, storeError(err)
	}
	switch {
	case len(b) == 1 && b[0] == fileDestroyed:
		return nil, ErrShredded
	case len(b) < 2 || len(b) > maxRecord+1 || b[0] != fileRecord:
		return nil, errFile
	}
	return b[1:], nil
}

// publish writes a synced temporary file beside path, moves it there with
// link or rename, and syncs the directory.
func (d *DirSubjects) publish(path string, kind byte, record []byte, move func(from, to string) error) error {
	dir := filepath.Dir(path)
	temp := filepath.Join(dir, tempName(filepath.Base(path))+rand.Text())
	f, err := d.root.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer d.root.Remove(temp) // is gone already after a rename
	_, err = f.Write(append([]byte{kind}, record...))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := move(temp, path); err != nil {
		return err
	}
	return d.syncDir(dir)
}

// tempName returns how the temporary files of a file start.
func tempName(base string) string { return "." + base + "." }

// makeDirs makes a directory and syncs those above it, also those that another
// process has made and perhaps not synced yet.
func (d *DirSubjects) makeDirs(dir string) error {
	if err := d.root.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for dir != "." {
		dir = filepath.Dir(dir)
		if err := d.syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

// list returns the names of what is in a directory.
func (d *DirSubjects) list(dir string) ([]string, error) {
	f, err := d.root.Open(dir)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return f.Readdirnames(-1)
}

func (d *DirSubjects) syncDir(dir string) error {
	f, err := d.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// storeError keeps the cause but not the path, which names tenant and
// subject.
func storeError(err error) error {
	if err == nil {
		return nil
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("crypto: subject key: store: %s: %w", path.Op, path.Err)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return fmt.Errorf("crypto: subject key: store: %s: %w", link.Op, link.Err)
	}
	return fmt.Errorf("crypto: subject key: store: %w", err)
}
