package ledger

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// A file is what the ledger needs of an open file. Sync makes the content and
// the size durable, and is never called again after it failed.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Size() (int64, error)
	Truncate(size int64) error
	Sync() error
}

// A fileSystem is one directory. Names are plain file names in it.
type fileSystem interface {
	// Prepare creates the directory if it is missing and refuses one that
	// cannot keep promises.
	Prepare(unsafeNetwork bool) error
	List() ([]string, error)
	// Create opens a new, empty file; one of that name is emptied.
	Create(name string) (file, error)
	Open(name string, write bool) (file, error)
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir makes created, renamed and removed names durable.
	SyncDir() error
	// Lock returns ErrLocked if another has it.
	Lock() (io.Closer, error)
}

// A dirFS is a directory of the operating system.
type dirFS string

func (d dirFS) path(name string) string { return filepath.Join(string(d), name) }

func (d dirFS) Prepare(unsafeNetwork bool) error {
	_, err := os.Stat(string(d))
	if errors.Is(err, fs.ErrNotExist) {
		err = makeDir(filepath.Clean(string(d)))
	}
	if err != nil {
		return err
	}
	if unsafeNetwork {
		return nil
	}
	return refuseNetwork(string(d))
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

func (d dirFS) List() ([]string, error) {
	entries, err := os.ReadDir(string(d))
	if err != nil {
		return nil, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}

func (d dirFS) Create(name string) (file, error) {
	return openFile(d.path(name), os.O_RDWR|os.O_CREATE|os.O_TRUNC)
}

func (d dirFS) Open(name string, write bool) (file, error) {
	flag := os.O_RDONLY
	if write {
		flag = os.O_RDWR
	}
	return openFile(d.path(name), flag)
}

func (d dirFS) Rename(from, to string) error { return os.Rename(d.path(from), d.path(to)) }
func (d dirFS) Remove(name string) error     { return os.Remove(d.path(name)) }
func (d dirFS) SyncDir() error               { return syncDirectory(string(d)) }

func (d dirFS) Lock() (io.Closer, error) { return lockDir(string(d)) }

// An osFile is a file of the operating system; Sync is in sync_*.go.
type osFile struct{ *os.File }

// openFile opens a regular file only: a link leads elsewhere, and a pipe would
// let a reader wait forever.
func openFile(path string, flag int) (file, error) {
	info, err := os.Lstat(path)
	if err == nil && !info.Mode().IsRegular() {
		return nil, &DamageError{Segment: filepath.Base(path), Reason: "it is not a regular file"}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f, err := os.OpenFile(path, flag, 0o600)
	if err != nil {
		return nil, err
	}
	return osFile{f}, nil
}

func (f osFile) Size() (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

func (f osFile) Sync() error { return syncData(f.File) }

// writeAtomic replaces name by data: after a crash it is the old or the new.
func writeAtomic(fsys fileSystem, name string, data []byte) error {
	f, err := fsys.Create(name + tempSuffix)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = fsys.Rename(name+tempSuffix, name)
	}
	if err == nil {
		err = fsys.SyncDir()
	}
	return err
}

// readSmall reads a file up to one byte more than limit, which callers refuse.
func readSmall(fsys fileSystem, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name, false)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.NewSectionReader(f, 0, limit+1))
}
