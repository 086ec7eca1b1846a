// Package index keeps, in a file beside nothing that counts, where in one
// sealed segment of a ledger each key stands: a Bloom filter, the positions of
// every key, and the offset and time of every record.
//
// A file is a row of pages, each with a tag of HMAC-SHA-256 under a key that
// the segment's ledger, place and size are part of. So a page is believed
// only if the holder of the secret wrote it, at this place in this file, for
// this segment: a damaged, cut, exchanged or edited file gives [ErrIndex], not
// a smaller answer. There is nothing random in it: built again from the same
// segment it is the same, byte for byte.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1); NIST CSF 2.0 PR.PS-04, PR.DS-01.
package index

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
)

// ErrIndex reports an index that cannot be believed or read. The segment itself
// answers instead.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
var ErrIndex = errors.New("index: not a sound index of this segment")

// The layout of a file.
const (
	magic       = "SGQINDEX"
	version     = 1
	pageSize    = 4096
	tagSize     = 16
	payloadSize = pageSize - tagSize
	blockSize   = 64 // of the Bloom filter
	entrySize   = 16 // of the dictionary
	rowSize     = 12 // of a record
	bitsPerKey  = 10
	probes      = 7
	headerSize  = 8 + 4 + 4*4 + 2*8 + sha256.Size
)

// Limits of what is written and read.
const (
	maxRecords  = 1 << 22
	maxPostings = 1 << 26
	maxFile     = 1 << 31
)

// A Segment is what a file is the index of.
type Segment struct {
	// Ledger tells ledgers apart.
	Ledger string
	// Name, First, End and Bytes are those of the ledger.Segment.
	Name       string
	First, End uint64
	Bytes      int64
}

// A Key is what is looked for: the first 64 bits of a hash. Two things may have
// the same one, so what is found must be looked at.
type Key uint64

// KeyOf returns the key of something of a kind, injective in its parts but for
// the width of the hash. scratch is overwritten, to save an allocation.
func KeyOf(scratch *[]byte, kind byte, parts ...[]byte) Key {
	b := append((*scratch)[:0], kind)
	for _, p := range parts {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(p)))
		b = append(b, p...)
	}
	*scratch = b
	sum := sha256.Sum256(b)
	return Key(binary.BigEndian.Uint64(sum[:]))
}

// header is the fixed start of the first page's payload.
type header struct {
	blocks, entries, postings, records uint32
	earliest, latest                   int64 // Unix nanoseconds of the records
	last                               [sha256.Size]byte
}

func (h header) append(dst []byte) []byte {
	dst = append(dst, magic...)
	for _, v := range [...]uint32{version, h.blocks, h.entries, h.postings, h.records} {
		dst = binary.LittleEndian.AppendUint32(dst, v)
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.earliest))
	dst = binary.LittleEndian.AppendUint64(dst, uint64(h.latest))
	return append(dst, h.last[:]...)
}

// readHeader reads a header that is within bounds.
func readHeader(p []byte, s Segment) (header, bool) {
	if len(p) < headerSize || string(p[:8]) != magic || binary.LittleEndian.Uint32(p[8:]) != version {
		return header{}, false
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(p[12+4*i:]) }
	h := header{
		blocks: word(0), entries: word(1), postings: word(2), records: word(3),
		earliest: int64(binary.LittleEndian.Uint64(p[28:])), latest: int64(binary.LittleEndian.Uint64(p[36:])),
		last: [sha256.Size]byte(p[44:]),
	}
	sound := h.blocks > 0 && h.records > 0 && h.records <= maxRecords && h.postings <= maxPostings*binary.MaxVarintLen32 &&
		uint64(h.records) == s.End-s.First && h.entries <= h.postings && h.size() <= maxFile
	return h, sound
}

// The sections follow the header, one right behind the other.
func (h header) blockAt() int64   { return headerSize }
func (h header) entryAt() int64   { return h.blockAt() + int64(h.blocks)*blockSize }
func (h header) postingAt() int64 { return h.entryAt() + int64(h.entries)*entrySize }
func (h header) rowAt() int64     { return h.postingAt() + int64(h.postings) }
func (h header) payload() int64   { return h.rowAt() + int64(h.records)*rowSize }

func (h header) pages() int64 { return (h.payload() + payloadSize - 1) / payloadSize }
func (h header) size() int64  { return h.pages() * pageSize }

// A sealer makes the tags of the pages of one file. It is for one goroutine.
type sealer struct{ mac hash.Hash }

// newSealer derives the file's key from the secret and the segment.
func newSealer(secret []byte, s Segment) *sealer {
	b := []byte("safeguard audit index 1\n")
	for _, text := range [...]string{s.Ledger, s.Name} {
		b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
		b = append(b, text...)
	}
	for _, v := range [...]uint64{s.First, s.End, uint64(s.Bytes)} {
		b = binary.LittleEndian.AppendUint64(b, v)
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write(b)
	return &sealer{hmac.New(sha256.New, mac.Sum(nil))}
}

// tag appends the tag of a page's payload to dst.
func (s *sealer) tag(dst []byte, page uint64, payload []byte) []byte {
	s.mac.Reset()
	var n [8]byte
	binary.LittleEndian.PutUint64(n[:], page)
	s.mac.Write(n[:])
	s.mac.Write(payload)
	var sum [sha256.Size]byte
	return append(dst, s.mac.Sum(sum[:0])[:tagSize]...)
}

// block returns the block of the filter that k belongs to, and its bits there.
func (k Key) block(blocks uint32) (at uint32, bits [blockSize / 8]uint64) {
	h := uint64(k) * 0x9E3779B97F4A7C15
	at = uint32((uint64(uint32(uint64(k)>>32)) * uint64(blocks)) >> 32)
	for range probes {
		bits[h>>61] |= 1 << (h >> 55 & 63)
		h *= 0xD1342543DE82EF95
		h ^= h >> 32
	}
	return at, bits
}
