package custody

import "crypto/rand"

// Shamir's scheme (How to Share a Secret, 1979) over GF(2^8) with the
// polynomial of AES: each byte of the secret is the value at 0 of a random
// polynomial of degree k-1, and share x has the values at x. No step branches
// or indexes by a secret.

// split returns the values of n shares, of which any k give secret.
func split(secret []byte, k, n int) [][]byte {
	shares := make([][]byte, n)
	for x := range shares {
		shares[x] = make([]byte, len(secret))
	}
	coefficients := make([]byte, k)
	defer clear(coefficients)
	for i, b := range secret {
		rand.Read(coefficients[1:])
		coefficients[0] = b
		for x := range shares {
			shares[x][i] = value(coefficients, byte(x+1))
		}
	}
	return shares
}

// value is that of a polynomial at x, by Horner's rule.
func value(coefficients []byte, x byte) byte {
	var y byte
	for i := len(coefficients) - 1; i >= 0; i-- {
		y = multiply(y, x) ^ coefficients[i]
	}
	return y
}

// combine returns the secret of shares with the values ys at xs, which must be
// different and not 0: Lagrange's interpolation at 0.
func combine(xs []byte, ys [][]byte) []byte {
	secret := make([]byte, len(ys[0]))
	for i, x := range xs {
		weight := byte(1)
		for j, other := range xs {
			if i != j {
				weight = multiply(weight, multiply(other, inverse(other^x)))
			}
		}
		for b := range secret {
			secret[b] ^= multiply(weight, ys[i][b])
		}
	}
	return secret
}

// multiply multiplies in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
func multiply(a, b byte) byte {
	var product byte
	for range 8 {
		product ^= a & -(b & 1)
		a = a<<1 ^ 0x1b&-(a>>7)
		b >>= 1
	}
	return product
}

// inverse returns a^254, which is 1/a.
func inverse(a byte) byte {
	out := byte(1)
	for range 7 { // 254 is 2 + 4 + … + 128
		a = multiply(a, a)
		out = multiply(out, a)
	}
	return out
}
