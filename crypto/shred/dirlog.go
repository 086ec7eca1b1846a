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
	"slices"
	"strconv"
	"strings"
)

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

// marker is the file that says that a directory is a register, and what it says.
const (
	marker     = "safeguard-register"
	markerText = "safeguard register 1\n"
	// markerSize is that of a marker with the identity behind the text; the
	// first ones had none.
	markerSize = len(markerText) + 26 + 1
)

var (
	errForeign    = errors.New("the directory holds something else")
	errWritable   = errors.New("others can write to the directory")
	errNoRegister = fmt.Errorf("no register is there: %w", fs.ErrNotExist)
)

// NewDirLog returns the log in dir, which it makes (with mode 0700) if dir is
// not there or is empty (a "lost+found" does not count). It refuses a directory
// that holds something else, or that others than its owner can write to, and,
// with [ErrRegister], a log of which an entry is missing in the middle.
//
// It cannot tell a first start from a disk that was not mounted, and an empty
// register says that nothing was destroyed. A service that has been set up, and
// every restore, uses [OpenDirLog].
//
// Controls: HIPAA 164.312(c)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func NewDirLog(dir string) (*DirLog, error) {
	if dir == "" {
		return nil, errors.New("shred: log: no directory named")
	}
	dir = filepath.Clean(dir)
	err := os.MkdirAll(dir, 0o700)
	if err == nil {
		err = syncPath(filepath.Dir(dir))
	}
	if err != nil {
		return nil, logError(err)
	}
	return openDirLog(dir, (*DirLog).mark)
}

// OpenDirLog returns the log that is in dir. It never makes one: where none is,
// for instance because a disk is not mounted or the path is mistyped, it
// returns an error that is fs.ErrNotExist. Otherwise it is like [NewDirLog].
//
// Controls: HIPAA 164.312(c)(1), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func OpenDirLog(dir string) (*DirLog, error) { return openDirLog(dir, (*DirLog).marked) }

func openDirLog(dir string, check func(*DirLog) error) (*DirLog, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, logError(err)
	}
	d := &DirLog{root}
	info, err := root.Stat(".")
	if err == nil && info.Mode().Perm()&0o022 != 0 {
		err = errWritable
	}
	if err == nil {
		err = check(d)
	}
	if err == nil {
		err = d.whole()
	}
	if err != nil {
		return nil, errors.Join(logError(err), root.Close())
	}
	return d, nil
}

// mark makes a log of an empty directory.
func (d *DirLog) mark() error {
	if d.marked() == nil {
		return nil
	}
	there, err := d.list()
	if err != nil {
		return err
	}
	for _, name := range there {
		if name != "lost+found" && !strings.HasPrefix(name, temporary) && d.marked() != nil {
			return errForeign
		}
	}
	if err := d.publish(marker, []byte(markerText+rand.Text()+"\n")); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}

// marked returns nil if the directory is a log.
func (d *DirLog) marked() error {
	_, err := d.identity()
	return err
}

// identity returns what the marker says, "" of a marker without.
func (d *DirLog) identity() (string, error) {
	b, err := d.root.ReadFile(marker)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errNoRegister
	}
	if err != nil {
		return "", err
	}
	id, ok := strings.CutPrefix(string(b), markerText)
	if !ok || id != "" && (len(b) != markerSize || !strings.HasSuffix(id, "\n")) {
		return "", errForeign
	}
	return strings.TrimSuffix(id, "\n"), nil
}

// Identity implements [IdentifiedLog].
func (d *DirLog) Identity(ctx context.Context) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	id, err := d.identity()
	return id, logError(err)
}

// whole returns ErrRegister if an entry is missing in front of others. That the
// last ones are missing it cannot see.
func (d *DirLog) whole() error {
	there, err := d.list()
	if err != nil {
		return err
	}
	slices.Sort(there)
	next := uint64(1)
	for _, name := range there {
		number, ok := entryNumber(name)
		if !ok {
			continue
		}
		for ; next < number; next++ { // not there, or entered meanwhile
			if _, err := d.root.Stat(entryName(next)); err != nil {
				return badRegister("an entry is missing")
			}
		}
		next = number + 1
	}
	return nil
}

func (d *DirLog) list() ([]string, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	return names, errors.Join(err, f.Close())
}

// Close releases the directory.
func (d *DirLog) Close() error { return logError(d.root.Close()) }

func entryName(number uint64) string { return fmt.Sprintf("%012d.json", number) }

func entryNumber(name string) (uint64, bool) {
	digits, ok := strings.CutSuffix(name, ".json")
	number, err := strconv.ParseUint(digits, 10, 64)
	return number, ok && err == nil && entryName(number) == name
}

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
	err := d.publish(entryName(number), entry)
	if errors.Is(err, fs.ErrExist) {
		return ErrConflict
	}
	return logError(err)
}

// temporary begins the names of files that are not in place yet.
const temporary = ".new-"

// publish writes a file whole and links it into place.
func (d *DirLog) publish(name string, b []byte) error {
	temp := temporary + rand.Text()
	if err := d.write(temp, b); err != nil {
		return err
	}
	defer d.root.Remove(temp)
	if err := d.root.Link(temp, name); err != nil {
		return err
	}
	return d.sync()
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
