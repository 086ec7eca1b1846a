package ledger

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
)

// A tileName names a tile or an entry bundle of C2SP tlog-tiles.
type tileName struct {
	entries bool
	level   int    // 0 for entries
	index   uint64 // within the level
	width   int    // 1 to 256
}

// path is where the tile lies.
func (n tileName) path() string {
	level := "entries"
	if !n.entries {
		level = strconv.Itoa(n.level)
	}
	index := fmt.Sprintf("%03d", n.index%1000)
	for rest := n.index / 1000; rest > 0; rest /= 1000 {
		index = fmt.Sprintf("x%03d/", rest%1000) + index
	}
	if n.width == tileWidth {
		return "tile/" + level + "/" + index
	}
	return "tile/" + level + "/" + index + ".p/" + strconv.Itoa(n.width)
}

// parseTileName reads a path in its one spelling.
func parseTileName(path string) (n tileName, ok bool) {
	rest, ok := strings.CutPrefix(path, "tile/")
	level, rest, found := strings.Cut(rest, "/")
	if !ok || !found || len(path) > 64 {
		return n, false
	}
	n.width = tileWidth
	var err error
	if n.entries = level == "entries"; !n.entries {
		if n.level, err = strconv.Atoi(level); err != nil || n.level < 0 || n.level > 63 {
			return n, false
		}
	}
	if index, width, partial := strings.Cut(rest, ".p/"); partial {
		if n.width, err = strconv.Atoi(width); err != nil || n.width < 1 || n.width >= tileWidth {
			return n, false
		}
		rest = index
	}
	digits := strings.NewReplacer("x", "", "/", "").Replace(rest)
	if n.index, err = strconv.ParseUint(digits, 10, 48); err != nil {
		return n, false
	}
	return n, n.path() == path
}

// within reports whether a tree of size records has the tile.
func (n tileName) within(size uint64) bool {
	shift := n.level * tileLevels
	return shift < 64 && n.index*tileWidth+uint64(n.width) <= size>>shift
}

// tile returns the hashes of a tile.
func (v nodeView) tile(n tileName) ([]byte, error) {
	p := make([]byte, 0, n.width*hashSize)
	if n.level == 0 {
		return v.leafTile(n, p[:cap(p)])
	}
	for i := range uint64(n.width) {
		h, err := v.node(n.level*tileLevels, n.index*tileWidth+i)
		if err != nil {
			return nil, err
		}
		p = append(p, h[:]...)
	}
	return p, nil
}

// leafTile reads a tile of level 0, which stands in the leaf index as it is.
func (v nodeView) leafTile(n tileName, p []byte) ([]byte, error) {
	offset := int64(n.index) * tileSize
	if got, err := v.leaves.ReadAt(p, offset); got < len(p) {
		return nil, cmp.Or(err, io.ErrUnexpectedEOF)
	}
	return p, nil
}

// entryBundle reads the records of an entry bundle: each behind its length, two
// bytes, big-endian.
func (r *Reader) entryBundle(ctx context.Context, list []Segment, n tileName) ([]byte, error) {
	next, end := n.index*tileWidth, n.index*tileWidth+uint64(n.width)
	var p []byte
	for _, s := range list {
		if s.End <= next || s.First >= end {
			continue
		}
		if s.First > next {
			break
		}
		err := r.Scan(ctx, s, next, func(rec Record) (err error) {
			if rec.Index == end {
				return errFound
			}
			p, err = appendEntry(p, rec.Data)
			next++
			return err
		})
		if err != nil && err != errFound {
			return nil, err
		}
	}
	if next < end {
		return nil, fs.ErrNotExist // pruned
	}
	return p, nil
}

// maxEntry is the longest record that an entry bundle can hold.
const maxEntry = 1<<16 - 1

func appendEntry(p, record []byte) ([]byte, error) {
	if len(record) > maxEntry {
		return nil, fmt.Errorf("a record of %d bytes is too long for an entry bundle", len(record))
	}
	return append(binary.BigEndian.AppendUint16(p, uint16(len(record))), record...), nil
}
