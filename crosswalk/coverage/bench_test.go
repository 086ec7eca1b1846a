package coverage_test

import (
	"io"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/coverage"
)

// The whole report of this module, from source to HTML.
func BenchmarkReport(b *testing.B) {
	for b.Loop() {
		index, _, err := coverage.Read(os.DirFS("../.."), &coverage.Options{Nested: true})
		require.NoError(b, err)
		require.NoError(b, (&coverage.Document{Indexes: []*coverage.Index{index}}).WriteHTML(io.Discard))
	}
}

func BenchmarkLibrary(b *testing.B) {
	for b.Loop() {
		_, err := coverage.Library()
		require.NoError(b, err)
	}
}
