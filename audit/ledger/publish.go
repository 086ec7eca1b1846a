package ledger

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
)

// Publish brings the directory to up to the checkpoint of the ledger in dir, in
// the layout of C2SP tlog-tiles, so that anybody's software for such logs can
// verify it: tile/…, tile/entries/…, and the checkpoint last, when all that it
// covers is durable. It writes what is not there yet, and removes partial tiles
// that a fuller one replaces. It makes to, for its owner only, if it is missing.
//
// Only what the checkpoint signs is published: it returns a [*DamageError] if
// the records or the leaf index are not that, or if what to has is not a prefix
// of it (a rollback or a fork). A call that is cut short leaves a directory
// that the next one completes. One call at a time. Of a pruned ledger the
// hashes are published and the records that are left; what was published
// before stays.
//
// The records are in to as they are: protect it like the ledger.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01, DE.CM-09.
func Publish(ctx context.Context, dir, to, verifierKey string) (Checkpoint, error) {
	r, err := OpenReader(dir)
	if err != nil {
		return Checkpoint{}, err
	}
	defer r.Close()
	c, err := r.publish(ctx, to, verifierKey)
	return c, wrap("publish", err)
}

func (r *Reader) publish(ctx context.Context, to, verifierKey string) (Checkpoint, error) {
	c, err := r.Checkpoint(verifierKey)
	if err != nil {
		return Checkpoint{}, err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return Checkpoint{}, err
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return Checkpoint{}, err
	}
	defer root.Close()
	old, err := published(root, verifierKey)
	if err != nil {
		return Checkpoint{}, err
	}
	if _, err := r.consistency(ctx, c, old); err != nil {
		return Checkpoint{}, err
	}
	p := &publisher{r: r, root: root, dirs: map[string]bool{}, old: old.Size, size: c.Size}
	if err := p.run(ctx, c); err != nil {
		return Checkpoint{}, err
	}
	return c, nil
}

// published opens the checkpoint that was published last; that of nothing, if
// none was.
func published(root *os.Root, verifierKey string) (Checkpoint, error) {
	signed, err := root.ReadFile(checkpointName)
	if errors.Is(err, fs.ErrNotExist) {
		return Checkpoint{Root: merkle.Fold(nil)}, nil
	}
	if err != nil {
		return Checkpoint{}, err
	}
	return ParseCheckpoint(signed, verifierKey)
}

// A publisher writes the tiles between two sizes.
type publisher struct {
	r         *Reader
	root      *os.Root
	dirs      map[string]bool // to be synced
	old, size uint64
}

func (p *publisher) run(ctx context.Context, c Checkpoint) error {
	view, done, err := p.r.tree(ctx, p.size)
	if err != nil {
		return err
	}
	defer done()
	// A proof of nothing is no proof: hold the leaf index against the root.
	if root, err := rootOf(p.size, view.node); err != nil {
		return err
	} else if root != c.Root {
		return &DamageError{Segment: leavesName, Reason: "the leaf index does not have the signed root"}
	}
	if err := p.entries(ctx, view); err != nil {
		return err
	}
	for level := 0; p.size>>(level*tileLevels) > 0 && level*tileLevels < 64; level++ {
		if err := p.level(ctx, level, view); err != nil {
			return err
		}
	}
	for dir := range p.dirs {
		if err := syncRoot(p.root, dir); err != nil {
			return err
		}
	}
	if err := p.write(checkpointName, c.Note); err != nil {
		return err
	}
	if err := syncRoot(p.root, "."); err != nil {
		return err
	}
	return p.clean()
}

// rootOf returns the root of the tree of size records.
func rootOf(size uint64, nodes merkle.Nodes) (hash, error) {
	var row []hash
	done := uint64(0)
	for level := 63; level >= 0; level-- {
		if size>>level&1 == 0 {
			continue
		}
		h, err := nodes(level, done>>level)
		if err != nil {
			return hash{}, err
		}
		row = append(row, h)
		done += 1 << level
	}
	return merkle.Fold(row), nil
}

// names are the tiles of a level between the old and the new size.
func (p *publisher) names(entries bool, level int) (list []tileName) {
	from, to := p.old>>(level*tileLevels), p.size>>(level*tileLevels)
	for at := from / tileWidth; at*tileWidth < to; at++ {
		if width := min(tileWidth, to-at*tileWidth); at*tileWidth+width > from {
			list = append(list, tileName{entries, level, at, int(width)})
		}
	}
	return list
}

func (p *publisher) level(ctx context.Context, level int, view nodeView) error {
	for _, n := range p.names(false, level) {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := view.tile(n)
		if err != nil {
			return err
		}
		if err := p.write(n.path(), data); err != nil {
			return err
		}
	}
	return nil
}

// entries writes the entry bundles, each record held against its hash.
func (p *publisher) entries(ctx context.Context, view nodeView) error {
	list, err := p.r.Segments(ctx)
	if err != nil {
		return err
	}
	for _, n := range p.names(true, 0) {
		data, err := p.r.entryBundle(ctx, list, n)
		if errors.Is(err, fs.ErrNotExist) && len(list) > 0 && n.index*tileWidth < list[0].First {
			continue // pruned
		}
		if err != nil {
			return err
		}
		if err := checkEntries(n, data, view); err != nil {
			return err
		}
		if err := p.write(n.path(), data); err != nil {
			return err
		}
	}
	return nil
}

// checkEntries holds the records of an entry bundle against their hashes.
func checkEntries(n tileName, data []byte, view nodeView) error {
	want, err := view.tile(tileName{level: 0, index: n.index, width: n.width})
	if err != nil {
		return err
	}
	for i := 0; len(data) > 0; i++ {
		size := int(data[0])<<8 | int(data[1])
		if leaf := merkle.Leaf(data[2 : 2+size]); !bytes.Equal(leaf[:], want[i*hashSize:(i+1)*hashSize]) {
			return &DamageError{Index: n.index*tileWidth + uint64(i), Reason: "the record is not the one that was signed"}
		}
		data = data[2+size:]
	}
	return nil
}

// write makes a file durable under a temporary name and gives it its own.
func (p *publisher) write(name string, data []byte) error {
	dir := path.Dir(name)
	if err := p.root.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for d := dir; d != "."; d = path.Dir(d) {
		p.dirs[d] = true
	}
	p.dirs["."] = true
	f, err := p.root.OpenFile(name+tempSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err == nil {
		err = syncData(f)
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = p.root.Rename(name+tempSuffix, name)
	}
	return err
}

// clean removes the partial tiles that the last checkpoint does not need.
func (p *publisher) clean() error {
	for level := 0; p.old>>(level*tileLevels) > 0 && level*tileLevels < 64; level++ {
		have := p.old >> (level * tileLevels)
		if have%tileWidth == 0 || have == p.size>>(level*tileLevels) {
			continue
		}
		n := tileName{false, level, have / tileWidth, int(have % tileWidth)}
		if err := p.remove(n); err != nil {
			return err
		}
		if n.entries = true; level == 0 {
			if err := p.remove(n); err != nil {
				return err
			}
		}
	}
	return nil
}

// remove removes a partial tile, and its directory if it is the last there.
func (p *publisher) remove(n tileName) error {
	name := n.path()
	if err := p.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	_ = p.root.Remove(path.Dir(name)) // fails if it is not empty, which is well
	return nil
}

func syncRoot(root *os.Root, dir string) error {
	d, err := root.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := syncNames(d); err != nil {
		return fmt.Errorf("sync: %w", err)
	}
	return nil
}
