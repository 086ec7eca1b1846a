package keyset

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

var errMode = errors.New("keyset: file: others than its owner have access")

// publish writes content to a file that must not be there yet: whole, synced
// and linked into place. instead is what to call if it is there.
func publish(path string, content []byte, instead string) error {
	dir := filepath.Dir(path)
	temp := filepath.Join(dir, "."+filepath.Base(path)+"."+rand.Text())
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keyset: create: %w", pathless(err))
	}
	defer os.Remove(temp)
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keyset: create: %w", pathless(err))
	}
	err = os.Link(temp, path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keyset: create: the file is there already; use %s: %w", instead, fs.ErrExist)
	}
	if err != nil {
		return fmt.Errorf("keyset: create: %w", pathless(err))
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keyset: create: %w", pathless(err))
	}
	return pathless(errors.Join(d.Sync(), d.Close()))
}

// pathless keeps the cause of an error but not the path, which may name a
// tenant.
func pathless(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return fmt.Errorf("%s: %w", path.Op, path.Err)
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		return fmt.Errorf("%s: %w", link.Op, link.Err)
	}
	return err
}

// readFile reads a regular file of at most max bytes whose mode has none of
// the forbidden bits.
func readFile(path string, max int64, forbidden fs.FileMode) ([]byte, error) {
	// A pipe in the file's place must not make the program wait.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fs.ErrInvalid
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrInvalid
	}
	if info.Mode()&forbidden != 0 {
		return nil, errMode
	}
	content, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(content)) > max {
		return nil, ErrFormat
	}
	return content, err
}
