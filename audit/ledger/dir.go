package ledger

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A dirFS is a directory of the operating system. Its path is looked up once;
// from then on every file is reached from the open directory itself. So what
// happens to the path (it is moved, another directory takes its place, the
// process changes its working directory) leads to no other files, and the lock
// is on the directory that is written.
type dirFS struct {
	path string
	root *os.Root  // from Acquire or openDir on
	lock io.Closer // from Acquire on
}

// openDir opens a directory that exists, for reading.
func openDir(path string) (*dirFS, error) {
	d := &dirFS{path: path}
	return d, d.open()
}

func (d *dirFS) open() error {
	// An absolute path, because the lock on Windows has need of one.
	path, err := filepath.Abs(d.path)
	if err != nil {
		return err
	}
	d.root, err = os.OpenRoot(path)
	return err
}

func (d *dirFS) Acquire(unsafeNetwork bool) error {
	_, err := os.Stat(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = makeDir(filepath.Clean(d.path))
	}
	if err == nil {
		err = d.open()
	}
	if err != nil {
		return err
	}
	if err := d.take(unsafeNetwork); err != nil {
		d.Close()
		return err
	}
	return nil
}

// take checks and locks the directory that is open.
func (d *dirFS) take(unsafeNetwork bool) error {
	self, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer self.Close()
	if err := refuseShared(self); err != nil {
		return err
	}
	if !unsafeNetwork {
		if err := refuseNetwork(self); err != nil {
			return err
		}
	}
	d.lock, err = lockDir(d.root)
	return err
}

// makeDir creates a directory and those above it, and makes their names
// durable: what lies in a directory whose name is lost is lost with it.
func makeDir(path string) error {
	parent := filepath.Dir(path)
	if _, err := os.Stat(parent); errors.Is(err, fs.ErrNotExist) && parent != path {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o700); err != nil {
		return err
	}
	return syncDirectory(parent)
}

// syncDirectory makes the names in the directory at path durable.
func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return syncNames(d)
}

func (d *dirFS) Close() error {
	var errs []error
	if d.lock != nil {
		errs = append(errs, d.lock.Close())
	}
	return errors.Join(append(errs, d.root.Close())...)
}

func (d *dirFS) List() ([]string, error) {
	self, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	defer self.Close()
	return self.Readdirnames(-1)
}

func (d *dirFS) Create(name string) (file, error) {
	return d.openFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

func (d *dirFS) Open(name string, write bool) (file, error) {
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	return d.openFile(name, flag)
}

// openFile opens a regular file only: a link leads elsewhere, and a pipe would
// let a reader wait forever.
func (d *dirFS) openFile(name string, flag int) (file, error) {
	info, err := d.root.Lstat(name)
	if err == nil && !info.Mode().IsRegular() {
		return nil, &DamageError{Segment: name, Reason: "it is not a regular file"}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := d.root.OpenFile(name, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (d *dirFS) Stat(name string) (fileInfo, error) {
	info, err := d.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	return osInfo{info}, nil
}

func (d *dirFS) Rename(from, to string) error { return d.root.Rename(from, to) }
func (d *dirFS) Remove(name string) error     { return d.root.Remove(name) }

func (d *dirFS) SyncDir() error {
	self, err := d.root.Open(".")
	if err != nil {
		return err
	}
	defer self.Close()
	return hard(syncNames(self))
}

// An osFile is a file of the operating system.
type osFile struct{ *os.File }

func (f osFile) Stat() (fileInfo, error) {
	info, err := f.File.Stat()
	if err != nil {
		return nil, err
	}
	return osInfo{info}, nil
}

func (f osFile) Sync() error { return syncData(f.File) }

// An osInfo tells files apart by what the system calls them, not by name.
type osInfo struct{ fs.FileInfo }

func (i osInfo) Same(other fileInfo) bool {
	o, ok := other.(osInfo)
	return ok && os.SameFile(i.FileInfo, o.FileInfo)
}

// errShared reports a directory in which others could exchange files.
func errShared(mode fs.FileMode) error {
	return fmt.Errorf("others than its owner can write to the directory (mode %#o): close it (chmod go-w), or name one below it that does not exist yet", mode.Perm())
}
