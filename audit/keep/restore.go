package keep

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// defaultMaxBytes bounds a restore.
const defaultMaxBytes = 1 << 40

// RestoreOptions are the settings of [Restore]. Nil is the zero value.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.312(c)(1); NIST CSF 2.0 PR.DS-11, PR.DS-01.
type RestoreOptions struct {
	// Anchors are checkpoints that were kept elsewhere. An export that is older
	// than one of them is refused. Default: none; then an old export passes.
	Anchors []ledger.Kept
	// MaxBytes bounds what is written. Default: 1 TiB.
	MaxBytes int64
	// Progress is that of the verification at the end.
	Progress func(done, total uint64)
}

// Restore brings a ledger back from exports: one of all of it, or several parts
// of the same ledger, in any order, that together have every record; the one
// with the newest checkpoint gives that and the hashes. to must not exist or be
// empty.
//
// Everything is checked before to appears under its name: each file against its
// manifest, and the whole with [ledger.Verify] against verifierKey, which must
// come from elsewhere. On an error nothing is left. The ledger can then be
// opened for writing with its key; make sure that the old one is not.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func Restore(ctx context.Context, to, verifierKey string, opts *RestoreOptions, from ...string) (ledger.Verdict, error) {
	return restore(ctx, to, verifierKey, opts, func(r *restorer) error {
		if len(from) == 0 {
			return errors.New("no export is given")
		}
		for _, dir := range from {
			if err := r.directory(ctx, dir); err != nil {
				return err
			}
		}
		return nil
	})
}

// RestoreTar is [Restore] from a stream that [ExportTar] wrote.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-11, PR.DS-01.
func RestoreTar(ctx context.Context, from io.Reader, to, verifierKey string, opts *RestoreOptions) (ledger.Verdict, error) {
	return restore(ctx, to, verifierKey, opts, func(r *restorer) error { return r.tar(ctx, from) })
}

// A restorer fills a directory that is not yet under its name.
type restorer struct {
	key    string
	root   *os.Root
	left   int64 // bytes that may still be written
	newest Manifest
	parts  []Manifest
}

func restore(ctx context.Context, to, verifierKey string, opts *RestoreOptions, fill func(*restorer) error) (v ledger.Verdict, err error) {
	defer func() {
		if err != nil {
			v, err = ledger.Verdict{}, fmt.Errorf("keep: restore: %w", err)
		}
	}()
	to = filepath.Clean(to)
	o := RestoreOptions{}
	if opts != nil {
		o = *opts
	}
	if o.MaxBytes == 0 {
		o.MaxBytes = defaultMaxBytes
	}
	if err := empty(to, verifierKey); err != nil {
		return v, err
	}
	work, err := os.MkdirTemp(filepath.Dir(to), filepath.Base(to)+".restore.")
	if err != nil {
		return v, err
	}
	defer os.RemoveAll(work)
	root, err := os.OpenRoot(work)
	if err != nil {
		return v, err
	}
	defer root.Close()
	r := &restorer{key: verifierKey, root: root, left: o.MaxBytes}
	if err := fill(r); err != nil {
		return v, err
	}
	if err := r.whole(); err != nil {
		return v, err
	}
	if v, err = r.verify(ctx, work, o); err != nil {
		return v, err
	}
	return v, place(work, to)
}

// empty refuses a target that holds anything, and says so if that is a ledger.
func empty(to, verifierKey string) error {
	list, err := os.ReadDir(to)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil || len(list) == 0 {
		return err
	}
	if reader, err := ledger.OpenReader(to); err == nil {
		defer reader.Close()
		if c, err := reader.Checkpoint(verifierKey); err == nil {
			return fmt.Errorf("the directory holds this ledger, with %d records signed; move it away first", c.Size)
		}
	}
	return errors.New("the directory is not empty")
}

// place gives the restored directory its name.
func place(work, to string) error {
	if err := syncDir(work); err != nil {
		return err
	}
	if err := os.Remove(to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(work, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

// begin takes in a manifest. The newest one gives checkpoint, leaves and floor.
func (r *restorer) begin(from io.Reader) (Manifest, error) {
	m, c, err := readManifest(from, r.key)
	if err != nil {
		return m, err
	}
	if m.Bytes() > r.left {
		return m, errors.New("the export is larger than MaxBytes")
	}
	r.left -= m.Bytes()
	if last, err := ledger.ParseCheckpoint([]byte(r.newest.Checkpoint), r.key); err != nil || c.Size >= last.Size {
		r.newest = m
	}
	r.parts = append(r.parts, m)
	return m, nil
}

// directory takes in one export.
func (r *restorer) directory(ctx context.Context, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	manifest, err := openFile(root, manifestName)
	if err != nil {
		return fmt.Errorf("the export is not finished: %w", err)
	}
	m, err := r.begin(manifest)
	manifest.Close()
	if err != nil {
		return err
	}
	if err := noOthers(dir, m); err != nil {
		return err
	}
	for _, f := range m.Files {
		if err := r.fileIn(ctx, root, f); err != nil {
			return err
		}
	}
	return nil
}

// fileIn takes in one file of a directory.
func (r *restorer) fileIn(ctx context.Context, root *os.Root, f ExportedFile) error {
	file, err := openFile(root, f.Name)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() != f.Bytes {
		return fmt.Errorf("%s is not as long as the manifest says", f.Name)
	}
	return r.file(ctx, f, file)
}

// noOthers refuses a directory with files that its manifest does not list.
func noOthers(dir string, m Manifest) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range list {
		listed := slices.ContainsFunc(m.Files, func(f ExportedFile) bool { return f.Name == entry.Name() })
		if !listed && entry.Name() != manifestName {
			return errors.New("the export has a file that its manifest does not list")
		}
	}
	return nil
}

// tar takes in one stream.
func (r *restorer) tar(ctx context.Context, from io.Reader) error {
	t := tar.NewReader(from)
	h, err := t.Next()
	if err != nil || h.Name != manifestName || h.Typeflag != tar.TypeReg {
		return errors.New("the stream does not start with a manifest")
	}
	m, err := r.begin(t)
	if err != nil {
		return err
	}
	for _, f := range m.Files {
		h, err := t.Next()
		if err != nil {
			return fmt.Errorf("the stream ends before %s: %w", f.Name, err)
		}
		if h.Name != f.Name || h.Typeflag != tar.TypeReg || h.Size != f.Bytes {
			return fmt.Errorf("the stream does not have %s where its manifest says", f.Name)
		}
		if err := r.file(ctx, f, t); err != nil {
			return err
		}
	}
	if _, err := t.Next(); err != io.EOF {
		return errors.New("the stream goes on behind what its manifest lists, or was cut")
	}
	return nil
}

// file writes one file and compares its hash. Of a file that several parts
// have, the newest part's, or the longest, stays.
func (r *restorer) file(ctx context.Context, f ExportedFile, from io.Reader) error {
	name := f.Name
	if _, segment := segmentFirst(name); !segment {
		name = f.Name + "." + fmt.Sprint(len(r.parts)) // see whole
	} else if info, err := r.root.Stat(name); err == nil && info.Size() > f.Bytes {
		name += ".older"
	}
	sum := sha256.New()
	err := writeFile(r.root, name, func(w io.Writer) error {
		n, err := io.Copy(io.MultiWriter(w, sum, stopper{ctx}), io.LimitReader(from, f.Bytes))
		if err == nil && n != f.Bytes {
			err = io.ErrUnexpectedEOF
		}
		return err
	})
	if err == nil && hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		err = fmt.Errorf("%s is not what the manifest says", f.Name)
	}
	return err
}

// A stopper ends a copy when ctx is done.
type stopper struct{ ctx context.Context }

func (s stopper) Write(p []byte) (int, error) { return len(p), s.ctx.Err() }

// whole gives the newest part's files their names, and removes what is not of
// it: segments before its floor, and the other parts' copies.
func (r *restorer) whole() error {
	part := 0
	for i, m := range r.parts {
		if m.Checkpoint == r.newest.Checkpoint && m.Floor == r.newest.Floor {
			part = i + 1
		}
	}
	for _, name := range []string{checkpointName, leavesName, floorName} {
		err := r.root.Rename(fmt.Sprintf("%s.%d", name, part), name)
		if err != nil && (name != floorName || !errors.Is(err, fs.ErrNotExist)) {
			return err
		}
	}
	list, err := fs.ReadDir(r.root.FS(), ".")
	if err != nil {
		return err
	}
	for _, entry := range list {
		name := entry.Name()
		first, segment := segmentFirst(name)
		if segment && first >= r.newest.Floor || name == checkpointName || name == leavesName || name == floorName {
			continue
		}
		if err := r.root.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// verify believes nothing of what the manifests said.
func (r *restorer) verify(ctx context.Context, work string, o RestoreOptions) (ledger.Verdict, error) {
	v, err := ledger.Verify(ctx, work, r.key, &ledger.VerifyOptions{Anchors: o.Anchors, Progress: o.Progress})
	if err != nil {
		return v, err
	}
	if !v.OK {
		return v, fmt.Errorf("what was restored is not intact: %w", v.Problem)
	}
	if v.Floor != r.newest.Floor || v.Size < r.newest.End || v.Unfinished != 0 {
		return v, errors.New("what was restored is not what the manifest says")
	}
	return v, nil
}
