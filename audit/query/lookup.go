package query

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/query/internal/index"
)

// indexes are the files of one ledger.
type indexes struct {
	dir    string
	key    IndexKey
	ledger string

	mu   sync.Mutex
	last map[string][sha256.Size]byte // of segments whose last record was compared
}

func newIndexes(dir string, key IndexKey, name string) *indexes {
	sum := sha256.Sum256([]byte(name))
	return &indexes{
		dir: filepath.Join(dir, hex.EncodeToString(sum[:8])), key: key, ledger: name,
		last: map[string][sha256.Size]byte{},
	}
}

func (x *indexes) path(s ledger.Segment) string { return filepath.Join(x.dir, s.Name+".idx") }

// of is the segment as an index knows it.
func (x *indexes) of(s ledger.Segment) index.Segment {
	return index.Segment{Ledger: x.ledger, Name: s.Name, First: s.First, End: s.End, Bytes: s.Bytes}
}

// A finder is an index that is asked.
type finder interface {
	Find(k index.Key) ([]uint32, error)
	Row(position uint32) (index.Row, error)
}

// open opens the index of a sealed segment and compares it with the segment's
// last record. close is to be called if err is nil.
func (v *view) open(ctx context.Context, s ledger.Segment) (f *index.File, close func() error, err error) {
	file, err := os.Open(v.index.path(s))
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			file.Close()
		}
	}()
	info, err := file.Stat()
	if err != nil {
		return nil, nil, err
	}
	f, err = index.Open(file, info.Size(), v.index.key, v.index.of(s))
	if err != nil {
		return nil, nil, err
	}
	if err = v.index.sameLast(ctx, v.reader, s, f); err != nil {
		return nil, nil, err
	}
	return f, file.Close, nil
}

// sameLast compares the last record of a segment with what its index says, once.
func (x *indexes) sameLast(ctx context.Context, r reader, s ledger.Segment, f *index.File) error {
	want, position := f.Last()
	x.mu.Lock()
	known, ok := x.last[s.Name]
	x.mu.Unlock()
	if ok && known == want {
		return nil
	}
	row, err := f.Row(position)
	if err != nil {
		return err
	}
	last, err := r.ReadAt(ctx, s.Name, row.Offset)
	if err != nil {
		return err
	}
	if sha256.Sum256(last) != want {
		return index.ErrIndex
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.last[s.Name] = want
	return nil
}

// indexed asks the index of a segment. ok is false if there is none that can be
// believed; the segment itself answers then.
func (v *view) indexed(ctx context.Context, at int, m *matcher, from uint64) (list []place, ok bool, err error) {
	s := v.segments[at]
	if v.index == nil || v.unindexed {
		return nil, false, nil
	}
	if !s.Sealed {
		return v.growing(ctx, at, m, from)
	}
	f, closeFile, err := v.open(ctx, s)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, v.doubt(ctx, s)
	}
	defer closeFile()
	if earliest, latest := f.Span(); latest < m.from || earliest >= m.to {
		return nil, true, nil
	}
	list, err = v.find(f, at, m, from)
	if err != nil {
		return nil, false, v.doubt(ctx, s)
	}
	return list, true, nil
}

// doubt notes that the index of s was not believed. If only the time has run
// out, that is the error.
func (v *view) doubt(ctx context.Context, s ledger.Segment) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v.distrust(s.Name)
	return nil
}

// find returns the places of the keys of m.
func (v *view) find(f finder, at int, m *matcher, from uint64) ([]place, error) {
	positions, err := union(f, m.keys)
	if err != nil {
		return nil, err
	}
	var list []place
	for _, position := range positions {
		i := v.segments[at].First + uint64(position)
		if i < from || i >= v.segments[at].End {
			continue
		}
		row, err := f.Row(position)
		if err != nil {
			return nil, err
		}
		if m.within(row.Time) {
			list = append(list, place{i, at, row.Offset})
		}
	}
	return list, nil
}

// union returns the positions that have any of the keys, in order, each once.
func union(f finder, keys []index.Key) ([]uint32, error) {
	var all []uint32
	for _, k := range keys {
		list, err := f.Find(k)
		if err != nil {
			return nil, err
		}
		all = append(all, list...)
	}
	slices.Sort(all)
	return slices.Compact(all), nil
}
