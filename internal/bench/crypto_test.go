package bench

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"fmt"
	"syscall"
	"testing"

	"github.com/tink-crypto/tink-go/v2/aead"
	tink "github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// An impl is one way to seal and to open. What it returns is valid until its
// next call.
type impl struct {
	name string
	seal func(plaintext []byte) ([]byte, error)
	open func(sealed []byte) ([]byte, error)
}

// aad is as long as the associated data of a short Ref.
var aad = []byte("32 bytes of associated data, .. ")

// impls returns the peers, the limit first. room is the size of reused
// buffers.
func impls(b *testing.B, room int) []impl {
	return []impl{raw(b, room), reused(b, room, crypto.NoSubject(), "safeguard-nosubject"),
		reused(b, room, crypto.SubjectOf(safeguard.NewPatient("Patient/1")), "safeguard-subject"),
		allocating(b), tinkAEAD(b)}
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
func raw(b *testing.B, room int) impl {
	block, err := aes.NewCipher(make([]byte, 32))
	gcm, err2 := cipher.NewGCM(must(b, block, err))
	must(b, gcm, err2)
	out, in := make([]byte, 0, room+64), make([]byte, 0, room+64)
	return impl{"raw",
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

func reused(b *testing.B, room int, subject crypto.Subject, name string) impl {
	s, r, ctx := sealer(b), ref(subject), context.Background()
	out, in := make([]byte, 0, room+64), make([]byte, 0, room+64)
	return impl{name,
		func(plaintext []byte) ([]byte, error) { return s.AppendSeal(ctx, out, plaintext, r) },
		func(sealed []byte) ([]byte, error) { return s.AppendOpen(ctx, in, sealed, r) },
	}
}

// allocating is the form that a driver's Valuer needs.
func allocating(b *testing.B) impl {
	s, r, ctx := sealer(b), ref(crypto.SubjectOf(safeguard.NewPatient("Patient/1"))), context.Background()
	return impl{"safeguard-alloc",
		func(plaintext []byte) ([]byte, error) { return s.AppendSeal(ctx, nil, plaintext, r) },
		func(sealed []byte) ([]byte, error) { return s.AppendOpen(ctx, nil, sealed, r) },
	}
}

func tinkAEAD(b *testing.B) impl {
	handle, err := tink.NewHandle(aead.AES256GCMKeyTemplate())
	primitive, err2 := aead.New(must(b, handle, err))
	must(b, primitive, err2)
	return impl{"tink",
		func(plaintext []byte) ([]byte, error) { return primitive.Encrypt(plaintext, aad) },
		func(sealed []byte) ([]byte, error) { return primitive.Decrypt(sealed, aad) },
	}
}

var sizes = []struct {
	name string
	n    int
}{{"16B", 16}, {"64B", 64}, {"1KiB", 1 << 10}, {"64KiB", 64 << 10}, {"1MiB", 1 << 20}}

// cpu returns the processor time of the process so far, in nanoseconds.
func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

func measure(b *testing.B, n int, f func() ([]byte, error)) {
	b.SetBytes(int64(n))
	b.ReportAllocs()
	start := cpu(b)
	for b.Loop() {
		if _, err := f(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(cpu(b)-start)/float64(b.N), "cpu-ns/op")
}

func BenchmarkCryptoSeal(b *testing.B) {
	for _, z := range sizes {
		plaintext := make([]byte, z.n)
		for _, i := range impls(b, z.n) {
			b.Run(fmt.Sprintf("size=%s/impl=%s", z.name, i.name), func(b *testing.B) {
				measure(b, z.n, func() ([]byte, error) { return i.seal(plaintext) })
			})
		}
	}
}

func BenchmarkCryptoOpen(b *testing.B) {
	for _, z := range sizes {
		for _, i := range impls(b, z.n) {
			sealed, err := i.seal(make([]byte, z.n))
			must(b, sealed, err)
			b.Run(fmt.Sprintf("size=%s/impl=%s", z.name, i.name), func(b *testing.B) {
				measure(b, z.n, func() ([]byte, error) { return i.open(sealed) })
			})
		}
	}
}
