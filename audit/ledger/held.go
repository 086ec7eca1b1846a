package ledger

import (
	"errors"
	"io/fs"
)

// A heldFile is a file that the ledger keeps open to write to. Its name can
// come to lead elsewhere: then what is written has no name, and is gone with
// the process. So the name is asked before every signature, before a write if the last time
// is 5 ms ago, when a segment ends, and twice a second in any case.
// This narrows the time in which records can be lost so; who removes the file
// later is shown by the signed checkpoint.
type heldFile struct {
	file
	name string
	info fileInfo // which file it is
}

// hold keeps f, which was opened by its name.
func hold(name string, f file) (heldFile, error) {
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return heldFile{}, err
	}
	return heldFile{f, name, info}, nil
}

// check returns a *DamageError unless the name leads to the file and the file
// has exactly size bytes or, if it is being written to, at least that.
func (h heldFile) check(fsys fileSystem, size int64, growing bool) error {
	info, err := fsys.Stat(h.name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && !info.Same(h.info) {
		return h.damage(0, "the file was removed or exchanged while the ledger had it open")
	}
	if err != nil {
		return err
	}
	if info.Size() < size {
		return h.damage(info.Size(), "the file was cut while the ledger had it open")
	}
	if info.Size() > size && !growing {
		return h.damage(size, "the file was written to by another while the ledger had it open")
	}
	return nil
}

// damage names the first entry of the file, since more is not known.
func (h heldFile) damage(offset int64, reason string) *DamageError {
	first, _ := firstOf(h.name)
	return &DamageError{first, h.name, offset, reason}
}
