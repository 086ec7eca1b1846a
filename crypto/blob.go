package crypto

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A blob, such as an attachment, is a header and segments of SegmentSize
// bytes of plaintext, of which the last may be shorter and is empty only if
// the blob is; numbers are big-endian:
//
//	0x62 | tenant key id (4) | nonce (12), file key (32), tag (16)
//	0x42 | tenant key id (4) | key version (4) | nonce (12), file key (32), tag (16)
//	segment: nonce (12), ciphertext, tag (16)
//
// The first is of NoSubject. The random file key is sealed for the place of the blob,
// like a value of its own purpose. It seals the segments, each with
//
//	0x01 | 0x09 | index (8) | 1 if it is the last, else 0
//
// as associated data. As no two blobs have the same file key, no segment opens
// in another blob, and the header can be sealed anew without them.
const (
	// SegmentSize is how many bytes of a blob are sealed together.
	//
	// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
	SegmentSize = 64 << 10

	sealedSegment = nonceSize + SegmentSize + tagSize
	overhead      = nonceSize + tagSize
	sealedFileKey = nonceSize + keySize + tagSize
	// maxSegments is the limit of messages of a file key.
	maxSegments = MaxSeals
)

var blobForm = form{purpose: purposeBlob, tenant: 0x62, subject: 0x42}

// A segmentBuffer holds a segment, sealed or not.
type segmentBuffer [sealedSegment]byte

// A segmentPool keeps segment buffers for their next use.
type segmentPool struct{ pool sync.Pool }

func (p *segmentPool) get() *segmentBuffer {
	if b, ok := p.pool.Get().(*segmentBuffer); ok {
		return b
	}
	return new(segmentBuffer)
}

// put takes a buffer back, after clearing the n bytes of plaintext in it.
func (p *segmentPool) put(b *segmentBuffer, n int) {
	if b != nil {
		clear(b[:n])
		p.pool.Put(b)
	}
}

// segmentData is the associated data of a segment.
func segmentData(index uint64, last bool) (aad [11]byte) {
	aad[0], aad[1] = aadVersion, purposeBlob
	binary.BigEndian.PutUint64(aad[2:], index)
	if last {
		aad[10] = 1
	}
	return aad
}

// BlobHeaderSize returns the length of the header of a blob of s, which is
// what [Sealer.AppendRewrap] and [Sealer.AppendRebind] take and return: the
// segments after it stay as they are. Package rekey reaches it in a column of a
// table, where [Sealer.SealBlobParts] leaves it to the program to put it; a
// blob that is whole in a file is in no table, and the program must renew its
// header there before the key that it is sealed under is pruned or destroyed.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func BlobHeaderSize(s Subject) int {
	if s.none {
		return tinkPrefix + sealedFileKey
	}
	return subjectPrefix + sealedFileKey
}

// SealedBlobSize returns the length of a sealed blob of s with n bytes of
// plaintext, for instance for a Content-Length. It is -1, which net/http takes
// for unknown, if no blob is so long: n is negative or more than 2^48.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func SealedBlobSize(n int64, s Subject) int64 {
	if n < 0 || n > maxSegments*SegmentSize {
		return -1
	}
	segments := max(1, (n+SegmentSize-1)/SegmentSize)
	return int64(BlobHeaderSize(s)) + n + segments*overhead
}

// appendFileKey appends a header with the file key, and clears that.
func (s *Sealer) appendFileKey(ctx context.Context, dst, fileKey []byte, ref *Ref) ([]byte, error) {
	defer clear(fileKey)
	key, err := s.bindSeal(ctx, blobForm, ref, 1)
	if err != nil {
		return nil, err
	}
	aad := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(aad)
	*aad = key.appendPlace((*aad)[:0], ref)
	return key.aead.Seal(append(dst, key.head()...), nil, fileKey, *aad), nil
}

// openFileKey returns the file key of a header. The caller clears it.
func (s *Sealer) openFileKey(ctx context.Context, header []byte, ref *Ref) ([]byte, error) {
	if len(header) != BlobHeaderSize(ref.Subject) {
		return nil, ErrOpen
	}
	key, err := s.bindOpen(ctx, blobForm, header, ref)
	if err != nil {
		return nil, err
	}
	aad := s.scratch.Get().(*[]byte)
	defer s.scratch.Put(aad)
	*aad = key.appendPlace((*aad)[:0], ref)
	fileKey, err := key.aead.Open(nil, nil, header[key.size:], *aad)
	if err != nil {
		return nil, ErrOpen
	}
	return fileKey, nil
}

// moveBlob opens the header of a blob that was sealed at from, seals
// its file key for to under the newest key, and appends the new header.
func (s *Sealer) moveBlob(ctx context.Context, dst, header []byte, from, to *Ref) ([]byte, error) {
	fileKey, err := s.openFileKey(ctx, header, from)
	if err != nil {
		return nil, err
	}
	if err := s.renew(ctx, to); err != nil {
		clear(fileKey)
		return nil, err
	}
	return s.appendFileKey(ctx, room(dst, header, BlobHeaderSize(to.Subject)), fileKey, to)
}

// newFileKey returns a random key, and its AEAD.
func newFileKey() ([]byte, bound, error) {
	fileKey := make([]byte, keySize)
	rand.Read(fileKey)
	aead, err := newAEAD(fileKey)
	return fileKey, bound{aead: aead}, err
}

// A blobShape is how a sealed blob divides into segments.
type blobShape struct {
	header   int64 // where the segments begin
	size     int64 // of the plaintext
	segments uint64
}

// shapeOf returns the shape of a blob of sealed bytes. There is exactly one
// way to divide it.
func shapeOf(sealed int64, s Subject) (blobShape, error) {
	header := int64(BlobHeaderSize(s))
	body := sealed - header
	if body < overhead || body > maxSegments*sealedSegment {
		return blobShape{}, ErrOpen
	}
	segments := (body + sealedSegment - 1) / sealedSegment
	if last := body - (segments-1)*sealedSegment; last < overhead {
		return blobShape{}, ErrOpen
	}
	return blobShape{header, body - segments*overhead, uint64(segments)}, nil
}

// length returns how many bytes of plaintext a segment holds.
func (b *blobShape) length(index uint64) int {
	if index+1 < b.segments {
		return SegmentSize
	}
	return int(b.size - int64(index)*SegmentSize)
}

// offset returns where a sealed segment begins.
func (b *blobShape) offset(index uint64) int64 {
	return b.header + int64(index)*sealedSegment
}

// readHeader reads the header of a sealed blob.
func readHeader(r io.ReaderAt, s Subject) ([]byte, error) {
	header := make([]byte, BlobHeaderSize(s))
	return header, readFull(r, header, 0)
}

// readFull reads all of p. What ends too early is not the blob that was
// sealed.
func readFull(r io.ReaderAt, p []byte, at int64) error {
	n, err := r.ReadAt(p, at)
	if n == len(p) {
		return nil
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrOpen
	}
	return fmt.Errorf("crypto: blob: read: %w", err)
}
