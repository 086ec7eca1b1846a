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

func readRecord(path string) ([]byte, error) {
	f, err := os.Open(path)
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
func publish(path string, kind byte, record []byte, move func(from, to string) error) error {
	dir := filepath.Dir(path)
	temp := tempName(path) + rand.Text()
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer os.Remove(temp) // is gone already after a rename
	_, err = f.Write(append([]byte{kind}, record...))
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := move(temp, path); err != nil {
		return err
	}
	return syncDir(dir)
}

// tempName returns how the temporary files of a record start.
func tempName(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".")
}

// makeDirs makes dir below root and syncs the directories above it, also
// those that another process has made and perhaps not synced yet.
func makeDirs(root, dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for d := dir; d != root; {
		d = filepath.Dir(d)
		if err := syncDir(d); err != nil {
			return err
		}
	}
	return nil
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
