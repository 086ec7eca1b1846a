package ledger

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
)

// A place is where a record lies.
type place struct {
	segment string
	offset  int64 // of its frame
	index   uint64
}

// A walk goes over a whole directory, from the first record to the last, and
// knows what it saw.
type walk struct {
	fsys fileSystem
	// visit, if set, gets every good record behind its zero byte, valid during
	// the call, and its hash, after tree has taken it in.
	visit func(at place, prefixed []byte, leaf hash) error
	// skipped, if set, is called after tree has taken in the hash of a record
	// that was pruned.
	skipped func() error
	// progress, if set, is called now and then with the number of records.
	progress func(done uint64)

	pipe      *pipe
	floor     uint64 // the first record that is not pruned
	most      uint64 // what floor can be at most
	tree      tree
	segments  []string
	last      *segmentReader // closed; where it stopped
	lastBatch batchSpan
	stop      *DamageError // why the last segment ends before its size
}

// A batchSpan is the last batch of the last segment that has one.
type batchSpan struct{ offset, size int64 }

// extra is how many bytes lie behind the last whole batch, without zeros at the
// end.
func (w *walk) extra() int64 {
	if w.last == nil {
		return 0
	}
	return w.last.unfinished()
}

// run walks. It returns a *DamageError for everything that no interrupted
// write can have left. An unfinished batch at the very end is no error: it is
// in stop.
//
// The way goes by names: where one segment ends, the next one's name is known.
// The list of names may lack what a writer adds meanwhile; it only shows what
// the way must have led to, since it is older than all that is read.
func (w *walk) run(ctx context.Context) error {
	names, err := w.fsys.List()
	if err != nil {
		return err
	}
	listed, err := segments(names)
	if err != nil {
		return err
	}
	if err := w.skip(ctx); err != nil {
		return err
	}
	listed = from(listed, w.floor)
	for {
		name := segmentName(w.tree.size)
		more, err := w.segment(ctx, name, len(listed) == 0 || listed[len(listed)-1] <= name)
		if errors.Is(err, fs.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
		w.segments = append(w.segments, name)
		if !more {
			break
		}
	}
	return w.unvisited(listed)
}

// skip takes in the hashes of the records that were pruned. They are held
// against the header of the first segment that is left, and so against the
// signed root.
func (w *walk) skip(ctx context.Context) (err error) {
	if w.floor, err = readFloor(w.fsys); err != nil || w.floor == 0 {
		return err
	}
	if w.floor > w.most {
		return &DamageError{Segment: floorName, Reason: "it lies behind the signed checkpoint"}
	}
	index, err := openLeafIndex(w.fsys, w.floor)
	if err != nil {
		return err
	}
	defer index.close()
	for w.tree.size < w.floor {
		leaf, ok := index.next()
		if !ok {
			return &DamageError{Index: w.tree.size, Segment: leavesName, Offset: int64(w.tree.size) * hashSize, Reason: "the hash of a pruned record is missing"}
		}
		w.tree.append(leaf)
		if w.skipped == nil {
			continue
		}
		if err := w.skipped(); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// from leaves out the segments that a pruning did not come to remove.
func from(listed []string, floor uint64) []string {
	at, _ := slices.BinarySearch(listed, segmentName(floor))
	return listed[at:]
}

// unvisited finds the first listed segment that the way did not lead to.
func (w *walk) unvisited(listed []string) error {
	for _, name := range listed {
		if _, visited := slices.BinarySearch(w.segments, name); visited {
			continue
		}
		first, _ := firstOf(name)
		if first < w.tree.size {
			return &DamageError{Index: first, Segment: name, Reason: "no segment starts with this entry"}
		}
		return &DamageError{Index: w.tree.size, Segment: segmentName(w.tree.size), Reason: "the segment is missing"}
	}
	return nil
}

// segment walks one segment and reports whether another may follow it.
func (w *walk) segment(ctx context.Context, name string, last bool) (more bool, err error) {
	r, err := openSegment(aheadFS{w.fsys}, name)
	if err != nil {
		return false, err
	}
	defer r.close()
	if err := w.exact(); err != nil {
		return false, err
	}
	if r.header.before.root() != w.tree.root() {
		return false, w.broken(name)
	}
	w.last, w.lastBatch = r, batchSpan{}
	stop, err := w.batches(ctx, r)
	if err != nil {
		return false, err
	}
	if stop == nil && r.next > r.header.before.size {
		return true, nil
	}
	if stop == nil && last {
		return false, nil
	}
	if stop == nil {
		return false, r.damage(0, 0, "the segment has no records and is not the last")
	}
	return false, w.stopped(stop, last)
}

// exact refuses room behind the last batch of a segment that another one
// follows. It is asked when that one is there, since the room is cut off right
// before.
func (w *walk) exact() error {
	if w.last == nil {
		return nil
	}
	info, err := w.fsys.Stat(w.last.name)
	if err == nil && info.Size() != w.last.offset {
		return w.last.damage(0, 0, "more bytes follow the last batch of a segment that is not the last")
	}
	return err
}

// stopped accepts stop as the end if it can be what an interrupted write left.
func (w *walk) stopped(stop *DamageError, last bool) error {
	if !last {
		return stop
	}
	followed, err := w.last.followed()
	if err != nil {
		return err
	}
	if followed {
		return stop
	}
	w.stop = stop
	return nil
}

// broken says that the segments before name do not give the tree that name
// continues. Those before the last one did, so it must be that one.
func (w *walk) broken(name string) *DamageError {
	d := &DamageError{Reason: "the records before " + name + " are not those that it continues, and no single one can be named"}
	if w.last != nil {
		d.Index = w.last.header.before.size
	}
	return d
}

// batches walks one segment up to its end or to the first thing that is not a
// batch, which it returns.
func (w *walk) batches(ctx context.Context, r *segmentReader) (*DamageError, error) {
	if w.pipe == nil {
		w.pipe = newPipe(w.take)
	}
	p := w.pipe
	defer p.stop()
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		at := r.offset
		h, body, err := r.batch()
		if err == nil {
			w.lastBatch = batchSpan{at, r.offset - at}
			err = p.add(r.name, h.first, at+batchHeaderSize, body)
		} else if ferr := p.flush(); ferr != nil {
			err = ferr
		} else if err == io.EOF {
			return nil, nil
		} else if damage, ok := errors.AsType[*DamageError](err); ok {
			return damage, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// take takes in hashed records.
func (w *walk) take(j *job) error {
	err := j.each(func(at place, prefixed []byte, leaf hash) error {
		w.tree.append(leaf)
		if w.visit == nil {
			return nil
		}
		return w.visit(at, prefixed, leaf)
	})
	if err == nil && w.progress != nil {
		w.progress(w.tree.size)
	}
	return err
}
