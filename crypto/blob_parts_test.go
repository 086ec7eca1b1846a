package crypto_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// sealParts seals a blob with the header apart.
func sealParts(t testing.TB, s *crypto.Sealer, plaintext []byte, ref crypto.Ref) (header, segments []byte) {
	t.Helper()
	var out bytes.Buffer
	header, w, err := s.SealBlobParts(t.Context(), &out, ref)
	require.NoError(t, err)
	require.Zero(t, out.Len())
	_, err = w.Write(plaintext)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return header, out.Bytes()
}

// An unreadable fails.
type unreadable struct{}

func (unreadable) ReadAt([]byte, int64) (int, error) { return 0, errors.New("read") }

// A blob in parts is the same blob: it opens in parts or joined, and after a
// rotation with a renewed header and the segments as they were.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBlobParts(t *testing.T) {
	for name, subject := range subjects {
		t.Run(name, func(t *testing.T) {
			f, ref := newFixture(t, nil), refOf(subject)
			for _, n := range blobSizes {
				want := random(n, 1)
				header, segments := sealParts(t, f.Sealer, want, ref)
				require.Len(t, header, crypto.BlobHeaderSize(subject))
				joined, err := readBlob(t, f.Sealer, append(bytes.Clone(header), segments...), ref)
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, joined))
				renewed, err := f.AppendRewrap(t.Context(), nil, header, ref)
				require.NoError(t, err)
				require.NotEqual(t, header, renewed)
				b, err := f.OpenBlobParts(t.Context(), renewed, bytes.NewReader(segments), int64(len(segments)), ref)
				require.NoError(t, err)
				clear(renewed) // the Blob has its own
				got, err := io.ReadAll(b)
				require.NoError(t, err)
				require.True(t, bytes.Equal(want, got))
				require.NoError(t, b.Close())
			}
		})
	}
}

// Parts that do not belong together do not open, and an opening is noted.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2), 164.312(b); NIST CSF 2.0 PR.DS-01, PR.PS-04.
func TestBlobPartsAttacks(t *testing.T) {
	f, ref := newFixture(t, nil), refOf(patient(1))
	header, segments := sealParts(t, f.Sealer, random(2*crypto.SegmentSize, 1), ref)
	other, otherSegments := sealParts(t, f.Sealer, random(2*crypto.SegmentSize, 2), ref)
	elsewhere := ref
	elsewhere.Row = "row-2"
	size := int64(len(segments))
	for name, c := range map[string]struct {
		header, segments []byte
		size             int64
		ref              crypto.Ref
	}{
		"header of another blob":   {other, segments, size, ref},
		"segments of another blob": {header, otherSegments, size, ref},
		"another place":            {header, segments, size, elsewhere},
		"no header":                {nil, segments, size, ref},
		"header cut":               {header[:60], segments, size, ref},
		"header and more":          {append(bytes.Clone(header), 0), segments, size, ref},
		"whole blob as segments":   {header, append(bytes.Clone(header), segments...), size + int64(len(header)), ref},
		"segments cut":             {header, segments[:sealedSegment], sealedSegment, ref},
		"segments swapped":         {header, append(bytes.Clone(segments[sealedSegment:]), segments[:sealedSegment]...), size, ref},
		"size of nothing":          {header, segments, 0, ref},
		"negative size":            {header, segments, -69, ref},
		"size out of all bounds":   {header, segments, 1<<63 - 1, ref},
		"size beyond the segments": {header, segments, size + 1, ref},
	} {
		_, err := f.OpenBlobParts(t.Context(), c.header, bytes.NewReader(c.segments), c.size, c.ref)
		require.ErrorIs(t, err, crypto.ErrOpen, name)
	}
	for _, size := range []int64{-1 << 63, -69, 0, 27, (1<<32)*sealedSegment + 1000, 1<<63 - 70, 1<<63 - 1} {
		_, err := f.OpenBlobParts(t.Context(), header, unreadable{}, size, ref)
		require.ErrorIs(t, err, crypto.ErrOpen, "nothing is read: %d", size)
		_, err = f.OpenBlob(t.Context(), unreadable{}, size, ref)
		require.ErrorIs(t, err, crypto.ErrOpen, "nothing is read: %d", size)
	}
	audited, err := crypto.New(f.keys, f.store, nil)
	require.NoError(t, err)
	_, err = audited.OpenBlobParts(t.Context(), header, bytes.NewReader(segments), size, ref)
	require.ErrorIs(t, err, crypto.ErrUnaudited)
	ctx, entry, _ := auditEntry(t)
	require.NoError(t, entry.Commit(ctx))
	_, err = audited.OpenBlobParts(ctx, header, bytes.NewReader(segments), size, ref)
	require.NoError(t, err)
	require.True(t, entry.Dirty())
	_, _, err = f.SealBlobParts(t.Context(), new(bytes.Buffer), crypto.Ref{})
	require.ErrorIs(t, err, crypto.ErrRef)
}
