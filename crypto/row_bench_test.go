package crypto_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

type twelve struct {
	A string `json:"field_a" phi:"name"`
	B string `json:"field_b" phi:"name"`
	C string `json:"field_c" phi:"name"`
	D string `json:"field_d" phi:"name"`
	E string `json:"field_e" phi:"name"`
	F string `json:"field_f" phi:"name"`
	G string `json:"field_g" phi:"name"`
	H string `json:"field_h" phi:"name"`
	I string `json:"field_i" phi:"name"`
	J string `json:"field_j" phi:"name"`
	K string `json:"field_k" phi:"name"`
	L string `json:"field_l" phi:"name"`
}

func sampleTwelve() twelve {
	const s = "24 bytes of a field's va"
	return twelve{s, s, s, s, s, s, s, s, s, s, s, s}
}

// rawGCM is AES-256-GCM of the standard library with a random nonce into a
// reused buffer, the limit of what a Go program can do.
func rawGCM(b testing.TB) cipher.AEAD {
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	require.NoError(b, err)
	gcm, err := cipher.NewGCMWithRandomNonce(block)
	require.NoError(b, err)
	return gcm
}

// BenchmarkRows seals and opens twelve fields of 24 bytes in one group, beside
// raw AES-256-GCM of the same bytes.
func BenchmarkRows(b *testing.B) {
	s, ctx := newFixture(b, nil), b.Context()
	r := rowsOf[twelve](b, s.Sealer, nil)
	v, ref := sampleTwelve(), refOf(patient(1))
	row := sealRow(b, r, v, ref)
	dst := make([]byte, 0, 1<<10)
	var err error
	b.Run("raw-seal", func(b *testing.B) {
		gcm, plaintext, aad := rawGCM(b), pattern(12*24), pattern(64)
		for b.Loop() {
			sink = gcm.Seal(dst, nil, plaintext, aad)
		}
	})
	b.Run("seal", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if sink, err = r.AppendSeal(ctx, dst, &v, ref); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("seal-allocating", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err = r.Seal(ctx, &v, ref); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("open", func(b *testing.B) {
		b.ReportAllocs()
		var got twelve
		for b.Loop() {
			if _, err = r.Open(ctx, &got, ref, crypto.UnsafeAllFields{}, row); err != nil {
				b.Fatal(err)
			}
		}
	})
}
