package anchor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// tileHeight is that of C2SP tlog-tiles.
const tileHeight = 8

// A Source is where the checkpoints of one ledger come from, with the proofs
// that they extend each other. [Directory] and [URL] make one; so may you.
//
// Checkpoint returns the newest signed note. Consistency returns the proof that
// the first old records of c are a prefix of it, for any c that Checkpoint
// returned lately. Neither is believed: signature and proof are checked. Both
// must be bounded by ctx, and safe for concurrent use.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Source interface {
	Checkpoint(ctx context.Context) ([]byte, error)
	Consistency(ctx context.Context, c ledger.Checkpoint, old uint64) ([][32]byte, error)
}

// Tiles is a [Source] over the layout of C2SP tlog-tiles: a file checkpoint,
// and tiles of hashes, which are checked against the checkpoint's root. It is
// safe for concurrent use if its function is; the zero value fails every call.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
type Tiles struct {
	read func(ctx context.Context, path string, limit int64) ([]byte, error)
}

// Directory is the [Source] of the ledger in dir, which may be open for writing.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func Directory(dir string) (*Tiles, error) {
	fsys, err := ledger.TileFS(dir)
	if err != nil {
		return nil, err
	}
	return TilesOf(fsys), nil
}

// TilesOf is the [Source] of a file system in the layout, for instance
// os.DirFS of what [ledger.Publish] wrote.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func TilesOf(fsys fs.FS) *Tiles {
	return &Tiles{func(ctx context.Context, path string, limit int64) ([]byte, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := fsys.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return readBounded(f, limit)
	}}
}

func readBounded(r io.Reader, limit int64) ([]byte, error) {
	p, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err == nil && int64(len(p)) > limit {
		err = fmt.Errorf("longer than %d bytes", limit)
	}
	return p, err
}

// URLOptions are the settings of [URL]. Nil is the zero value.
//
// Controls: HIPAA 164.312(c)(1), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
type URLOptions struct {
	// Client sends the requests; its settings for TLS count. Redirects are
	// never followed. Default: a client of its own.
	Client *http.Client
	// Authorize adds what the server wants of a caller. Default: nothing.
	Authorize func(*http.Request) error
	// UnsafePlainHTTP accepts an http address: who is on the way can withhold
	// checkpoints, and learns how fast the ledger grows.
	UnsafePlainHTTP bool
}

// URL is the [Source] of a server with the layout at the prefix address, for
// instance http.FileServerFS over [ledger.TileFS].
//
// Controls: HIPAA 164.312(c)(1), 164.312(e)(1); NIST CSF 2.0 PR.DS-01, PR.DS-02.
func URL(address string, opts *URLOptions) (*Tiles, error) {
	o := URLOptions{}
	if opts != nil {
		o = *opts
	}
	c, err := newClient(o.Client, address, o.UnsafePlainHTTP)
	if err != nil {
		return nil, fmt.Errorf("anchor: url: %w", err)
	}
	return &Tiles{func(ctx context.Context, path string, limit int64) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+"/"+path, nil)
		if err != nil {
			return nil, errors.New("no request can be made of the address")
		}
		if o.Authorize != nil {
			if err := o.Authorize(r); err != nil {
				return nil, fmt.Errorf("authorize: %w", err)
			}
		}
		res, err := c.do(r, limit)
		if err == nil && res.status == http.StatusNotFound {
			err = fs.ErrNotExist
		}
		if err == nil && res.status != http.StatusOK {
			err = fmt.Errorf("status %d", res.status)
		}
		return res.body, err
	}}, nil
}

// Checkpoint reads the signed note.
func (t *Tiles) Checkpoint(ctx context.Context) ([]byte, error) {
	if t == nil || t.read == nil {
		return nil, errors.New("anchor: tiles: the zero value")
	}
	p, err := t.read(ctx, "checkpoint", merkle.MaxNote)
	if err != nil {
		return nil, fmt.Errorf("anchor: checkpoint: %w", err)
	}
	return p, nil
}

// Consistency reads the tiles that the proof needs.
func (t *Tiles) Consistency(ctx context.Context, c ledger.Checkpoint, old uint64) ([][32]byte, error) {
	if t == nil || t.read == nil {
		return nil, errors.New("anchor: tiles: the zero value")
	}
	if old > c.Size || c.Size > merkle.MaxSize {
		return nil, fmt.Errorf("anchor: tiles: %d records are no prefix of %d", old, c.Size)
	}
	if old == 0 || old == c.Size {
		return nil, nil
	}
	hashes := tlog.TileHashReader(tlog.Tree{N: int64(c.Size), Hash: tlog.Hash(c.Root)}, tileReader{ctx, t})
	proof, err := tlog.ProveTree(int64(c.Size), int64(old), hashes)
	if err != nil {
		return nil, fmt.Errorf("anchor: tiles: %w", err)
	}
	list := make([][32]byte, len(proof))
	for i, h := range proof {
		list[i] = h
	}
	return list, nil
}

// A tileReader fetches tiles for tlog, which checks them.
type tileReader struct {
	ctx   context.Context
	tiles *Tiles
}

func (r tileReader) Height() int { return tileHeight }

func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, tile := range tiles {
		p, err := r.tile(tile)
		if err != nil {
			return nil, err
		}
		data[i] = p
	}
	return data, nil
}

// tile reads one tile. A partial one may be gone once the full one is there.
func (r tileReader) tile(t tlog.Tile) ([]byte, error) {
	const full = 1 << tileHeight
	want := t.W * tlog.HashSize
	p, err := r.tiles.read(r.ctx, tilePath(t), int64(want))
	if errors.Is(err, fs.ErrNotExist) && t.W < full {
		t.W = full
		p, err = r.tiles.read(r.ctx, tilePath(t), full*tlog.HashSize)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", tilePath(t), err)
	}
	if len(p) < want {
		return nil, fmt.Errorf("%s: too short", tilePath(t))
	}
	return p[:want], nil
}

// tilePath is the name in tlog-tiles, which leaves out the height.
func tilePath(t tlog.Tile) string {
	return "tile/" + strings.TrimPrefix(t.Path(), fmt.Sprintf("tile/%d/", tileHeight))
}
