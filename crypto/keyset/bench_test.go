package keyset_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/keyset/keysettest"
)

// BenchmarkRing is what a lookup adds to a seal.
func BenchmarkRing(b *testing.B) {
	kek, err := keyset.CreateFileKEK(filepath.Join(b.TempDir(), "kek"))
	require.NoError(b, err)
	r, err := keyset.NewRing(new(keysettest.Store), kek, nil)
	require.NoError(b, err)
	require.NoError(b, r.Create(b.Context(), "clinic-a"))
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := r.Keyset(ctx, "clinic-a"); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkKeys is the same of keysets that do not change.
func BenchmarkKeys(b *testing.B) {
	kek, err := keyset.CreateFileKEK(filepath.Join(b.TempDir(), "kek"))
	require.NoError(b, err)
	keys, err := keyset.Create(b.Context(), filepath.Join(b.TempDir(), "keyset"), "clinic-a", kek)
	require.NoError(b, err)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := keys.Keyset(ctx, "clinic-a"); err != nil {
			b.Fatal(err)
		}
	}
}
