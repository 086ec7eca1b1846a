package bench

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"io"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

type twelve struct {
	A, B, C, D, E, F, G, H, I, J, K, L string `phi:"name"`
}

// A row of twelve fields in one group, beside raw AES-256-GCM of the same
// bytes.
func BenchmarkCryptoRow(b *testing.B) {
	s, ctx, r := sealer(b), context.Background(), ref(crypto.SubjectOf(safeguard.NewPatient("Patient/1")))
	rows, err := crypto.NewRows[twelve](s, nil)
	must(b, rows, err)
	const text = "24 bytes of a field's va"
	v := twelve{text, text, text, text, text, text, text, text, text, text, text, text}
	dst, plaintext := make([]byte, 0, 4<<10), make([]byte, 12*len(text))
	limit := raw(b, len(plaintext), subjectAAD)
	b.Run("seal", func(b *testing.B) {
		compare(b, func() error { _, err := rows.AppendSeal(ctx, dst, &v, r); return err },
			map[string]func() error{"raw": sealing(limit, plaintext)})
	})
	b.Run("open", func(b *testing.B) {
		sealed, err := rows.Seal(ctx, &v, r)
		must(b, sealed, err)
		var got twelve
		compare(b, func() error { _, err := rows.Open(ctx, &got, r, crypto.UnsafeAllFields{}, sealed); return err },
			map[string]func() error{"raw": opening(b, limit, len(plaintext))})
	})
}

// A stream beside raw AES-256-GCM in segments of 64 KiB, and minio/sio.
func BenchmarkCryptoStream(b *testing.B) {
	s, ctx, r := sealer(b), context.Background(), ref(crypto.SubjectOf(safeguard.NewPatient("Patient/1")))
	segment := raw(b, 64<<10, 11)
	for _, z := range sizes[3:] {
		plaintext := make([]byte, z.n)
		limit := func() error { return eachSegment(plaintext, 64<<10, segment.seal) }
		ours := func() error { return sealBlob(ctx, s, io.Discard, plaintext, r) }
		stream := sioStream(b)
		b.Run("seal/size="+z.name+"/impl=safeguard", func(b *testing.B) {
			compare(b, ours, map[string]func() error{"raw": limit})
		})
		b.Run("seal/size="+z.name+"/impl=minio-sio", func(b *testing.B) {
			compare(b, sealing(stream, plaintext), map[string]func() error{"raw": limit})
		})
		var sealed bytes.Buffer
		if err := sealBlob(ctx, s, &sealed, plaintext, r); err != nil {
			b.Fatal(err)
		}
		b.Run("open/size="+z.name+"/impl=safeguard", func(b *testing.B) {
			reader := bytes.NewReader(sealed.Bytes())
			compare(b, func() error { return openBlob(ctx, s, reader, r) },
				map[string]func() error{"raw": openSegments(b, segment, z.n)})
		})
		b.Run("open/size="+z.name+"/impl=minio-sio", func(b *testing.B) {
			compare(b, opening(b, stream, z.n), map[string]func() error{"raw": openSegments(b, segment, z.n)})
		})
	}
}

func sealBlob(ctx context.Context, s *crypto.Sealer, w io.Writer, plaintext []byte, r crypto.Ref) error {
	blob, err := s.SealBlob(ctx, w, r)
	if err != nil {
		return err
	}
	if _, err := blob.Write(plaintext); err != nil {
		return err
	}
	return blob.Close()
}

func openBlob(ctx context.Context, s *crypto.Sealer, sealed *bytes.Reader, r crypto.Ref) error {
	blob, err := s.OpenBlob(ctx, sealed, sealed.Size(), r)
	if err != nil {
		return err
	}
	if _, err := blob.WriteTo(io.Discard); err != nil {
		return err
	}
	return blob.Close()
}

func eachSegment(b []byte, size int, f func([]byte) ([]byte, error)) error {
	for len(b) > 0 {
		n := min(size, len(b))
		if _, err := f(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// openSegments opens n bytes in segments of 64 KiB.
func openSegments(b *testing.B, segment impl, n int) func() error {
	one := opening(b, segment, 64<<10)
	return func() error {
		for range n / (64 << 10) {
			if err := one(); err != nil {
				return err
			}
		}
		return nil
	}
}

// A token of a blind index beside HMAC-SHA256 with its state kept.
func BenchmarkCryptoIndex(b *testing.B) {
	search, err := crypto.NewSearch(sealer(b), crypto.IndexedTable{Table: "patients", Rows: 1 << 20, Indexes: []crypto.IndexSpec{
		{Name: "mrn", Parts: []crypto.IndexPart{{Column: "mrn"}}, Distinct: 1 << 20, UnsafeFullWidth: true},
	}})
	index := must(b, search, err).Index("mrn")
	ctx, dst, value := context.Background(), make([]byte, 0, 64), []byte("0123456789abcdef")
	mac := hmac.New(sha256.New, make([]byte, 32))
	compare(b, func() error { _, err := index.AppendToken(ctx, dst, "clinic-a", value); return err },
		map[string]func() error{"raw": func() error {
			mac.Reset()
			mac.Write(value)
			mac.Sum(dst)
			return nil
		}})
}
