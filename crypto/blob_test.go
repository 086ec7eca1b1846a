package crypto_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// blobSizes are those around the borders of segments.
var blobSizes = []int{0, 1, 100, crypto.SegmentSize - 1, crypto.SegmentSize, crypto.SegmentSize + 1, crypto.SegmentSize + 28,
	2 * crypto.SegmentSize, 2*crypto.SegmentSize + 1, 5*crypto.SegmentSize + 77}

func random(n int, seed uint64) []byte {
	c := rand.NewChaCha8([32]byte{byte(seed)})
	out := make([]byte, n)
	_, _ = c.Read(out)
	return out
}

func sealBlob(t testing.TB, s *crypto.Sealer, plaintext []byte, ref crypto.Ref) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := s.SealBlob(t.Context(), &out, ref)
	require.NoError(t, err)
	_, err = w.Write(plaintext)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Len(t, out.Bytes(), int(crypto.SealedBlobSize(int64(len(plaintext)), ref.Subject)))
	return out.Bytes()
}

func openBlob(ctx context.Context, s *crypto.Sealer, sealed []byte, ref crypto.Ref) (*crypto.Blob, error) {
	return s.OpenBlob(ctx, bytes.NewReader(sealed), int64(len(sealed)), ref)
}

// readBlob opens and reads the whole of a blob.
func readBlob(t testing.TB, s *crypto.Sealer, sealed []byte, ref crypto.Ref) ([]byte, error) {
	b, err := openBlob(t.Context(), s, sealed, ref)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	out, err := io.ReadAll(b)
	return out, err
}

// Blobs of every border size come back, however they are written and read.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBlobRoundTrip(t *testing.T) {
	s := newFixture(t, nil)
	for _, subject := range subjects {
		for _, n := range blobSizes {
			want, ref := random(n, uint64(n)), refOf(subject)
			sealed := sealBlob(t, s.Sealer, want, ref)
			require.False(t, n > 16 && bytes.Contains(sealed, want[:16]))
			b, err := openBlob(t.Context(), s.Sealer, sealed, ref)
			require.NoError(t, err)
			require.Equal(t, int64(n), b.Size())
			require.NoError(t, iotest.TestReader(b, want))
			_, err = b.Seek(0, io.SeekStart)
			require.NoError(t, err)
			var out bytes.Buffer
			copied, err := b.WriteTo(&out)
			require.NoError(t, err)
			require.Equal(t, int64(n), copied)
			require.True(t, bytes.Equal(want, out.Bytes()))
			require.NoError(t, b.Close())
			_, err = b.ReadAt(make([]byte, 1), 0)
			require.Equal(t, n > 0, err != io.EOF)
		}
	}
}

// Any way of writing gives a blob that opens to the same.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBlobWrites(t *testing.T) {
	s, ref := newFixture(t, nil), refOf(patient(1))
	rng := rand.New(rand.NewPCG(1, 2))
	for round := range soak(60, 2000) {
		want := random(blobSizes[rng.IntN(len(blobSizes))], uint64(round))
		var out bytes.Buffer
		w, err := s.SealBlob(t.Context(), &out, ref)
		require.NoError(t, err)
		for rest := want; len(rest) > 0; {
			n := min(len(rest), 1+rng.IntN(3*crypto.SegmentSize))
			var wrote int64
			switch rng.IntN(3) {
			case 0:
				wrote, err = w.ReadFrom(bytes.NewReader(rest[:n]))
			case 1:
				wrote, err = io.Copy(w, iotest.DataErrReader(iotest.HalfReader(bytes.NewReader(rest[:n]))))
			default:
				var k int
				k, err = w.Write(rest[:n])
				wrote = int64(k)
			}
			require.NoError(t, err)
			require.Equal(t, int64(n), wrote)
			rest = rest[n:]
		}
		require.NoError(t, w.Close())
		require.Len(t, out.Bytes(), int(crypto.SealedBlobSize(int64(len(want)), ref.Subject)), "one way to divide")
		got, err := readBlob(t, s.Sealer, out.Bytes(), ref)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
	}
}

// Random access reads what a bytes.Reader of the plaintext reads.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBlobRandomAccess(t *testing.T) {
	s, ref := newFixture(t, nil), refOf(patient(1))
	rng := rand.New(rand.NewPCG(3, 4))
	for _, n := range blobSizes {
		plaintext := random(n, uint64(n))
		b, err := openBlob(t.Context(), s.Sealer, sealBlob(t, s.Sealer, plaintext, ref), ref)
		require.NoError(t, err)
		like := bytes.NewReader(plaintext)
		for range soak(200, 5000) {
			p, q := make([]byte, rng.IntN(3*crypto.SegmentSize)), []byte(nil)
			q = append(q, p...)
			at := rng.Int64N(int64(n) + 100)
			got, err := b.ReadAt(p, at)
			want, wantErr := like.ReadAt(q, at)
			require.Equal(t, want, got)
			require.Equal(t, wantErr, err)
			require.True(t, bytes.Equal(q, p))
		}
		for range soak(200, 5000) {
			offset, whence := rng.Int64N(int64(n)+100)-50, rng.IntN(4)
			got, err := b.Seek(offset, whence)
			want, wantErr := like.Seek(offset, whence)
			require.Equal(t, wantErr != nil, err != nil)
			require.Equal(t, want, got)
			p := make([]byte, 1+rng.IntN(crypto.SegmentSize))
			got1, err1 := io.ReadFull(b, p)
			want1, wantErr1 := io.ReadFull(like, make([]byte, len(p)))
			require.Equal(t, want1, got1)
			require.Equal(t, wantErr1, err1)
		}
	}
}

// Parallel readers get what is theirs, also while the Blob is closed.
//
// Controls: HIPAA 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func TestBlobParallel(t *testing.T) {
	s, ref := newFixture(t, nil), refOf(patient(1))
	want := random(5*crypto.SegmentSize+77, 1)
	b, err := openBlob(t.Context(), s.Sealer, sealBlob(t, s.Sealer, want, ref), ref)
	require.NoError(t, err)
	done := make(chan error)
	const readers = 8
	for g := range readers {
		go func() {
			rng := rand.New(rand.NewPCG(5, uint64(g)))
			for i := 0; ; i++ {
				p, at := make([]byte, 1+rng.IntN(2*crypto.SegmentSize)), rng.IntN(len(want))
				n, err := b.ReadAt(p, int64(at))
				if err != nil && !errors.Is(err, io.EOF) {
					done <- err
					return
				}
				if !bytes.Equal(want[at:at+n], p[:n]) {
					done <- errors.New("wrong bytes")
					return
				}
				if i == 50 && g == 0 {
					b.Close()
				}
			}
		}()
	}
	for range readers {
		require.ErrorContains(t, <-done, "closed")
	}
}
