package index

import (
	"cmp"
	"encoding/binary"
	"math"
	"slices"
)

// A Builder takes in the records of one segment, in order. While it does, it
// can be asked like a [File]: it is also the index of a segment that still
// grows. It is for one goroutine at a time; the zero value is ready for use.
// It takes 16 bytes of memory a record and 16 a key.
type Builder struct {
	rows     []Row
	postings []posting
}

// A posting says that a record has a key.
type posting struct {
	key      Key
	position uint32
}

// A Row is where a record lies in its segment, and its time.
type Row struct {
	Offset int64
	Time   int64 // Unix nanoseconds, or NoTime
}

// NoTime stands for the time of a record that has none that can be read. Such a
// record is in every range.
const NoTime = math.MinInt64

// Add takes in the next record. The keys may hold one twice. It reports false
// for a record that an index has no room for.
func (b *Builder) Add(row Row, keys []Key) bool {
	n := len(b.rows)
	if n >= maxRecords || row.Offset < 0 || row.Offset > 1<<32-1 || len(b.postings)+len(keys) > maxPostings {
		return false
	}
	first := len(b.postings)
	for _, k := range keys {
		p := posting{k, uint32(n)}
		if !slices.Contains(b.postings[first:], p) {
			b.postings = append(b.postings, p)
		}
	}
	b.rows = append(b.rows, row)
	return true
}

// Len returns how many records were taken in.
func (b *Builder) Len() int { return len(b.rows) }

// Find returns the positions of the records that have a key, in order.
func (b *Builder) Find(k Key) ([]uint32, error) {
	var list []uint32
	for _, p := range b.postings {
		if p.key == k {
			list = append(list, p.position)
		}
	}
	return list, nil
}

// Row returns the row of a record.
func (b *Builder) Row(position uint32) (Row, error) { return b.rows[position], nil }

// Encode returns the file of what was taken in, or nil if that is not all of
// the segment. last is the SHA-256 of the segment's last record.
func (b *Builder) Encode(secret []byte, s Segment, last [32]byte) []byte {
	if len(b.rows) == 0 || uint64(len(b.rows)) != s.End-s.First {
		return nil
	}
	sorted := slices.Clone(b.postings)
	slices.SortFunc(sorted, func(x, y posting) int {
		return cmp.Or(cmp.Compare(x.key, y.key), cmp.Compare(x.position, y.position))
	})
	keys, dictionary, postings := tables(sorted)
	h := header{
		blocks: uint32((len(keys)*bitsPerKey + blockSize*8 - 1) / (blockSize * 8)), entries: uint32(len(keys)),
		postings: uint32(len(postings)), records: uint32(len(b.rows)),
	}
	h.blocks = max(h.blocks, 1)
	h.earliest, h.latest = b.span()
	h.last = last
	payload := h.append(make([]byte, 0, h.payload()))
	payload = append(payload, filter(keys, h.blocks)...)
	payload = append(append(payload, dictionary...), postings...)
	for _, row := range b.rows {
		payload = binary.LittleEndian.AppendUint32(payload, uint32(row.Offset))
		payload = binary.LittleEndian.AppendUint64(payload, uint64(row.Time))
	}
	return paged(payload, newSealer(secret, s))
}

// tables returns the keys, the dictionary and the positions of sorted postings.
func tables(sorted []posting) (keys []Key, dictionary, positions []byte) {
	for len(sorted) > 0 {
		k, n := sorted[0].key, 0
		at, before := len(positions), uint32(0)
		for n < len(sorted) && sorted[n].key == k {
			positions = binary.AppendUvarint(positions, uint64(sorted[n].position-before))
			before, n = sorted[n].position, n+1
		}
		keys, sorted = append(keys, k), sorted[n:]
		dictionary = binary.LittleEndian.AppendUint64(dictionary, uint64(k))
		dictionary = binary.LittleEndian.AppendUint32(dictionary, uint32(at))
		dictionary = binary.LittleEndian.AppendUint32(dictionary, uint32(n))
	}
	return keys, dictionary, positions
}

// span returns the times of the earliest and the latest record, all of time if
// one has none.
func (b *Builder) span() (earliest, latest int64) {
	earliest, latest = b.rows[0].Time, b.rows[0].Time
	for _, row := range b.rows {
		if row.Time == NoTime {
			return math.MinInt64, math.MaxInt64
		}
		earliest, latest = min(earliest, row.Time), max(latest, row.Time)
	}
	return earliest, latest
}

// filter returns the Bloom filter of keys.
func filter(keys []Key, blocks uint32) []byte {
	words := make([]uint64, int(blocks)*blockSize/8)
	for _, k := range keys {
		at, bits := k.block(blocks)
		for i, bit := range bits {
			words[int(at)*blockSize/8+i] |= bit
		}
	}
	out := make([]byte, 0, len(words)*8)
	for _, w := range words {
		out = binary.LittleEndian.AppendUint64(out, w)
	}
	return out
}

// paged cuts payload into pages with tags, the last one filled up with zeros.
func paged(payload []byte, s *sealer) []byte {
	pages := (len(payload) + payloadSize - 1) / payloadSize
	out := make([]byte, 0, pages*pageSize)
	for page := range pages {
		body := payload[page*payloadSize : min(len(payload), (page+1)*payloadSize)]
		out = append(out, body...)
		out = append(out, make([]byte, payloadSize-len(body))...)
		out = s.tag(out, uint64(page), out[page*pageSize:])
	}
	return out
}
