//go:build unix

package crypto_test

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A limit is what a Go program can do with the standard library alone:
// AES-256-GCM with a random nonce, into a reused buffer.
type limit struct {
	gcm          cipher.AEAD
	out, in, aad []byte
}

func newLimit(b *testing.B, size, aad int) limit {
	block, err := aes.NewCipher(pattern(32))
	require.NoError(b, err)
	gcm, err := cipher.NewGCM(block)
	require.NoError(b, err)
	return limit{gcm, make([]byte, 0, size+64), make([]byte, 0, size+64), pattern(aad)}
}

func (l limit) seal(plaintext []byte) []byte {
	nonce := l.out[:12]
	rand.Read(nonce)
	return l.gcm.Seal(nonce, nonce, plaintext, l.aad)
}

func (l limit) open(sealed []byte) error {
	_, err := l.gcm.Open(l.in, sealed[:12], sealed[12:], l.aad)
	return err
}

// shortAAD is what the limit authenticates; the reference of the benchmark has
// 36 bytes of NoSubject and 56 of a patient.
const shortAAD = 32

func cpu(b *testing.B) int64 {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return u.Utime.Nano() + u.Stime.Nano()
}

// turn returns how long f took, in nanoseconds, in n calls.
func turn(b *testing.B, n int, f func() error) float64 {
	start := time.Now()
	for range n {
		if err := f(); err != nil {
			b.Fatal(err)
		}
	}
	return float64(time.Since(start)) / float64(n)
}

// compare runs raw, same and ours by turns too short to be interrupted often,
// and reports the ratios of the fastest, which no other program disturbed and
// which took as much of the processor as of the clock. (Processor time itself
// is not kept finely enough for that.) An operation of the benchmark is one
// turn of each; run a thousand at least.
func compare(b *testing.B, size int, ours, raw, same func() error) {
	n := max(1, 100_000/(200+size/5))
	var took [3][]float64
	for b.Loop() {
		for i, f := range []func() error{ours, raw, same} {
			took[i] = append(took[i], turn(b, n, f))
		}
	}
	cost := slices.Min(took[0])
	b.ReportMetric(cost, "least-ns")
	b.ReportMetric(cost/slices.Min(took[1]), "x-raw")
	b.ReportMetric(cost/slices.Min(took[2]), "x-raw-same-aad")
	b.ReportMetric(0, "ns/op")
}

var benchSizes = []struct {
	name string
	size int
}{{"16B", 16}, {"64B", 64}, {"1KiB", 1 << 10}, {"64KiB", 64 << 10}}

// aadOf is how much AppendSeal authenticates at ref, beside the value.
func aadOf(ref crypto.Ref) int {
	n := 2 + 4*2 + len(ref.Tenant) + len(ref.Table) + len(ref.Column) + len(ref.Row) + 1
	if ref.Subject != crypto.NoSubject() {
		n += 2 + len("Patient/1") + 9
	}
	return n
}

// BenchmarkAppendSeal compares with the limit that authenticates 32 bytes
// (x-raw) and with one that authenticates as many as we do (x-raw-same-aad).
func BenchmarkAppendSeal(b *testing.B) {
	for name, subject := range subjects {
		for _, z := range benchSizes {
			b.Run(name+"/"+z.name, func(b *testing.B) {
				s, ctx, ref := newFixture(b, nil), b.Context(), refOf(subject)
				plaintext, dst := pattern(z.size), make([]byte, 0, z.size+64)
				raw, same := newLimit(b, z.size, shortAAD), newLimit(b, z.size, aadOf(ref))
				compare(b, z.size,
					func() (err error) { sink, err = s.AppendSeal(ctx, dst, plaintext, ref); return err },
					func() error { sink = raw.seal(plaintext); return nil },
					func() error { sink = same.seal(plaintext); return nil })
			})
		}
	}
}

// BenchmarkAppendOpen is BenchmarkAppendSeal for opening, without an Entry.
func BenchmarkAppendOpen(b *testing.B) {
	for name, subject := range subjects {
		for _, z := range benchSizes {
			b.Run(name+"/"+z.name, func(b *testing.B) {
				s, ctx, ref := newFixture(b, nil), b.Context(), refOf(subject)
				sealed, dst := seal(b, s.Sealer, ref, string(pattern(z.size))), make([]byte, 0, z.size+64)
				raw, same := newLimit(b, z.size, shortAAD), newLimit(b, z.size, aadOf(ref))
				rawSealed, sameSealed := slices.Clone(raw.seal(pattern(z.size))), slices.Clone(same.seal(pattern(z.size)))
				compare(b, z.size,
					func() (err error) { sink, err = s.AppendOpen(ctx, dst, sealed, ref); return err },
					func() error { return raw.open(rawSealed) },
					func() error { return same.open(sameSealed) })
			})
		}
	}
}

// BenchmarkAppendOpenAudited is BenchmarkAppendOpen with an Entry in the
// context, which has the note already, as the default requires.
func BenchmarkAppendOpenAudited(b *testing.B) {
	for name, subject := range subjects {
		for _, z := range benchSizes {
			b.Run(name+"/"+z.name, func(b *testing.B) {
				s, ref := newFixture(b, nil), refOf(subject)
				ctx, _, _ := auditEntry(b)
				sealed, dst := seal(b, s.Sealer, ref, string(pattern(z.size))), make([]byte, 0, z.size+64)
				raw, same := newLimit(b, z.size, shortAAD), newLimit(b, z.size, aadOf(ref))
				rawSealed, sameSealed := slices.Clone(raw.seal(pattern(z.size))), slices.Clone(same.seal(pattern(z.size)))
				compare(b, z.size,
					func() (err error) { sink, err = s.AppendOpen(ctx, dst, sealed, ref); return err },
					func() error { return raw.open(rawSealed) },
					func() error { return same.open(sameSealed) })
			})
		}
	}
}

// BenchmarkRewrap reports how many fields of 16 bytes a processor rewraps in a
// second of its time.
func BenchmarkRewrap(b *testing.B) {
	for name, subject := range subjects {
		b.Run(name, func(b *testing.B) {
			s, ctx, ref := newFixture(b, nil), b.Context(), refOf(subject)
			sealed, dst := seal(b, s.Sealer, ref, string(pattern(16))), make([]byte, 0, 128)
			b.ReportAllocs()
			start := cpu(b)
			for b.Loop() {
				if _, err := s.AppendRewrap(ctx, dst, sealed, ref); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/(float64(cpu(b)-start)/1e9), "fields/cpu-s")
		})
	}
}
