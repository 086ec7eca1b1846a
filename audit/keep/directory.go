package keep

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

const tempSuffix = ".tmp"

// directory writes the files that are not there yet. The manifest stands there
// under another name from the start: it marks an export that is not finished.
func (x *exporter) directory(ctx context.Context, to string) error {
	if err := os.Mkdir(to, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := resumable(to); err != nil {
		return err
	}
	manifest, err := x.m.encode()
	if err != nil {
		return err
	}
	if err := writeWhole(root, manifestName+tempSuffix, func(w io.Writer) error { _, err := w.Write(manifest); return err }); err != nil {
		return err
	}
	for _, f := range x.m.Files {
		if err := x.file(ctx, root, f); err != nil {
			return err
		}
	}
	if err := x.leaveOut(root, to); err != nil {
		return err
	}
	if err := syncDir(to); err != nil {
		return err
	}
	if err := root.Rename(manifestName+tempSuffix, manifestName); err != nil {
		return err
	}
	return errors.Join(syncDir(to), syncDir(filepath.Dir(to)))
}

// leaveOut removes what an export that broke off has left and this one does not
// list, such as a segment that was pruned since: Restore refuses it.
func (x *exporter) leaveOut(root *os.Root, to string) error {
	list, err := os.ReadDir(to)
	if err != nil {
		return err
	}
	for _, entry := range list {
		listed := slices.ContainsFunc(x.m.Files, func(f ExportedFile) bool { return f.Name == entry.Name() })
		if listed || entry.Name() == manifestName+tempSuffix {
			continue
		}
		if err := root.Remove(entry.Name()); err != nil {
			return err
		}
	}
	return nil
}

// resumable refuses a directory that is neither empty nor an unfinished export,
// above all a ledger.
func resumable(to string) error {
	list, err := os.ReadDir(to)
	if err != nil || len(list) == 0 {
		return err
	}
	began := false
	for _, entry := range list {
		name := strings.TrimSuffix(entry.Name(), tempSuffix)
		_, segment := segmentFirst(name)
		if entry.Name() == manifestName {
			return errors.New("the directory holds a finished export")
		}
		if !segment && name != checkpointName && name != leavesName && name != floorName && name != manifestName {
			return errors.New("the directory holds something that is no part of an export")
		}
		began = began || entry.Name() == manifestName+tempSuffix
	}
	if !began {
		return errors.New("the directory is not empty and holds no unfinished export")
	}
	return nil
}

// file copies one file, unless it is there.
func (x *exporter) file(ctx context.Context, root *os.Root, f ExportedFile) error {
	same, err := equal(root, f)
	if err != nil {
		return err
	}
	if same {
		return x.copy(ctx, io.Discard, f) // counts it, and sees whether it is still there
	}
	return writeFile(root, f.Name, func(w io.Writer) error { return x.checked(ctx, w, f) })
}

// equal reports whether a file has the listed size and hash.
func equal(root *os.Root, f ExportedFile) (bool, error) {
	file, err := openFile(root, f.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil || info.Size() != f.Bytes {
		return false, err
	}
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return false, err
	}
	return hex.EncodeToString(sum.Sum(nil)) == f.SHA256, nil
}

// writeFile makes a file that appears under its name only when it is whole and
// durable.
func writeFile(root *os.Root, name string, write func(io.Writer) error) error {
	if err := writeWhole(root, name+tempSuffix, write); err != nil {
		return err
	}
	return root.Rename(name+tempSuffix, name)
}

// writeWhole makes or empties a file and makes its content durable.
func writeWhole(root *os.Root, name string, write func(io.Writer) error) error {
	f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// syncDir makes the names in a directory durable.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil // a directory cannot be synced there
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
