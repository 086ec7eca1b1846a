package ledger

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// File names in the directory of a ledger; see FORMAT.md.
const (
	segmentSuffix  = ".seg"
	tempSuffix     = ".tmp"
	checkpointName = "checkpoint"
	leavesName     = "leaves"
)

// The fixed parts of a segment's header.
const (
	segmentMagic     = "SGLEDGER"
	segmentVersion   = 1
	segmentFixedSize = 32
	hashSize         = 32
	maxSegmentHeader = segmentFixedSize + 64*hashSize + 4
)

// segmentName is the name of the segment whose first record has this index.
func segmentName(first uint64) string { return fmt.Sprintf("%020d%s", first, segmentSuffix) }

// firstOf reads a segment's name.
func firstOf(name string) (uint64, bool) {
	first, err := strconv.ParseUint(strings.TrimSuffix(name, segmentSuffix), 10, 64)
	return first, err == nil && name == segmentName(first)
}

// segments picks the segment files out of names, in order.
func segments(names []string) ([]string, error) {
	var list []string
	for _, name := range names {
		if !strings.HasSuffix(name, segmentSuffix) {
			continue
		}
		if _, ok := firstOf(name); !ok {
			return nil, &DamageError{Segment: name, Reason: "no segment has such a name"}
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return list, nil
}

// A segmentHeader starts a segment: the index of its first record, its marker
// and the compact range of all records before it.
type segmentHeader struct {
	before tree
	marker marker
}

// size is the length of the header in bytes.
func (h segmentHeader) size() int64 {
	return int64(segmentFixedSize + len(h.before.nodes)*hashSize + 4)
}

// encode returns the header's bytes.
func (h segmentHeader) encode() []byte {
	b := append(make([]byte, 0, h.size()), segmentMagic...)
	b = binary.LittleEndian.AppendUint32(b, segmentVersion)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(h.before.nodes)))
	b = binary.LittleEndian.AppendUint64(b, h.before.size)
	b = append(b, h.marker[:]...)
	for _, n := range h.before.nodes {
		b = append(b, n[:]...)
	}
	return binary.LittleEndian.AppendUint32(b, checksum(b))
}

// decodeSegmentHeader reads a header from the start of p.
func decodeSegmentHeader(p []byte) (segmentHeader, fault) {
	if len(p) < segmentFixedSize || string(p[:8]) != segmentMagic {
		return segmentHeader{}, "the segment has no header"
	}
	if v := binary.LittleEndian.Uint32(p[8:]); v != segmentVersion {
		return segmentHeader{}, "the segment is of an unknown version"
	}
	h := segmentHeader{before: tree{size: binary.LittleEndian.Uint64(p[16:])}, marker: marker(p[24:32])}
	n := nodesOf(h.before.size)
	end := segmentFixedSize + n*hashSize
	if binary.LittleEndian.Uint32(p[12:]) != uint32(n) || len(p) < end+4 {
		return segmentHeader{}, "the segment header is out of bounds"
	}
	if binary.LittleEndian.Uint32(p[end:]) != checksum(p[:end]) {
		return segmentHeader{}, "the checksum of the segment header is wrong"
	}
	for at := segmentFixedSize; at < end; at += hashSize {
		h.before.nodes = append(h.before.nodes, hash(p[at:at+hashSize]))
	}
	return h, ""
}

// A segmentReader reads the batches of one segment up to the size that the
// file had when it was opened, so a writer may go on behind it.
type segmentReader struct {
	name   string
	file   file
	header segmentHeader
	size   int64
	offset int64  // of the next batch
	next   uint64 // index of the next record
	buf    []byte
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
	p := make([]byte, min(r.size, maxSegmentHeader))
	if _, err := r.file.ReadAt(p, 0); err != nil && err != io.EOF {
		return err
	}
	first, _ := firstOf(r.name)
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
// next call. It returns io.EOF behind the last one and a *DamageError, without
// moving on, for anything that is not a whole batch in its place.
func (r *segmentReader) batch() (batchHeader, []byte, error) {
	if r.offset == r.size {
		return batchHeader{}, nil, io.EOF
	}
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
	if _, err := r.file.ReadAt(r.buf, offset); err != nil {
		return nil, fmt.Errorf("%s at byte %d: %w", r.name, offset, err)
	}
	return r.buf, nil
}

func (r *segmentReader) damage(records, offset int, f fault) *DamageError {
	return &DamageError{r.next + uint64(records), r.name, r.offset + int64(offset), string(f)}
}

// followed reports whether the place where batch failed is not that of the
// last, unfinished batch: a batch header of this segment stands behind it, or
// there, but with an index that is not its turn, or more follows than one
// batch can be.
func (r *segmentReader) followed() (bool, error) {
	const window = 1 << 20
	if r.size-r.offset > batchHeaderSize+maxBody {
		return true, nil
	}
	if h, err := r.batchHeader(r.offset); err == nil && h.first != r.next {
		return true, nil
	}
	for at := r.offset + 1; at < r.size; at += window - batchHeaderSize {
		p, err := r.read(at, int(min(window, r.size-at)))
		if err != nil {
			return false, err
		}
		if findBatch(p, r.header.marker) {
			return true, nil
		}
	}
	return false, nil
}

// close closes the file.
func (r *segmentReader) close() { r.file.Close() }
