package access

import (
	"bytes"
	"testing"

	"github.com/safeguard-sdk/safeguard"
	"github.com/stretchr/testify/require"
)

// tenPurposes are all but BTG, which needs emergency rules.
func tenPurposes() []safeguard.Purpose {
	all := purposes()
	return all[:10]
}

// The whole matrix has every combination once.
//
// Controls: HIPAA 164.308(a)(4)(ii)(C); NIST CSF 2.0 PR.AA-05.
func TestMatrixSize(t *testing.T) {
	p, err := ParsePolicy([]byte(largePolicy(150, 10)))
	require.NoError(t, err)
	m := p.Matrix(&MatrixOptions{Purposes: tenPurposes()})
	require.Equal(t, 100*150*5*10, m.Len())
	allowed := 0
	for c := range m.Cells() {
		if c.Effect == EffectAllow {
			allowed++
		}
	}
	require.Greater(t, allowed, 1000)
}

// BenchmarkMatrix computes the 750,000 cells of 100 roles, 150 types, 5
// actions and 10 purposes.
func BenchmarkMatrix(b *testing.B) {
	p, err := ParsePolicy([]byte(largePolicy(150, 33)))
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		p.Matrix(&MatrixOptions{Purposes: tenPurposes()})
	}
}

// BenchmarkReload does what a reload does besides swapping: reading, linting
// and comparing two policies of 4,950 rules of which few differ, and two of
// which all differ.
func BenchmarkReload(b *testing.B) {
	src := []byte(largePolicy(150, 33))
	older, err := ParsePolicy(src)
	require.NoError(b, err)
	newer, err := ParsePolicy(bytes.ReplaceAll(src, []byte(`T7.f3"`), []byte(`T7.h3"`)))
	require.NoError(b, err)
	other, err := ParsePolicy(bytes.ReplaceAll(src, []byte(`.f`), []byte(`.h`)))
	require.NoError(b, err)
	b.Run("parse", func(b *testing.B) {
		for b.Loop() {
			_, err := ParsePolicy(src)
			require.NoError(b, err)
		}
	})
	b.Run("lint", func(b *testing.B) {
		for b.Loop() {
			newer.Lint()
		}
	})
	b.Run("diff", func(b *testing.B) {
		for b.Loop() {
			require.False(b, Diff(older, newer).Empty())
		}
	})
	b.Run("diff-of-everything", func(b *testing.B) {
		for b.Loop() {
			require.False(b, Diff(older, other).Empty())
		}
	})
}
