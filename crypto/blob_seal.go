package crypto

import (
	"context"
	"crypto/cipher"
	"errors"
	"fmt"
	"io"
	"io/fs"
)

var (
	errAborted  = errors.New("crypto: blob: aborted")
	errNoWriter = errors.New("crypto: blob: the writer is not of SealBlob")
)

// A BlobWriter seals a stream of any length. It must be closed, and what was
// written counts only once Close has returned nil: until then it does not
// open, being cut. It is not safe for concurrent use and never prints. The zero
// BlobWriter returns an error.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
type BlobWriter struct {
	ctx    context.Context
	w      io.Writer
	pool   *segmentPool
	aead   cipher.AEAD
	index  uint64
	plain  *segmentBuffer // plain[:n] waits for what follows
	sealed *segmentBuffer
	n      int
	err    error // sticky; fs.ErrClosed after Close
}

// SealBlob returns a writer that seals what is written to it for the place
// ref and writes it to w, the header first. It uses one message of the key of
// ref, whatever the length, and at most 2^32 segments. ctx is asked before
// every segment. The errors are those of [Sealer.AppendSeal] and of w.
//
// It holds two segments in memory, which are used again by the next stream.
//
// A blob whose header shall be renewed after rotations with the rows of a table
// is for [Sealer.SealBlobParts].
func (s *Sealer) SealBlob(ctx context.Context, w io.Writer, ref Ref) (*BlobWriter, error) {
	header, b, err := s.SealBlobParts(ctx, w, ref)
	if err != nil {
		return nil, err
	}
	if err := writeAll(w, header); err != nil {
		b.Abort()
		return nil, err
	}
	return b, nil
}

// Write seals p. After an error every further call returns that error.
func (b *BlobWriter) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 && b.made() {
		if b.n == 0 && len(p) > SegmentSize { // no need to wait: more follows
			b.flush(p[:SegmentSize], false)
			p, written = p[SegmentSize:], written+SegmentSize
			continue
		}
		if b.n == SegmentSize {
			b.flush(b.plain[:b.n], false)
			b.n = 0
			continue
		}
		n := copy(b.plain[b.n:SegmentSize], p)
		b.n, p, written = b.n+n, p[n:], written+n
	}
	return written, b.err
}

// maxEmptyReads is how often in a row a reader may give nothing.
const maxEmptyReads = 100

// ReadFrom seals what r gives, for io.Copy. An error of r counts as one of the
// writer, so that a stream that broke off cannot be closed as if it were whole.
// So does a cancelled context, which is asked before every reading, and
// [io.ErrNoProgress] for a reader that gives nothing a hundred times in a row.
func (b *BlobWriter) ReadFrom(r io.Reader) (int64, error) {
	var total int64
	for empty := 0; b.usable(); empty++ {
		if empty == maxEmptyReads {
			b.fail(io.ErrNoProgress)
			break
		}
		n, err := r.Read(b.plain[b.n:]) // a little more than a segment
		if n < 0 || n > len(b.plain)-b.n {
			b.fail(errors.New("crypto: blob: the reader says it read more than was asked"))
			break
		}
		b.n, total = b.n+n, total+int64(n)
		if n > 0 {
			empty = -1
		}
		if b.n > SegmentSize {
			b.flush(b.plain[:SegmentSize], false)
			b.shift()
		}
		if errors.Is(err, io.EOF) {
			return total, b.err
		}
		if err != nil {
			b.fail(err)
		}
	}
	return total, b.err
}

// Close seals the last segment. It returns the first error of the writer, or
// that of the context, in which case the blob does not open; the writer is
// done either way, and closing it again returns an error.
func (b *BlobWriter) Close() error {
	if b.made() {
		b.flush(b.plain[:b.n], true)
	}
	err := b.err
	b.fail(fs.ErrClosed)
	b.err = fs.ErrClosed
	return err
}

// Abort gives up: the writer is done and what was written does not open. It is
// for a stream that broke off, and does nothing after Close.
func (b *BlobWriter) Abort() { b.fail(errAborted) }

// Format writes a redaction under every verb.
func (BlobWriter) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[blob writer]") }

// made reports whether b goes on. One that no Sealer made does not.
func (b *BlobWriter) made() bool {
	if b.err == nil && b.pool == nil {
		b.err = errNoWriter
	}
	return b.err == nil
}

// usable is made, and asks the context.
func (b *BlobWriter) usable() bool {
	if !b.made() {
		return false
	}
	if err := b.ctx.Err(); err != nil {
		b.fail(err)
	}
	return b.err == nil
}

// flush seals one segment and writes it.
func (b *BlobWriter) flush(plain []byte, last bool) {
	if err := b.ctx.Err(); err != nil {
		b.fail(err)
		return
	}
	if b.index >= maxSegments {
		b.fail(ErrLimit)
		return
	}
	aad := segmentData(b.index, last)
	sealed := b.aead.Seal(b.sealed[:0], nil, plain, aad[:])
	b.index++
	if err := writeAll(b.w, sealed); err != nil {
		b.fail(err)
	}
}

// writeAll writes all of p, or fails.
func writeAll(w io.Writer, p []byte) error {
	n, err := w.Write(p)
	if err == nil && n != len(p) {
		err = io.ErrShortWrite
	}
	if err != nil {
		return fmt.Errorf("crypto: blob: write: %w", err)
	}
	return nil
}

// shift moves what was read beyond a segment to the front.
func (b *BlobWriter) shift() {
	if b.err == nil {
		b.n = copy(b.plain[:], b.plain[SegmentSize:b.n])
	}
}

// fail makes err sticky, unless there is one, and gives the buffers back.
func (b *BlobWriter) fail(err error) {
	if b.err == nil {
		b.err = err
	}
	if b.pool == nil { // the zero BlobWriter
		return
	}
	b.pool.put(b.plain, sealedSegment)
	b.pool.put(b.sealed, 0)
	b.plain, b.sealed, b.n, b.aead = nil, nil, 0, nil
}
