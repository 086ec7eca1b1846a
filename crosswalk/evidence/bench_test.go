package evidence_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/evidence"
)

// BenchmarkCollect reads the records of a real service; one operation is one
// record.
func BenchmarkCollect(b *testing.B) {
	var records reader
	for i := range 1000 {
		records = append(records, expired(i))
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n%len(records) == 0 {
			_, err := evidence.Collect(b.Context(), records, january, nil)
			require.NoError(b, err)
		}
		n++
	}
}

// BenchmarkBuild makes a pack with nothing given.
func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		_, err := evidence.Build(input())
		require.NoError(b, err)
	}
}

// BenchmarkFiles writes and signs all files of a pack.
func BenchmarkFiles(b *testing.B) {
	p, err := evidence.Build(input())
	require.NoError(b, err)
	for b.Loop() {
		_, err := p.Files(testKey)
		require.NoError(b, err)
	}
}
