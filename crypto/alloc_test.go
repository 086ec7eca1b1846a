package crypto_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Sealing and opening into a buffer allocate nothing once the key is ready,
// and exactly the result otherwise.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestAllocations(t *testing.T) {
	if raceEnabled || fips140.Enabled() {
		t.Skip("the race detector and the module's random source allocate")
	}
	s, ctx := newFixture(t, nil), t.Context()
	for name, subject := range subjects {
		for _, n := range []int{0, 16, 1 << 10, 64 << 10} {
			ref, plaintext := refOf(subject), pattern(n)
			sealed := seal(t, s.Sealer, ref, string(plaintext))
			dst := make([]byte, 0, n+37)
			require.Zero(t, testing.AllocsPerRun(100, func() {
				_, err := s.AppendSeal(ctx, dst, plaintext, ref)
				require.NoError(t, err)
			}), "seal %s %d", name, n)
			require.Zero(t, testing.AllocsPerRun(100, func() {
				_, err := s.AppendOpen(ctx, dst, sealed, ref)
				require.NoError(t, err)
			}), "open %s %d", name, n)
			require.Equal(t, 1.0, testing.AllocsPerRun(100, func() {
				_, err := s.AppendSeal(ctx, nil, plaintext, ref)
				require.NoError(t, err)
			}), "allocating seal %s %d", name, n)
		}
	}
}

var sink []byte

func benchmark(b *testing.B, size int, subject crypto.Subject, open bool) {
	s, ctx, ref := newFixture(b, nil), b.Context(), refOf(subject)
	plaintext := pattern(size)
	sealed, err := s.AppendSeal(ctx, nil, plaintext, ref)
	require.NoError(b, err)
	dst := make([]byte, 0, size+64)
	b.SetBytes(int64(size))
	b.ReportAllocs()
	for b.Loop() {
		if open {
			sink, err = s.AppendOpen(ctx, dst, sealed, ref)
		} else {
			sink, err = s.AppendSeal(ctx, dst, plaintext, ref)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}

var benchSizes = []struct {
	name string
	size int
}{{"16B", 16}, {"64B", 64}, {"1KiB", 1 << 10}, {"64KiB", 64 << 10}}

func BenchmarkAppendSeal(b *testing.B) {
	for name, subject := range subjects {
		for _, z := range benchSizes {
			b.Run(name+"/"+z.name, func(b *testing.B) { benchmark(b, z.size, subject, false) })
		}
	}
}

func BenchmarkAppendOpen(b *testing.B) {
	for name, subject := range subjects {
		for _, z := range benchSizes {
			b.Run(name+"/"+z.name, func(b *testing.B) { benchmark(b, z.size, subject, true) })
		}
	}
}
