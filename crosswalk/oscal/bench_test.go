package oscal_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crosswalk/oscal"
)

func BenchmarkCatalog(b *testing.B) {
	for b.Loop() {
		_, err := oscal.Catalog(info())
		require.NoError(b, err)
	}
}

func BenchmarkMappings(b *testing.B) {
	for b.Loop() {
		_, err := oscal.Mappings(info(), &oscal.MappingOptions{Derived: true})
		require.NoError(b, err)
	}
}

func BenchmarkCheck(b *testing.B) {
	docs := documents(b)
	for b.Loop() {
		require.Empty(b, oscal.Check(docs...))
	}
}
