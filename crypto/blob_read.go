package crypto

import (
	"errors"
	"io"
)

// Read implements [io.Reader].
func (b *Blob) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := b.ReadAt(p, b.at)
	b.at += int64(n)
	if n > 0 && errors.Is(err, io.EOF) {
		err = nil
	}
	return n, err
}

// Seek implements [io.Seeker].
func (b *Blob) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += b.at
	case io.SeekEnd:
		offset += b.size
	default:
		return 0, errors.New("crypto: blob: seek: bad whence")
	}
	if offset < 0 {
		return 0, errors.New("crypto: blob: seek: negative offset")
	}
	b.at = offset
	return offset, nil
}

// WriteTo writes the rest of the blob to w, for io.Copy.
func (b *Blob) WriteTo(w io.Writer) (int64, error) {
	plain := b.sealer.segments.get()
	defer b.sealer.segments.put(plain, SegmentSize)
	var total int64
	for b.at < b.size {
		n, err := b.ReadAt(plain[:SegmentSize-int(b.at%SegmentSize)], b.at)
		if err != nil && !errors.Is(err, io.EOF) {
			return total, err
		}
		written, err := w.Write(plain[:n])
		b.at, total = b.at+int64(written), total+int64(written)
		if err == nil && written < n {
			err = io.ErrShortWrite
		}
		if err != nil {
			return total, err
		}
	}
	return total, nil
}
