package ledger

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"strconv"
)

// A Segment is one file of records.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Segment struct {
	// Name is its file name, without directory.
	Name string
	// First is the index of its first record, End the one behind its last.
	First, End uint64
	// Bytes is the size of the file; of one that is not sealed, how much of it
	// whole batches take.
	Bytes int64
	// Sealed is true if another segment follows, so that it will not change.
	Sealed bool
}

// A tail remembers how far the last segment was read.
type tail struct {
	name   string
	info   fileInfo
	offset int64
	next   uint64
}

// Segments returns the segments in order, up to what is there now. The last one
// is never Sealed. It reads what was added since the last call, and returns a
// [*DamageError] if something is missing between segments, if the last one is
// broken in front of an intact batch, or if it ends before the checkpoint that
// stands in the directory, whose signature it does not check.
func (r *Reader) Segments(ctx context.Context) ([]Segment, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, wrap("segments", err)
	}
	said, err := saidSize(r.fsys)
	if err != nil {
		return nil, wrap("segments", err)
	}
	list, err := r.unpruned()
	for err == nil {
		var more bool
		if list, more, err = r.last(ctx, list); !more {
			break
		}
	}
	if err != nil {
		return nil, wrap("segments", err)
	}
	if n := len(list); n == 0 && said > 0 || n > 0 && list[n-1].End < said {
		return nil, &DamageError{Index: r.tail.next, Segment: r.tail.name, Offset: r.tail.offset, Reason: "the ledger ends before its checkpoint"}
	}
	return list, nil
}

// saidSize reads the size from the checkpoint that stands in the directory.
// That is no evidence; it only makes an error of what would look like less.
func saidSize(fsys fileSystem) (uint64, error) {
	p, err := readSmall(fsys, checkpointName, maxNote)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, &DamageError{Reason: "the checkpoint is missing"}
	}
	if err != nil {
		return 0, err
	}
	lines := bytes.SplitN(p, []byte("\n"), 3)
	if len(lines) < 3 {
		return 0, &DamageError{Segment: checkpointName, Reason: "it is not a checkpoint"}
	}
	size, err := strconv.ParseUint(string(lines[1]), 10, 63)
	if err != nil {
		return 0, &DamageError{Segment: checkpointName, Reason: "it is not a checkpoint"}
	}
	return size, nil
}

// unpruned is listed, again if a pruning came in between.
func (r *Reader) unpruned() ([]Segment, error) {
	for {
		before, err := readFloor(r.fsys)
		if err != nil {
			return nil, err
		}
		list, err := r.listed(before)
		if err == nil {
			return list, nil
		}
		if after, ferr := readFloor(r.fsys); ferr != nil || after <= before {
			return nil, err
		}
	}
}

// listed returns what the directory lists from the floor on. The End of the
// last one is not known yet.
func (r *Reader) listed(floor uint64) ([]Segment, error) {
	names, err := r.fsys.List()
	if err != nil {
		return nil, err
	}
	sorted, err := segments(names)
	if err != nil {
		return nil, err
	}
	r.files.keep(sorted)
	var list []Segment
	for _, name := range from(sorted, floor) {
		first, _ := firstOf(name)
		if n := len(list); n > 0 {
			list[n-1].End, list[n-1].Sealed = first, true
		} else if first != floor {
			return nil, &DamageError{Index: floor, Segment: segmentName(floor), Reason: "the segment is missing"}
		}
		info, err := r.fsys.Stat(name)
		if err != nil {
			return nil, err
		}
		list = append(list, Segment{Name: name, First: first, End: first, Bytes: info.Size()})
	}
	return list, nil
}

// last finds the end of the last segment of list. If another one follows by
// now, it is added, and more is true.
func (r *Reader) last(ctx context.Context, list []Segment) (_ []Segment, more bool, err error) {
	n := len(list)
	if n == 0 {
		return nil, false, nil
	}
	if err := r.readTail(ctx, list[n-1].Name); err != nil {
		return nil, false, err
	}
	list[n-1].End, list[n-1].Bytes = r.tail.next, r.tail.offset
	name := segmentName(r.tail.next)
	if r.tail.next == list[n-1].First {
		return list, false, nil
	}
	_, err = r.fsys.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return list, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	list[n-1].Sealed = true
	return append(list, Segment{Name: name, First: r.tail.next, End: r.tail.next}), true, nil
}

// readTail reads on in the last segment, from where it came to before.
func (r *Reader) readTail(ctx context.Context, name string) error {
	s, err := openSegment(aheadFS{r.fsys}, name)
	if err != nil {
		return err
	}
	defer s.close()
	info, err := s.file.Stat()
	if err != nil {
		return err
	}
	if t := r.tail; t.name == name && info.Same(t.info) && info.Size() >= t.offset {
		s.offset, s.next = t.offset, t.next
	}
	if err := wholeBatches(ctx, s); err != nil {
		return err
	}
	r.tail = tail{name, info, s.offset, s.next}
	return nil
}

// wholeBatches reads up to the end, or up to what is no whole batch if that can
// be a write that is going on.
func wholeBatches(ctx context.Context, s *segmentReader) error {
	for !room(s) {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, _, err := s.batch()
		if err == io.EOF {
			return nil
		}
		if _, damaged := errors.AsType[*DamageError](err); damaged && !s.later {
			return nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// room reports whether zeros stand where the next batch would, as many as a
// look can tell: all the room of a segment would have to be read at every call
// to know. What stands further behind is not missed for long, since the next
// checkpoint covers it.
func room(s *segmentReader) bool {
	const look = 16 << 10
	p, err := s.read(s.offset, int(min(8, s.size-s.offset)))
	if err != nil || lastByte(p) > 0 {
		return false
	}
	p, err = s.read(s.offset, int(min(look, s.size-s.offset)))
	return err == nil && lastByte(p) == 0
}
