package ledger

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// The limits of the format. A reader refuses what exceeds them.
const (
	batchHeaderSize = 32
	frameHeaderSize = 8
	maxRecord       = 1<<16 - 1
	maxBody         = 4 << 20
)

// A marker starts every batch of one segment. It is random, so that a record
// cannot hold bytes that pass for a batch.
type marker [8]byte

// checksum is CRC-32C. It finds accidents; the tree finds intent.
func checksum(p []byte) uint32 { return crc32.Checksum(p, castagnoli) }

// castagnoli is the table of CRC-32C, made once and never changed.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// appendFrame appends one record: checksum, length, bytes. The length is
// little-endian and below 2^16, so the byte before the record is zero and
// serves as the leaf prefix of RFC 6962.
func appendFrame(dst, record []byte) []byte {
	at := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(record)))
	dst = append(dst, record...)
	binary.LittleEndian.PutUint32(dst[at:], checksum(dst[at+4:]))
	return dst
}

// frameEnd is where the first frame of a body ends that is known to be whole.
func frameEnd(body []byte) int {
	return frameHeaderSize + int(binary.LittleEndian.Uint32(body[4:]))
}

// A batchHeader stands before the frames that one sync made durable together.
type batchHeader struct {
	first   uint64
	count   uint32
	bodyLen uint32
	bodySum uint32
}

// put writes the header into the first batchHeaderSize bytes of dst.
func (h batchHeader) put(dst []byte, m marker) {
	copy(dst, m[:])
	binary.LittleEndian.PutUint64(dst[8:], h.first)
	binary.LittleEndian.PutUint32(dst[16:], h.count)
	binary.LittleEndian.PutUint32(dst[20:], h.bodyLen)
	binary.LittleEndian.PutUint32(dst[24:], h.bodySum)
	binary.LittleEndian.PutUint32(dst[28:], checksum(dst[:28]))
}

// A fault is why bytes are not what they should be. The zero value is none.
type fault string

// readBatchHeader reads a header of the segment that m belongs to.
func readBatchHeader(p []byte, m marker) (batchHeader, fault) {
	if len(p) < batchHeaderSize {
		return batchHeader{}, "the batch header is incomplete"
	}
	if marker(p[:8]) != m {
		return batchHeader{}, "no batch starts here"
	}
	if binary.LittleEndian.Uint32(p[28:]) != checksum(p[:28]) {
		return batchHeader{}, "the checksum of the batch header is wrong"
	}
	h := batchHeader{
		first:   binary.LittleEndian.Uint64(p[8:]),
		count:   binary.LittleEndian.Uint32(p[16:]),
		bodyLen: binary.LittleEndian.Uint32(p[20:]),
		bodySum: binary.LittleEndian.Uint32(p[24:]),
	}
	if h.count == 0 || h.bodyLen > maxBody || uint64(h.bodyLen) < uint64(h.count)*(frameHeaderSize+1) {
		return batchHeader{}, "the batch header is out of bounds"
	}
	return h, ""
}

// nextFrame splits the first frame off body. prefixed is the record behind its
// zero byte.
func nextFrame(body []byte) (prefixed, rest []byte, f fault) {
	if len(body) < frameHeaderSize {
		return nil, nil, "the frame is incomplete"
	}
	size := binary.LittleEndian.Uint32(body[4:])
	if size == 0 || size > maxRecord || int(size) > len(body)-frameHeaderSize {
		return nil, nil, "the length of the record is out of bounds"
	}
	end := frameHeaderSize + int(size)
	if binary.LittleEndian.Uint32(body) != checksum(body[4:end]) {
		return nil, nil, "the checksum of the record is wrong"
	}
	return body[frameHeaderSize-1 : end], body[end:], ""
}

// checkBody returns the first fault of a body, the number of good frames
// before it and its offset in body.
func checkBody(h batchHeader, body []byte) (good int, at int, f fault) {
	rest := body
	for len(rest) > 0 {
		at = len(body) - len(rest)
		if good == int(h.count) {
			return good, at, "the batch has more frames than its header says"
		}
		if _, rest, f = nextFrame(rest); f != "" {
			return good, at, f
		}
		good++
	}
	if good != int(h.count) {
		return good, len(body), "the batch has fewer frames than its header says"
	}
	if checksum(body) != h.bodySum {
		return 0, 0, "the checksum of the batch is wrong"
	}
	return good, len(body), ""
}

// findBatch reports whether a whole batch header stands anywhere in p.
func findBatch(p []byte, m marker) bool {
	for {
		i := bytes.Index(p, m[:])
		if i < 0 {
			return false
		}
		if _, f := readBatchHeader(p[i:], m); f == "" {
			return true
		}
		p = p[i+1:]
	}
}
