package crypto

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
)

// A Blob is an open blob: an io.ReaderAt, which is safe for concurrent use, and
// an io.ReadSeeker with one position, which is for one goroutine;
// http.ServeContent takes it as it is. It decrypts the segments that are read, and no
// others, and holds two in memory, so that it suits one request rather than
// the life of a process. It never prints. Close clears what it holds. The zero Blob is empty.
//
// A byte is returned only from a segment that was verified whole. The length
// is verified before the Blob exists, so that a blob that was cut or added to
// does not open at all; a segment that was altered, moved or taken from
// another blob is [ErrOpen] when it is read, after others may have been.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
type Blob struct {
	ctx    context.Context
	sealer *Sealer
	r      io.ReaderAt
	ref    Ref
	header []byte
	blobShape
	at int64 // of Read and Seek

	mu     sync.Mutex
	closed bool
	aead   cipher.AEAD
	cached [2]cachedSegment // the last segment, and the one last read
}

// A cachedSegment is the plaintext of a segment; the zero one is of none.
type cachedSegment struct {
	index uint64
	plain *segmentBuffer
}

// OpenBlob opens a blob of size bytes that was sealed for the place ref, and
// notes that in the [audit.Entry] of ctx. The blob may be in a file, or behind
// anything else that reads at an offset. Its errors are those of
// [Sealer.AppendOpen] and of r.
//
// ctx is asked at every reading, and so is the key: one that was destroyed
// stops an open Blob within the SubjectTTL of the [Options], as it stops
// everything else.
func (s *Sealer) OpenBlob(ctx context.Context, r io.ReaderAt, size int64, ref Ref) (*Blob, error) {
	return s.openNoted(ctx, ref, func() (*Blob, error) {
		shape, err := shapeOf(size, ref.Subject)
		if err != nil {
			return nil, err
		}
		header, err := readHeader(r, ref.Subject)
		if err != nil {
			return nil, err
		}
		return s.openBlob(ctx, header, shape, r, ref)
	})
}

// openNoted admits and notes what open does.
func (s *Sealer) openNoted(ctx context.Context, ref Ref, open func() (*Blob, error)) (*Blob, error) {
	entry, err := s.admit(ctx, &ref)
	if err != nil {
		return nil, err
	}
	b, err := open()
	if err != nil {
		s.stats.refused.Add(1)
		return nil, err
	}
	if err := entry.NoteOpened(ref.Table, ref.Column, ref.Subject.patient); err != nil {
		s.stats.refused.Add(1)
		return nil, errors.Join(fmt.Errorf("crypto: open: audit: %w", err), b.Close())
	}
	s.stats.opened.Add(1)
	return b, nil
}

func (s *Sealer) openBlob(ctx context.Context, header []byte, shape blobShape, r io.ReaderAt, ref Ref) (*Blob, error) {
	b := &Blob{ctx: ctx, sealer: s, r: r, ref: ref, header: header, blobShape: shape}
	if err := b.unlock(); err != nil {
		return nil, err
	}
	if err := b.load(b.segments-1, nil, 0); err != nil {
		return nil, err
	}
	return b, nil
}

// Size returns the length of the plaintext, which has been verified.
func (b *Blob) Size() int64 { return b.size }

// Format writes a redaction under every verb.
func (*Blob) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[blob]") }

// Close clears what b holds in memory; nothing is read after it. It does not
// close what b reads from, and returns nil.
func (b *Blob) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.closed, b.aead = true, nil
	for i := range b.cached {
		b.drop(i)
	}
	return nil
}

// drop gives a cached segment back; the caller holds the lock.
func (b *Blob) drop(slot int) {
	if plain := b.cached[slot].plain; plain != nil {
		b.sealer.segments.put(plain, SegmentSize)
	}
	b.cached[slot] = cachedSegment{}
}

// ReadAt implements [io.ReaderAt]. Several calls may be made at once.
func (b *Blob) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 {
		return 0, errors.New("crypto: blob: negative offset")
	}
	n := 0
	for n < len(p) && at < b.size {
		index, skip := uint64(at/SegmentSize), int(at%SegmentSize)
		read := min(len(p)-n, b.length(index)-skip)
		if err := b.load(index, p[n:n+read], skip); err != nil {
			return n, err
		}
		n, at = n+read, at+int64(read)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// load copies what a segment holds from skip on to p, which is not longer.
func (b *Blob) load(index uint64, p []byte, skip int) error {
	hit, err := b.copyCached(index, p, skip)
	if hit || err != nil {
		return err
	}
	if len(p) == b.length(index) && len(p) > 0 {
		return b.open(index, p[:0:len(p)])
	}
	plain := b.sealer.segments.get()
	if err := b.open(index, plain[:0]); err != nil {
		b.sealer.segments.put(plain, SegmentSize)
		return err
	}
	copy(p, plain[skip:])
	b.keep(index, plain)
	return nil
}

func (b *Blob) copyCached(index uint64, p []byte, skip int) (hit bool, err error) {
	if err := b.ctx.Err(); err != nil {
		return false, err
	}
	if _, err := b.key(); err != nil {
		return false, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.cached {
		if c.plain != nil && c.index == index {
			copy(p, c.plain[skip:])
			return true, nil
		}
	}
	return false, nil
}

// keep takes over a segment that was read.
func (b *Blob) keep(index uint64, plain *segmentBuffer) {
	slot := 1
	if index == b.segments-1 {
		slot = 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		b.sealer.segments.put(plain, SegmentSize)
		return
	}
	b.drop(slot)
	b.cached[slot] = cachedSegment{index, plain}
}

// open appends the plaintext of a segment to dst, which has room for it. What
// is not verified is not left there.
func (b *Blob) open(index uint64, dst []byte) error {
	aead, err := b.key()
	if err != nil {
		return err
	}
	sealed := b.sealer.segments.get()
	defer b.sealer.segments.put(sealed, 0)
	n := b.length(index) + overhead
	if err := readFull(b.r, sealed[:n], b.offset(index)); err != nil {
		return err
	}
	aad := segmentData(index, index+1 == b.segments)
	if _, err := aead.Open(dst, nil, sealed[:n], aad[:]); err != nil {
		return ErrOpen
	}
	return nil
}

// key returns the file key, as long as the key that it is sealed under can be
// had: nothing of b outlives the Sealer's own memory of that key.
func (b *Blob) key() (cipher.AEAD, error) {
	if _, err := b.sealer.bindOpen(b.ctx, blobForm, b.header, &b.ref); err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil, fs.ErrClosed
	}
	return b.aead, nil
}

// unlock opens the file key.
func (b *Blob) unlock() error {
	fileKey, err := b.sealer.openFileKey(b.ctx, b.header, &b.ref)
	if err != nil {
		return err
	}
	defer clear(fileKey)
	b.aead, err = newAEAD(fileKey)
	return err
}
