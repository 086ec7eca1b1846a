package ledger

import (
	"bytes"
	"context"
	"io/fs"
	"path"
	"time"
)

// Tiles shows a ledger in the layout of C2SP tlog-tiles, without another copy
// of it. It is a fs.FS of files without listings. All methods are safe for
// concurrent use. The zero value is not usable; call [TileFS].
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Tiles struct{ r *Reader }

// TileFS opens the ledger in dir for http.FileServerFS, beside the process that
// writes it or not. It shows what the checkpoint in the directory covers, and
// follows it as it grows; entry bundles that reach into what was pruned are not
// there, hashes are. It checks checksums only: whoever reads verifies.
//
// The records are in it as they are: serve it only to whom may read the ledger.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TileFS(dir string) (*Tiles, error) {
	r, err := OpenReader(dir)
	if err != nil {
		return nil, err
	}
	return &Tiles{r}, nil
}

// Close lets the directory go.
func (t *Tiles) Close() error { return t.r.Close() }

// Open opens "checkpoint", a tile or an entry bundle. It implements fs.FS. The
// file is read before Open returns; it can be sought.
func (t *Tiles) Open(name string) (fs.File, error) {
	data, err := t.read(name)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &tileFile{Reader: bytes.NewReader(data), name: path.Base(name), size: int64(len(data))}, nil
}

func (t *Tiles) read(name string) ([]byte, error) {
	if name == checkpointName {
		return readSmall(t.r.fsys, checkpointName, maxNote)
	}
	n, ok := parseTileName(name)
	if !ok {
		return nil, fs.ErrNotExist
	}
	size, err := saidSize(t.r.fsys)
	if err != nil {
		return nil, err
	}
	if !n.within(size) {
		return nil, fs.ErrNotExist
	}
	ctx := context.Background()
	if n.entries {
		list, err := t.r.Segments(ctx)
		if err != nil {
			return nil, err
		}
		return t.r.entryBundle(ctx, list, n)
	}
	view, done, err := t.r.tree(ctx, size)
	if err != nil {
		return nil, err
	}
	defer done()
	return view.tile(n)
}

// A tileFile is a file in memory.
type tileFile struct {
	*bytes.Reader
	name string
	size int64
}

func (f *tileFile) Close() error               { return nil }
func (f *tileFile) Stat() (fs.FileInfo, error) { return tileInfo{f.name, f.size}, nil }

type tileInfo struct {
	name string
	size int64
}

func (i tileInfo) Name() string       { return i.name }
func (i tileInfo) Size() int64        { return i.size }
func (i tileInfo) Mode() fs.FileMode  { return 0o444 }
func (i tileInfo) ModTime() time.Time { return time.Time{} }
func (i tileInfo) IsDir() bool        { return false }
func (i tileInfo) Sys() any           { return nil }
