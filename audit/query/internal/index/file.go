package index

import (
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"sync"
)

// A File answers from the index of one segment. Every page that it reads is
// checked, every time. It is safe for concurrent use.
type File struct {
	header header
	from   io.ReaderAt

	mu     sync.Mutex
	sealer *sealer
	page   [pageSize]byte // the one that was read last
	number int64
	valid  bool
}

// Open reads the header of an index of size bytes. It returns ErrIndex if it is
// not one of this segment under this secret.
func Open(from io.ReaderAt, size int64, secret []byte, s Segment) (*File, error) {
	f := &File{from: from, sealer: newSealer(secret, s)}
	if size < pageSize || size > maxFile || s.End <= s.First {
		return nil, ErrIndex
	}
	f.header = header{records: 1} // enough to read the first page
	p, err := f.read(nil, 0, headerSize)
	if err != nil {
		return nil, err
	}
	h, ok := readHeader(p, s)
	if !ok || h.size() != size {
		return nil, ErrIndex
	}
	f.header = h
	return f, nil
}

// Span returns the times of the earliest and the latest record, in Unix
// nanoseconds.
func (f *File) Span() (earliest, latest int64) { return f.header.earliest, f.header.latest }

// Last returns the SHA-256 that the last record of the segment must have, and
// its position.
func (f *File) Last() (sum [32]byte, position uint32) { return f.header.last, f.header.records - 1 }

// Find returns the positions of the records that have a key, in order.
func (f *File) Find(k Key) ([]uint32, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if may, err := f.may(k); err != nil || !may {
		return nil, err
	}
	at, count, err := f.entry(k)
	if err != nil || count == 0 {
		return nil, err
	}
	return f.list(at, count)
}

// May reports whether the filter lets a key pass.
func (f *File) May(k Key) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.may(k)
}

func (f *File) may(k Key) (bool, error) {
	at, bits := k.block(f.header.blocks)
	var buf [blockSize]byte
	block, err := f.read(buf[:0], f.header.blockAt()+int64(at)*blockSize, blockSize)
	if err != nil {
		return false, err
	}
	for i, bit := range bits {
		if binary.LittleEndian.Uint64(block[8*i:])&bit != bit {
			return false, nil
		}
	}
	return true, nil
}

// entry looks a key up in the dictionary, which is in order. Keys are hashes,
// so the place of one can be told from its value, nearly.
func (f *File) entry(k Key) (at, count uint32, err error) {
	low, high := int64(0), int64(f.header.entries)
	guess := int64((uint64(uint32(uint64(k)>>32)) * uint64(f.header.entries)) >> 32)
	step := int64(64)
	for low < high {
		if guess < low || guess >= high {
			guess = (low + high) / 2
		}
		var buf [entrySize]byte
		p, err := f.read(buf[:0], f.header.entryAt()+guess*entrySize, entrySize)
		if err != nil {
			return 0, 0, err
		}
		switch here := Key(binary.LittleEndian.Uint64(p)); {
		case here == k:
			return binary.LittleEndian.Uint32(p[8:]), binary.LittleEndian.Uint32(p[12:]), nil
		case here < k:
			low, guess = guess+1, guess+step
		default:
			high, guess = guess, guess-step
		}
		step *= 2
	}
	return 0, 0, nil
}

// list reads count positions from the postings at an offset.
func (f *File) list(at, count uint32) ([]uint32, error) {
	h := f.header
	if count > h.records || at > h.postings {
		return nil, ErrIndex
	}
	size := min(int64(h.postings-at), int64(count)*binary.MaxVarintLen32)
	p, err := f.read(make([]byte, 0, size), h.postingAt()+int64(at), int(size))
	if err != nil {
		return nil, err
	}
	out := make([]uint32, 0, count)
	position := uint64(0)
	for i := range count {
		delta, n := binary.Uvarint(p)
		position += delta
		if n <= 0 || position >= uint64(h.records) || i > 0 && delta == 0 {
			return nil, ErrIndex
		}
		out, p = append(out, uint32(position)), p[n:]
	}
	return out, nil
}

// Row returns the row of a record.
func (f *File) Row(position uint32) (Row, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if position >= f.header.records {
		return Row{}, ErrIndex
	}
	var buf [rowSize]byte
	p, err := f.read(buf[:0], f.header.rowAt()+int64(position)*rowSize, rowSize)
	if err != nil {
		return Row{}, err
	}
	return Row{int64(binary.LittleEndian.Uint32(p)), int64(binary.LittleEndian.Uint64(p[4:]))}, nil
}

// Check reads every page and returns ErrIndex if one is not sound.
func (f *File) Check() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	for page := range f.header.pages() {
		if err := f.load(page); err != nil {
			return err
		}
	}
	return nil
}

// read appends n bytes of the payload to dst.
func (f *File) read(dst []byte, at int64, n int) ([]byte, error) {
	for n > 0 {
		if err := f.load(at / payloadSize); err != nil {
			return nil, err
		}
		start := int(at % payloadSize)
		part := f.page[start:min(start+n, payloadSize)]
		dst, at, n = append(dst, part...), at+int64(len(part)), n-len(part)
	}
	return dst, nil
}

// load reads a page and checks its tag, unless it was the last one.
func (f *File) load(page int64) error {
	if f.valid && f.number == page {
		return nil
	}
	f.valid = false
	if n, err := f.from.ReadAt(f.page[:], page*pageSize); n < pageSize {
		return fmt.Errorf("%w: page %d: %w", ErrIndex, page, err)
	}
	var tag [tagSize]byte
	want := f.sealer.tag(tag[:0], uint64(page), f.page[:payloadSize])
	if subtle.ConstantTimeCompare(want, f.page[payloadSize:]) != 1 {
		return fmt.Errorf("%w: page %d", ErrIndex, page)
	}
	f.valid, f.number = true, page
	return nil
}
