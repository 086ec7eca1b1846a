package ledger

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
)

// A Record is one entry as it is stored.
//
// Controls: HIPAA 164.312(b); NIST CSF 2.0 PR.PS-04.
type Record struct {
	// Index counts from 0.
	Index uint64
	// Data is exactly what was given to Append. It is the caller's to keep.
	Data []byte
	// Segment and Offset say where it lies.
	Segment string
	Offset  int64
}

// Records reads the records from index from, or from the first that was not
// pruned if that is later, up to what is durable at the time of the call of the
// iterator, in order. It stops after the first error: a
// [*DamageError] for a record that is not as it was written, as far as
// checksums tell ([Verify] tells more), or that of ctx or of the disk.
//
// Reading does not hold up writing, and works on a poisoned ledger too; on a
// closed one it returns [ErrClosed]. Who may read, and that reading is itself recorded, is the caller's to see to.
func (l *Ledger) Records(ctx context.Context, from uint64) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		c := &cursor{next: from, end: l.Size(), yield: yield, marks: &l.marks}
		err := c.run(ctx, aheadFS{l.fsys})
		if errors.Is(err, fs.ErrClosed) {
			err = ErrClosed
		}
		if err != nil && err != errStopped {
			yield(Record{}, wrap("read", err))
		}
	}
}

// errStopped says that the caller wants no more.
var errStopped = errors.New("stopped")

// A cursor goes over records.
type cursor struct {
	next, end uint64
	yield     func(Record, error) bool
	marks     *marks // may be nil
}

func (c *cursor) run(ctx context.Context, fsys fileSystem) error {
	floor, err := readFloor(fsys)
	if err != nil {
		return err
	}
	if c.next = max(c.next, floor); c.next >= c.end {
		return nil
	}
	for {
		err := c.follow(ctx, fsys)
		if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		// A pruning may have come in between.
		floor, err := readFloor(fsys)
		if err != nil {
			return err
		}
		if floor <= c.next {
			return c.missing()
		}
		c.next = floor
	}
}

// follow goes from segment to segment.
func (c *cursor) follow(ctx context.Context, fsys fileSystem) error {
	name, err := c.start(fsys)
	for err == nil && c.next < c.end {
		name, err = c.segment(ctx, fsys, name)
	}
	return err
}

// start names a segment at or before the first record that is asked for: the
// nearest that is listed. The others follow from where each one ends.
func (c *cursor) start(fsys fileSystem) (string, error) {
	names, err := fsys.List()
	if err != nil {
		return "", err
	}
	list, err := segments(names)
	if err != nil {
		return "", err
	}
	name := segmentName(0)
	for _, listed := range list {
		if first, _ := firstOf(listed); first <= c.next {
			name = listed
		}
	}
	return name, nil
}

func (c *cursor) missing() error {
	return &DamageError{Index: c.next, Reason: "the record is missing"}
}

// segment yields what is asked for of one segment and names the next one.
func (c *cursor) segment(ctx context.Context, fsys fileSystem, name string) (string, error) {
	r, err := openSegment(fsys, name)
	if err != nil {
		return "", err
	}
	defer r.close()
	c.marks.seek(r, c.next)
	for c.next < c.end {
		if err := ctx.Err(); err != nil {
			return "", err
		}
		c.marks.pass(r)
		at := r.offset
		h, body, err := r.batch()
		if err == io.EOF && r.next == r.header.before.size {
			return "", c.missing() // no records, and so no other segment
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return "", err
		}
		if r.next <= c.next {
			continue
		}
		if err := c.batch(name, at+batchHeaderSize, h.first, body); err != nil {
			return "", err
		}
	}
	return segmentName(r.next), nil
}

// batch yields those records of a batch that are asked for.
func (c *cursor) batch(name string, offset int64, index uint64, body []byte) error {
	for ; len(body) > 0 && index < c.end; index++ {
		prefixed, rest := splitFrame(body)
		if index >= c.next {
			data := append([]byte(nil), prefixed[1:]...)
			c.next = index + 1
			if !c.yield(Record{index, data, name, offset}, nil) {
				return errStopped
			}
		}
		offset += int64(len(body) - len(rest))
		body = rest
	}
	return nil
}
