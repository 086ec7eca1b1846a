package bench

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	tink "github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// An impl is one way to seal and to open. What it returns is valid until its
// next call. aad is how many bytes it authenticates beside the value.
type impl struct {
	name string
	aad  int
	seal func(plaintext []byte) ([]byte, error)
	open func(sealed []byte) ([]byte, error)
}

// shortAAD is as long as the associated data of a short Ref.
const shortAAD = 32

// The associated data of ref below, of NoSubject and of a Subject.
const placeAAD, subjectAAD = 35, 55

// impls returns the implementations. room is the size of reused buffers.
func impls(b *testing.B, room int) []impl {
	subject := crypto.SubjectOf(safeguard.NewPatient("Patient/1"))
	return []impl{
		reused(b, room, crypto.NoSubject(), "safeguard-nosubject", placeAAD),
		reused(b, room, subject, "safeguard-subject", subjectAAD),
		allocating(b, subject, "safeguard-subject-alloc", subjectAAD),
		allocating(b, crypto.NoSubject(), "safeguard-nosubject-alloc", placeAAD),
		tinkAEAD(b), kmsWrapping(b), goCloud(b), sqlCrypter(b), sioStream(b),
	}
}

func must[T any](b *testing.B, v T, err error) T {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
	return v
}

// raw is AES-256-GCM of the standard library with a random nonce into a
// reused buffer: the limit of what a Go program can do.
func raw(b *testing.B, room, aadSize int) impl {
	block, err := aes.NewCipher(make([]byte, 32))
	gcm, err2 := cipher.NewGCM(must(b, block, err))
	must(b, gcm, err2)
	out, in, aad := make([]byte, 0, room+64), make([]byte, 0, room+64), make([]byte, aadSize)
	return impl{"raw", aadSize,
		func(plaintext []byte) ([]byte, error) {
			nonce := out[:12]
			rand.Read(nonce)
			return gcm.Seal(nonce, nonce, plaintext, aad), nil
		},
		func(sealed []byte) ([]byte, error) { return gcm.Open(in, sealed[:12], sealed[12:], aad) },
	}
}

func sealer(b *testing.B) *crypto.Sealer {
	m := tink.NewManager()
	id, err := m.Add(aead.AES256GCMKeyTemplate())
	if err := m.SetPrimary(must(b, id, err)); err != nil {
		b.Fatal(err)
	}
	handle, err := m.Handle()
	keys, err2 := keyset.FromHandle("clinic-a", must(b, handle, err))
	s, err3 := crypto.New(must(b, keys, err2), cryptotest.NewSubjects(), &crypto.Options{UnsafeUnaudited: true})
	return must(b, s, err3)
}

func ref(s crypto.Subject) crypto.Ref {
	return crypto.Ref{Tenant: "clinic-a", Table: "patients", Column: "ssn", Row: "row-1", Subject: s}
}

func reused(b *testing.B, room int, subject crypto.Subject, name string, aad int) impl {
	s, r, ctx := sealer(b), ref(subject), context.Background()
	out, in := make([]byte, 0, room+64), make([]byte, 0, room+64)
	return impl{name, aad,
		func(plaintext []byte) ([]byte, error) { return s.AppendSeal(ctx, out, plaintext, r) },
		func(sealed []byte) ([]byte, error) { return s.AppendOpen(ctx, in, sealed, r) },
	}
}

// allocating is the form that a driver's Valuer needs.
func allocating(b *testing.B, subject crypto.Subject, name string, aad int) impl {
	s, r, ctx := sealer(b), ref(subject), context.Background()
	return impl{name, aad,
		func(plaintext []byte) ([]byte, error) { return s.AppendSeal(ctx, nil, plaintext, r) },
		func(sealed []byte) ([]byte, error) { return s.AppendOpen(ctx, nil, sealed, r) },
	}
}

var sizes = []struct {
	name string
	n    int
}{{"16B", 16}, {"64B", 64}, {"1KiB", 1 << 10}, {"64KiB", 64 << 10}, {"1MiB", 1 << 20}}

func BenchmarkCryptoSeal(b *testing.B) {
	for _, z := range sizes {
		plaintext := make([]byte, z.n)
		for _, i := range impls(b, z.n) {
			b.Run(fmt.Sprintf("size=%s/impl=%s", z.name, i.name), func(b *testing.B) {
				limit, same := raw(b, z.n, shortAAD), raw(b, z.n, i.aad)
				compare(b, sealing(i, plaintext), map[string]func() error{
					"raw": sealing(limit, plaintext), "raw-same": sealing(same, plaintext),
				})
			})
		}
	}
}

func BenchmarkCryptoOpen(b *testing.B) {
	for _, z := range sizes {
		for _, i := range impls(b, z.n) {
			b.Run(fmt.Sprintf("size=%s/impl=%s", z.name, i.name), func(b *testing.B) {
				limit, same := raw(b, z.n, shortAAD), raw(b, z.n, i.aad)
				compare(b, opening(b, i, z.n), map[string]func() error{
					"raw": opening(b, limit, z.n), "raw-same": opening(b, same, z.n),
				})
			})
		}
	}
}

func sealing(i impl, plaintext []byte) func() error {
	return func() error { _, err := i.seal(plaintext); return err }
}

// opening opens one value again and again, after it was opened and compared.
func opening(b *testing.B, i impl, n int) func() error {
	sealed, err := i.seal(make([]byte, n))
	sealed = append([]byte(nil), must(b, sealed, err)...)
	opened, err := i.open(sealed)
	if must(b, opened, err); len(opened) != n {
		b.Fatalf("%s opened %d bytes of %d", i.name, len(opened), n)
	}
	return func() error { _, err := i.open(sealed); return err }
}
