package ledger

import "io"

// aheadSize is how much of a file is read at once, and firstAhead how much at
// first: a small file needs no large buffer.
const (
	aheadSize  = 256 << 10
	firstAhead = 16 << 10
)

// An aheadFS opens files that are read from the front to the back in large
// pieces, whatever the pieces that are asked for.
type aheadFS struct{ fileSystem }

func (a aheadFS) Open(name string, write bool) (file, error) {
	f, err := a.fileSystem.Open(name, write)
	if err != nil || write {
		return f, err
	}
	return &aheadFile{file: f}, nil
}

// An aheadFile is not safe for concurrent use. What it read before, it does not
// read again until refresh is called.
type aheadFile struct {
	file
	buf []byte
	at  int64 // where buf lies in the file
}

func (f *aheadFile) ReadAt(p []byte, offset int64) (int, error) {
	if f.holds(offset, len(p)) {
		return copy(p, f.buf[offset-f.at:]), nil
	}
	if len(p) >= aheadSize {
		return f.file.ReadAt(p, offset)
	}
	if size := max(cap(f.buf), firstAhead); size < aheadSize || cap(f.buf) == 0 {
		f.buf = make([]byte, min(max(2*cap(f.buf), size, len(p)), aheadSize))
	}
	n, err := f.file.ReadAt(f.buf[:cap(f.buf)], offset)
	f.buf, f.at = f.buf[:n], offset
	if n >= len(p) {
		return copy(p, f.buf), nil
	}
	if err == nil {
		err = io.ErrUnexpectedEOF
	}
	return copy(p, f.buf), err
}

func (f *aheadFile) holds(offset int64, n int) bool {
	return offset >= f.at && offset-f.at+int64(n) <= int64(len(f.buf))
}

// refresh forgets what was read.
func refresh(f file) {
	if a, ok := f.(*aheadFile); ok {
		a.buf = a.buf[:0]
	}
}
