package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sync"

	"github.com/safeguard-sdk/safeguard/audit/internal/merkle"
)

// A tile is 256 hashes: eight levels of the tree, as in C2SP tlog-tiles.
const (
	tileLevels = 8
	tileWidth  = 1 << tileLevels
	tileSize   = tileWidth * hashSize
)

// A nodeCache keeps the roots of the full tiles that were read, an eighth of a
// byte for each record, so that a proof costs no more than a few reads. It
// comes from the leaf index, which is no evidence: whatever is built from it is
// held against a signed root.
type nodeCache struct {
	mu     sync.Mutex
	levels [][]hash // of level 8, 16, …; only added to
}

// A nodeView finds the nodes of a tree of a fixed size.
type nodeView struct {
	leaves io.ReaderAt
	levels [][]hash
}

// view returns the nodes of the tree of size records, whose leaves are given.
func (c *nodeCache) view(ctx context.Context, leaves io.ReaderAt, size uint64) (nodeView, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.levels) == 0 {
		c.levels = append(c.levels, nil)
	}
	if err := c.readTiles(ctx, leaves, size>>tileLevels); err != nil {
		return nodeView{}, err
	}
	for level := 0; len(c.levels[level]) >= tileWidth; level++ {
		if level+1 == len(c.levels) {
			c.levels = append(c.levels, nil)
		}
		for n := len(c.levels[level+1]); (n+1)*tileWidth <= len(c.levels[level]); n++ {
			c.levels[level+1] = append(c.levels[level+1], perfect(c.levels[level][n*tileWidth:(n+1)*tileWidth]))
		}
	}
	return nodeView{leaves, append([][]hash(nil), c.levels...)}, nil
}

// readTiles reads full tiles of leaves up to this many, on all processors.
func (c *nodeCache) readTiles(ctx context.Context, leaves io.ReaderAt, tiles uint64) error {
	have := uint64(len(c.levels[0]))
	if tiles <= have {
		return nil
	}
	roots := make([]hash, tiles-have)
	workers := min(runtime.GOMAXPROCS(0), len(roots))
	errs := make([]error, workers)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			low, high := len(roots)*w/workers, len(roots)*(w+1)/workers
			errs[w] = tileRoots(ctx, leaves, have+uint64(low), roots[low:high])
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	c.levels[0] = append(c.levels[0], roots...)
	return nil
}

// tileRoots reads the tiles from the first one on and computes their roots.
func tileRoots(ctx context.Context, leaves io.ReaderAt, first uint64, roots []hash) error {
	const step = 32
	buf := make([]hash, step*tileWidth)
	for at := 0; at < len(roots); at += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(step, len(roots)-at)
		if err := readHashes(leaves, (first+uint64(at))*tileWidth, buf[:n*tileWidth]); err != nil {
			return err
		}
		for i := range n {
			roots[at+i] = perfect(buf[i*tileWidth : (i+1)*tileWidth])
		}
	}
	return nil
}

// readHashes fills dst with the hashes from index first of the leaf index.
func readHashes(leaves io.ReaderAt, first uint64, dst []hash) error {
	p := make([]byte, len(dst)*hashSize)
	if n, err := leaves.ReadAt(p, int64(first)*hashSize); n < len(p) {
		if err == io.EOF || err == nil {
			return &DamageError{Index: first + uint64(n/hashSize), Segment: leavesName, Offset: int64(first)*hashSize + int64(n), Reason: "the leaf index ends before the signed checkpoint"}
		}
		return err
	}
	for i := range dst {
		dst[i] = hash(p[i*hashSize : (i+1)*hashSize])
	}
	return nil
}

// holdsLeaves returns a *DamageError if the leaf index ends before size, which
// may come from a checkpoint whose signature nobody checked.
func holdsLeaves(f file, size uint64) error {
	has, err := sizeOf(f)
	if err != nil {
		return err
	}
	if leaves := uint64(has) / hashSize; leaves < size {
		return &DamageError{Index: leaves, Segment: leavesName, Offset: has, Reason: "the leaf index ends before the checkpoint"}
	}
	return nil
}

// perfect returns the root of a perfect subtree.
func perfect(leaves []hash) hash {
	nodes := append([]hash(nil), leaves...)
	for n := len(nodes); n > 1; n /= 2 {
		for i := range n / 2 {
			nodes[i] = merkle.Node(nodes[2*i], nodes[2*i+1])
		}
	}
	return nodes[0]
}

// node is a merkle.Nodes.
func (v nodeView) node(level int, index uint64) (hash, error) {
	below := level % tileLevels
	row := make([]hash, 1<<below)
	first := index << below
	if level < tileLevels {
		err := readHashes(v.leaves, first, row)
		if err != nil {
			return hash{}, err
		}
		return perfect(row), nil
	}
	at := level/tileLevels - 1
	if at >= len(v.levels) || first+uint64(len(row)) > uint64(len(v.levels[at])) {
		return hash{}, fmt.Errorf("no node %d at level %d", index, level)
	}
	copy(row, v.levels[at][first:])
	return perfect(row), nil
}

// tree returns the nodes of the tree of size records, until done is called.
func (r *Reader) tree(ctx context.Context, size uint64) (v nodeView, done func(), err error) {
	f, err := r.fsys.Open(leavesName, false)
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil, &DamageError{Segment: leavesName, Reason: "the leaf index is missing"}
	}
	if err != nil {
		return v, nil, err
	}
	if err := holdsLeaves(f, size); err != nil {
		f.Close()
		return v, nil, err
	}
	if v, err = r.nodes.view(ctx, f, size); err != nil {
		f.Close()
		return v, nil, err
	}
	return v, func() { f.Close() }, nil
}
