package ledger

import "io"

// A file is what the ledger needs of an open file. Sync makes the content and
// the size durable, and is never called again after it failed.
type file interface {
	io.ReaderAt
	io.WriterAt
	io.Closer
	Stat() (fileInfo, error)
	Truncate(size int64) error
	// Allocate makes the file size bytes long, at least as long as it is; the
	// new bytes are zero. If it fails the file may have grown by a part.
	Allocate(size int64) error
	Sync() error
}

// A fileInfo is a file as it was when it was asked for.
type fileInfo interface {
	Size() int64
	// Same reports whether both are the same file, whatever its name.
	Same(other fileInfo) bool
}

// A fileSystem is one directory, whatever becomes of its path. Names are plain
// file names in it.
type fileSystem interface {
	// Acquire creates the directory if it is missing, refuses one that cannot
	// keep promises, and locks it. It returns ErrLocked if another has it.
	Acquire(unsafeNetwork bool) error
	// Close lets the directory go, with its lock.
	Close() error
	List() ([]string, error)
	// Create opens a new, empty file; one of that name is emptied.
	Create(name string) (file, error)
	Open(name string, write bool) (file, error)
	Stat(name string) (fileInfo, error)
	Rename(from, to string) error
	Remove(name string) error
	// SyncDir makes created, renamed and removed names durable. It returns a
	// *hardError if that was begun and failed.
	SyncDir() error
	// Free returns how many bytes may still be written.
	Free() (uint64, error)
}

// sizeOf returns the size of an open file.
func sizeOf(f file) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// writeAtomic replaces name by data: after a crash it is the old or the new. If
// there was no room for it (see noRoom) it can be called again.
func writeAtomic(fsys fileSystem, name string, data []byte) error {
	f, err := fsys.Create(name + tempSuffix)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(data, 0)
	if err == nil {
		err = hard(f.Sync())
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
