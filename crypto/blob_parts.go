package crypto

import (
	"bytes"
	"context"
	"io"
)

// SealBlobParts is [Sealer.SealBlob] with the header apart: it is returned, and
// only the segments are written to w. So the header can be kept in a sealed
// column, where package rekey renews it after a rotation or a merge as it does
// every other value of the table, and the segments in a file or an object that
// is written once and never again.
//
// Store the header after Close has returned nil. Without it the segments are of
// no use to anybody, so that a row that is deleted leaves nothing readable.
func (s *Sealer) SealBlobParts(ctx context.Context, w io.Writer, ref Ref) (header []byte, b *BlobWriter, err error) {
	if err := ref.validate(); err != nil {
		return nil, nil, err
	}
	fileKey, key, err := newFileKey()
	if err != nil {
		return nil, nil, err
	}
	header, err = s.appendFileKey(ctx, nil, fileKey, &ref)
	if err != nil {
		return nil, nil, err
	}
	return header, &BlobWriter{ctx: ctx, w: w, pool: &s.segments, aead: key.aead, plain: s.segments.get(), sealed: s.segments.get()}, nil
}

// OpenBlobParts is [Sealer.OpenBlob] of what [Sealer.SealBlobParts] sealed: the
// header, and r, which has size bytes of segments. A header that was renewed
// opens the same segments; one of another blob does not.
func (s *Sealer) OpenBlobParts(ctx context.Context, header []byte, r io.ReaderAt, size int64, ref Ref) (*Blob, error) {
	return s.openNoted(ctx, ref, func() (*Blob, error) {
		shape, err := shapeOf(int64(BlobHeaderSize(ref.Subject))+size, ref.Subject)
		if err != nil {
			return nil, err
		}
		shape.header = 0
		return s.openBlob(ctx, bytes.Clone(header), shape, r, ref)
	})
}
