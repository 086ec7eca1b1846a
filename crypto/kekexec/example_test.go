package kekexec_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// A driver becomes a program by a main with this in it: one request from
// standard input, one answer to standard output.
func ExampleServe() {
	dir, err := os.MkdirTemp("", "kekexec")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	kek, err := keyset.CreateFileKEK(filepath.Join(dir, "kek.key")) // in a program: awskms.New, or a tool of your own
	if err != nil {
		panic(err)
	}
	ctx := context.Background()
	in := strings.NewReader(`{"op": "location"}`) // os.Stdin
	if err := kekexec.Serve(ctx, kek, in, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Output: {"location":"same host"}
}
