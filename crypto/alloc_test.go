package crypto_test

import (
	"crypto/fips140"
	"testing"

	"github.com/stretchr/testify/require"
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

// sink keeps what benchmarks make.
var sink []byte
