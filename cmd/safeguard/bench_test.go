package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkControls documents this library itself, type-checking included,
// with the go command's build cache as warm as the last run left it.
func BenchmarkControls(b *testing.B) {
	file := filepath.Join(b.TempDir(), "coverage.html")
	for b.Loop() {
		var errs bytes.Buffer
		code := run(&env{ctx: b.Context(), out: &errs, errs: &errs}, []string{"controls", "-C", filepath.Join("..", ".."), "-o", file})
		require.Zero(b, code, errs.String())
	}
}
