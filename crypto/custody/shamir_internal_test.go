package custody

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"
)

// The arithmetic is that of the field: every element but 0 has an inverse,
// multiplication is that of AES (FIPS 197, 4.2).
//
// Controls: none, it is arithmetic.
func TestField(t *testing.T) {
	require.Equal(t, byte(0xc1), multiply(0x57, 0x83), "FIPS 197, 4.2")
	for a := range 256 {
		require.Equal(t, byte(a), multiply(byte(a), 1))
		if a != 0 {
			require.Equal(t, byte(1), multiply(byte(a), inverse(byte(a))), a)
		}
		for b := range a {
			require.Equal(t, multiply(byte(a), byte(b)), multiply(byte(b), byte(a)))
		}
	}
	require.Zero(t, inverse(0))
}

// Every choice of threshold shares restores, for all small numbers and the
// largest.
//
// Controls: HIPAA 164.308(a)(7)(ii)(B); NIST CSF 2.0 PR.DS-11.
func TestEverySubsetRestores(t *testing.T) {
	secret := make([]byte, keySize)
	rand.Read(secret)
	for n := 2; n <= 7; n++ {
		for k := 2; k <= n; k++ {
			shares := split(secret, k, n)
			for set := range 1 << n {
				var xs []byte
				var ys [][]byte
				for i := range n {
					if set>>i&1 == 1 {
						xs, ys = append(xs, byte(i+1)), append(ys, shares[i])
					}
				}
				if len(xs) == k {
					require.Equal(t, secret, combine(xs, ys), "%d of %d: %b", k, n, set)
				}
				if len(xs) == k-1 && k > 2 {
					require.NotEqual(t, secret, combine(xs, ys))
				}
			}
		}
	}
	shares := split(secret, 255, 255)
	xs := make([]byte, 255)
	for i := range xs {
		xs[i] = byte(i + 1)
	}
	require.Equal(t, secret, combine(xs, shares))
}

// One share less than the threshold tells nothing: whatever its values are,
// every secret leads to them equally often. Exhaustive over all polynomials of
// one byte for 2 and for 3 shares.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestFewerTellNothing(t *testing.T) {
	for secret := range 256 {
		var count [256]int
		for a := range 256 {
			count[value([]byte{byte(secret), byte(a)}, 5)]++
		}
		for _, n := range count {
			require.Equal(t, 1, n)
		}
	}
	for _, secret := range []byte{0, 1, 0x53, 0xff} {
		seen := make([]bool, 1<<16)
		for a := range 256 {
			for b := range 256 {
				p := []byte{secret, byte(a), byte(b)}
				seen[int(value(p, 3))<<8|int(value(p, 200))] = true
			}
		}
		require.NotContains(t, seen, false, "each pair of values comes from exactly one polynomial")
	}
}

// Splitting draws new coefficients for each byte and each time.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func TestSplitIsRandom(t *testing.T) {
	secret := make([]byte, 4096)
	first, second := split(secret, 2, 2)[0], split(secret, 2, 2)[0]
	require.NotEqual(t, first, second)
	var count [256]int
	for _, b := range first {
		count[b]++
	}
	for _, n := range count {
		require.InDelta(t, 16, n, 24, "4096 bytes of 256 values")
	}
	require.False(t, bytes.Equal(first[:8], first[8:16]))
}
