package ledger

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// A segmentReader reads the batches of one segment up to the size that the
// file had when it was opened. A writer may go on in it.
type segmentReader struct {
	name   string
	file   file
	header segmentHeader
	size   int64
	offset int64  // of the next batch
	next   uint64 // index of the next record
	buf    []byte
	tail   int64 // behind the last byte that is not zero, where batch found none
	later  bool  // what stands there is not the last, unfinished batch
}

// openSegment opens a segment and reads its header.
func openSegment(fsys fileSystem, name string) (*segmentReader, error) {
	f, err := fsys.Open(name, false)
	if err != nil {
		return nil, err
	}
	r := &segmentReader{name: name, file: f}
	if err := r.readHeader(); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

func (r *segmentReader) readHeader() (err error) {
	if r.size, err = sizeOf(r.file); err != nil {
		return err
	}
	first, _ := firstOf(r.name)
	if r.size > maxSegmentFile {
		return &DamageError{Index: first, Segment: r.name, Offset: maxSegmentFile, Reason: "the segment is larger than one can be"}
	}
	p := make([]byte, min(r.size, maxSegmentHeader))
	if _, err := r.file.ReadAt(p, 0); err != nil && err != io.EOF {
		return err
	}
	h, f := decodeSegmentHeader(p)
	if f == "" && h.before.size != first {
		f = "the segment is not the one that its name says"
	}
	if f != "" {
		return &DamageError{Index: first, Segment: r.name, Reason: string(f)}
	}
	r.header, r.offset, r.next = h, h.size(), first
	return nil
}

// batch returns the header and the body of the next batch, valid until the
// next call. It returns io.EOF behind the last one, where there is nothing but
// zeros, and a *DamageError, without moving on, for anything that is not a whole
// batch in its place.
//
// What a writer was just writing when it was read first is read again after
// everything behind it, so that it is whole by then if something follows it.
//
// The room at the end of a file is cut off when the next segment is made. If
// that happens meanwhile, reading starts over with the size that it has then.
func (r *segmentReader) batch() (batchHeader, []byte, error) {
	h, body, err := r.current()
	if errors.Is(err, io.ErrUnexpectedEOF) && r.shrunk() {
		return r.current()
	}
	return h, body, err
}

// shrunk reports whether the file is shorter than before.
func (r *segmentReader) shrunk() bool {
	size, err := sizeOf(r.file)
	if err != nil || size >= r.size {
		return false
	}
	r.size = size
	refresh(r.file)
	return true
}

// current is batch for the size that is known.
func (r *segmentReader) current() (batchHeader, []byte, error) {
	if r.offset == r.size {
		return batchHeader{}, nil, io.EOF
	}
	if r.offset > r.size {
		return batchHeader{}, nil, r.damage(0, 0, "the file was cut")
	}
	h, body, err := r.whole()
	if _, damaged := errors.AsType[*DamageError](err); !damaged {
		return h, body, err
	}
	if err := r.lookBehind(); err != nil {
		return h, nil, err
	}
	if r.tail == r.offset {
		return h, nil, io.EOF
	}
	refresh(r.file)
	return r.whole()
}

// whole reads the next batch.
func (r *segmentReader) whole() (batchHeader, []byte, error) {
	h, err := r.batchHeader(r.offset)
	if err != nil {
		return h, nil, err
	}
	if h.first != r.next {
		return h, nil, r.damage(0, 0, "a batch is out of place")
	}
	if int64(h.bodyLen) > r.size-r.offset-batchHeaderSize {
		return h, nil, r.damage(0, 0, "the batch is incomplete")
	}
	body, err := r.read(r.offset+batchHeaderSize, int(h.bodyLen))
	if err != nil {
		return h, nil, err
	}
	if good, at, f := checkBody(h, body); f != "" {
		return h, nil, r.damage(good, batchHeaderSize+at, f)
	}
	r.offset += batchHeaderSize + int64(h.bodyLen)
	r.next += uint64(h.count)
	return h, body, nil
}

// batchHeader reads a batch header at offset.
func (r *segmentReader) batchHeader(offset int64) (batchHeader, error) {
	p, err := r.read(offset, int(min(batchHeaderSize, r.size-offset)))
	if err != nil {
		return batchHeader{}, err
	}
	h, f := readBatchHeader(p, r.header.marker)
	if f != "" {
		return h, r.damage(0, 0, f)
	}
	return h, nil
}

// read fills the buffer with n bytes from offset.
func (r *segmentReader) read(offset int64, n int) ([]byte, error) {
	r.buf = slices.Grow(r.buf[:0], n)[:n]
	_, err := r.file.ReadAt(r.buf, offset)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("%s at byte %d: %w", r.name, offset, err)
	}
	return r.buf, nil
}

func (r *segmentReader) damage(records, offset int, f fault) *DamageError {
	return &DamageError{r.next + uint64(records), r.name, r.offset + int64(offset), string(f)}
}

// lookBehind finds out what stands where batch found no whole one: where the
// zeros begin, up to the end, and whether it is something else than the last,
// unfinished batch. That is so if a batch header of this segment stands behind
// it, or there, but with an index that is not its turn, or if more follows than
// one batch can be.
func (r *segmentReader) lookBehind() error {
	const window = 1 << 20
	h, err := r.batchHeader(r.offset)
	if _, damaged := errors.AsType[*DamageError](err); err != nil && !damaged {
		return err
	}
	r.tail, r.later = r.offset, err == nil && h.first != r.next
	for at := r.offset; at < r.size; at += window {
		// Each window takes a piece of the one before, which a header may begin in.
		from := max(r.offset, at-batchHeaderSize)
		p, err := r.read(from, int(min(at+window, r.size)-from))
		if err != nil {
			return err
		}
		last := lastByte(p)
		if last == 0 {
			continue
		}
		r.tail = from + int64(last)
		if from == r.offset {
			p, last = p[1:], last-1 // not the one that is not whole
		}
		r.later = r.later || findBatch(p[:last], r.header.marker)
	}
	r.later = r.later || r.tail-r.offset > batchHeaderSize+maxBody
	return nil
}

// lastByte returns how long p is without the zeros at its end.
func lastByte(p []byte) int {
	const step = 4096
	var zeros [step]byte
	n := len(p)
	for n >= step && [step]byte(p[n-step:n]) == zeros {
		n -= step
	}
	for n > 0 && p[n-1] == 0 {
		n--
	}
	return n
}

// followed reports whether the place where batch failed is not that of the
// last, unfinished batch.
func (r *segmentReader) followed() (bool, error) { return r.later, nil }

// unfinished is how many bytes stand behind the last whole batch, without the
// zeros at the end, once batch found no other.
func (r *segmentReader) unfinished() int64 { return max(0, r.tail-r.offset) }

// close closes the file.
func (r *segmentReader) close() { r.file.Close() }
