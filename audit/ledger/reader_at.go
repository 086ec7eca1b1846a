package ledger

import (
	"context"
	"encoding/binary"
	"io"
	"io/fs"
	"slices"
	"sync"
)

// maxOpenFiles bounds how many segments a Reader keeps open.
const maxOpenFiles = 32

// guess is how much is read of a record before its length is known.
const guess = 2 << 10

// ReadAt reads the record whose frame starts at offset of a segment, as
// [Record.Segment] and [Record.Offset] say, and checks its checksum. It
// returns a [*DamageError] if no record stands there.
func (r *Reader) ReadAt(ctx context.Context, segment string, offset int64) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, wrap("read", err)
	}
	first, ok := firstOf(segment)
	if !ok || offset < segmentFixedSize {
		return nil, &DamageError{Segment: segment, Offset: offset, Reason: "no record can stand there"}
	}
	f, err := r.files.take(segment)
	if err != nil {
		return nil, wrap("read", err)
	}
	defer r.files.give(f)
	record, why, err := readFrame(f, offset)
	if err != nil {
		return nil, wrap("read", err)
	}
	if why != "" {
		return nil, &DamageError{first, segment, offset, string(why)}
	}
	return record, nil
}

// readFrame reads one frame. The record is the caller's.
func readFrame(f io.ReaderAt, offset int64) ([]byte, fault, error) {
	p := make([]byte, guess)
	n, err := f.ReadAt(p, offset)
	if err != nil && err != io.EOF {
		return nil, "", err
	}
	if n < frameHeaderSize {
		return nil, "the frame is incomplete", nil
	}
	size := binary.LittleEndian.Uint32(p[4:])
	if size > maxRecord {
		return nil, "the length of the record is out of bounds", nil
	}
	if end := frameHeaderSize + int(size); end > n {
		p = append(p[:n], make([]byte, end-n)...)
		if _, err := f.ReadAt(p[n:], offset+int64(n)); err == io.EOF {
			return nil, "the frame is incomplete", nil
		} else if err != nil {
			return nil, "", err
		}
	}
	prefixed, _, why := nextFrame(p[:frameHeaderSize+int(size)])
	if why != "" {
		return nil, why, nil
	}
	return prefixed[1:], "", nil
}

// openFiles keeps the segments open that were read last.
type openFiles struct {
	fsys   fileSystem
	mu     sync.Mutex
	list   []*openFile // the one that was taken last at the end
	closed bool
}

// An openFile is closed when it is dropped and nobody uses it.
type openFile struct {
	file
	name    string
	users   int
	dropped bool
}

// take returns a file until give is called.
func (o *openFiles) take(name string) (*openFile, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return nil, fs.ErrClosed
	}
	at := slices.IndexFunc(o.list, func(f *openFile) bool { return f.name == name })
	if at >= 0 {
		f := o.list[at]
		o.list = append(slices.Delete(o.list, at, at+1), f)
		f.users++
		return f, nil
	}
	opened, err := o.fsys.Open(name, false)
	if err != nil {
		return nil, err
	}
	f := &openFile{file: opened, name: name, users: 1}
	o.list = append(o.list, f)
	if len(o.list) > maxOpenFiles {
		o.drop(o.list[0])
		o.list = slices.Delete(o.list, 0, 1)
	}
	return f, nil
}

// give ends what take began.
func (o *openFiles) give(f *openFile) {
	o.mu.Lock()
	defer o.mu.Unlock()
	f.users--
	if f.dropped && f.users == 0 {
		f.Close()
	}
}

// drop closes a file as soon as nobody uses it.
func (o *openFiles) drop(f *openFile) {
	f.dropped = true
	if f.users == 0 {
		f.Close()
	}
}

// keep drops the files that are not among names, which are sorted.
func (o *openFiles) keep(names []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.list = slices.DeleteFunc(o.list, func(f *openFile) bool {
		_, listed := slices.BinarySearch(names, f.name)
		if !listed {
			o.drop(f)
		}
		return !listed
	})
}

func (o *openFiles) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for _, f := range o.list {
		o.drop(f)
	}
	o.list = nil
}
