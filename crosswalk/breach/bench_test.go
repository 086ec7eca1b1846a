package breach_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/breach"
)

// BenchmarkReport is the way of a file with 10,000 individuals: read,
// validated and reported on.
func BenchmarkReport(b *testing.B) {
	text := encoded(b, large(b, 10000))
	asOf := day(b, "2026-03-10")
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		f, err := breach.Parse(text)
		require.NoError(b, err)
		r, err := f.Report(asOf)
		require.NoError(b, err)
		require.Len(b, r.Affected, 10000)
	}
}

func BenchmarkDeadlines(b *testing.B) {
	f := breach.Facts{Role: breach.CoveredEntity, Discovered: day(b, "2026-01-15"), Individuals: 501, Residents: map[string]int{"OH": 501}}
	for b.Loop() {
		_, err := breach.Deadlines(f)
		require.NoError(b, err)
	}
}
