package shred

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// MaxEntry bounds an entry of a [Log], in bytes.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
const MaxEntry = 4 << 20

// A Log is where a [Register] keeps its entries, numbered from 1 without gaps.
// [NewDirLog] keeps them in files; implement it over a database of your own,
// and run the cases of package shredtest against it. One table does:
// number primary key, entry. The rules:
//
//   - Append stores entry under number if nothing is there, as one atomic step
//     against other processes, and otherwise returns [ErrConflict] and changes
//     nothing. It refuses a number whose predecessor is missing.
//   - Read returns the entry under number, or [ErrNoEntry] where none is, which
//     must never be mixed up with an outage.
//   - What Append acknowledges survives a crash. What it failed on may be there.
//   - A slice belongs to the caller; the log copies.
//   - All methods are safe for concurrent use and honour ctx.
//
// Controls: HIPAA 164.312(c)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Log interface {
	Append(ctx context.Context, number uint64, entry []byte) error
	Read(ctx context.Context, number uint64) ([]byte, error)
}

// A DirLog is a Log in a directory: a file for each entry, written whole,
// synced and linked into place, so that a crash leaves all of it or none. Any
// number of processes of one host may share it. It is safe for concurrent use.
// The zero DirLog is not usable.
//
// Keep it apart from the store of keys and from its backups: a register that
// is restored with the store knows nothing of what was destroyed since. It needs
// hard links.
//
// Controls: HIPAA 164.312(c)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type DirLog struct{ root *os.Root }

// NewDirLog returns the log in dir, which it makes (with mode 0700) if it is
// not there. It refuses a directory that others than its owner can write to.
// It cannot tell a first start from a disk that was not mounted.
//
// Controls: HIPAA 164.312(c)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func NewDirLog(dir string) (*DirLog, error) {
	if dir == "" {
		return nil, errors.New("shred: log: no directory named")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, logError(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, logError(err)
	}
	info, err := root.Stat(".")
	if err == nil && info.Mode().Perm()&0o022 != 0 {
		err = errors.New("others can write to the directory")
	}
	if err == nil {
		err = syncPath(filepath.Dir(filepath.Clean(dir)))
	}
	if err != nil {
		return nil, errors.Join(logError(err), root.Close())
	}
	return &DirLog{root}, nil
}

// Close releases the directory.
func (d *DirLog) Close() error { return logError(d.root.Close()) }

func entryName(number uint64) string { return fmt.Sprintf("%012d.json", number) }

// Read implements [Log].
func (d *DirLog) Read(ctx context.Context, number uint64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := d.root.Open(entryName(number))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoEntry
	}
	if err != nil {
		return nil, logError(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxEntry+1))
	if err != nil {
		return nil, logError(err)
	}
	if len(b) == 0 || len(b) > MaxEntry {
		return nil, badRegister("entry is empty or too large")
	}
	return b, nil
}

// Append implements [Log]. Linking a new file into place fails if one is there:
// that is the whole of the agreement between processes.
func (d *DirLog) Append(ctx context.Context, number uint64, entry []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if number == 0 || len(entry) == 0 || len(entry) > MaxEntry {
		return errors.New("shred: log: entry is empty or too large")
	}
	if number > 1 {
		if _, err := d.root.Stat(entryName(number - 1)); err != nil {
			return logError(err)
		}
	}
	temp := ".new-" + rand.Text()
	if err := d.write(temp, entry); err != nil {
		return logError(err)
	}
	defer d.root.Remove(temp)
	err := d.root.Link(temp, entryName(number))
	if errors.Is(err, fs.ErrExist) {
		return ErrConflict
	}
	if err != nil {
		return logError(err)
	}
	return logError(d.sync())
}

func (d *DirLog) write(name string, b []byte) error {
	f, err := d.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, d.root.Remove(name))
	}
	return nil
}

func (d *DirLog) sync() error {
	f, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func syncPath(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// logError keeps the cause but not the path.
func logError(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &path):
		return fmt.Errorf("shred: log: %s: %w", path.Op, path.Err)
	case errors.As(err, &link):
		return fmt.Errorf("shred: log: %s: %w", link.Op, link.Err)
	}
	return fmt.Errorf("shred: log: %w", err)
}

// wrap says what failed. Context errors and the package's own pass through it
// to errors.Is.
func wrap(what string, err error) error { return fmt.Errorf("shred: %s: %w", what, err) }
