package crypto_test

import (
	"bytes"
	"encoding/binary"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// BenchmarkBlob seals and opens streams, beside raw AES-256-GCM in chunks of
// the same size with random nonces, into a reused buffer.
func BenchmarkBlob(b *testing.B) {
	s, ctx, ref := newFixture(b, nil), b.Context(), refOf(patient(1))
	for _, size := range []struct {
		name string
		n    int
	}{{"64KiB", 64 << 10}, {"1MiB", 1 << 20}, {"16MiB", 16 << 20}} {
		plaintext := random(size.n, 1)
		sealed := sealBlob(b, s.Sealer, plaintext, ref)
		run := func(name string, f func() error) {
			b.Run(name+"/"+size.name, func(b *testing.B) {
				b.SetBytes(int64(size.n))
				b.ReportAllocs()
				for b.Loop() {
					if err := f(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		raw := newRawStream(b, plaintext)
		run("raw-seal", raw.seal)
		run("seal", func() error {
			w, err := s.SealBlob(ctx, io.Discard, ref)
			if err != nil {
				return err
			}
			if _, err := w.Write(plaintext); err != nil {
				return err
			}
			return w.Close()
		})
		run("raw-open", raw.open)
		run("open", func() error {
			r, err := s.OpenBlob(ctx, bytes.NewReader(sealed), int64(len(sealed)), ref)
			if err != nil {
				return err
			}
			defer r.Close()
			_, err = r.WriteTo(io.Discard)
			return err
		})
	}
}

// A rawStream is the limit: chunks of the standard library's AEAD.
type rawStream struct {
	seal, open func() error
}

func newRawStream(b testing.TB, plaintext []byte) rawStream {
	gcm := rawGCM(b)
	var aad [11]byte
	chunk, out := make([]byte, 0, crypto.SegmentSize+64), make([]byte, 0, crypto.SegmentSize+64)
	var sealed [][]byte
	for i := 0; i < len(plaintext); i += crypto.SegmentSize {
		sealed = append(sealed, gcm.Seal(nil, nil, plaintext[i:i+crypto.SegmentSize], aad[:]))
	}
	require.NotEmpty(b, sealed)
	return rawStream{
		seal: func() error {
			for i := 0; i < len(plaintext); i += crypto.SegmentSize {
				binary.BigEndian.PutUint64(aad[2:], 0)
				_, _ = io.Discard.Write(gcm.Seal(chunk, nil, plaintext[i:i+crypto.SegmentSize], aad[:]))
			}
			return nil
		},
		open: func() error {
			for _, c := range sealed {
				plain, err := gcm.Open(out, nil, c, aad[:])
				if err != nil {
					return err
				}
				_, _ = io.Discard.Write(plain)
			}
			return nil
		},
	}
}
