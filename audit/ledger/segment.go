package ledger

import (
	"encoding/binary"
	"fmt"
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
	segmentVersion   = 2
	segmentFixedSize = 32
	hashSize         = 32
	maxSegmentHeader = segmentFixedSize + 64*hashSize + 4
	// maxSegmentFile is the most bytes of a segment: a batch can be larger than
	// Options.SegmentSize and has one of its own then.
	maxSegmentFile = max(maxSegmentSize, maxSegmentHeader+batchHeaderSize+maxBody)
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
