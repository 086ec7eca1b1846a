package keyset_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// A tenant's keyset is made once and loaded at every start. What says where
// the key-encryption key lives is part of the report.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "keyset")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	kek, err := keyset.CreateFileKEK(filepath.Join(dir, "kek.key"))
	if err != nil {
		panic(err)
	}
	path := filepath.Join(dir, "clinic-a.keyset")
	if _, err := keyset.Create(ctx, path, "clinic-a", kek); err != nil {
		panic(err)
	}

	keys, err := keyset.Load(ctx, path, "clinic-a", kek)
	if err != nil {
		panic(err)
	}
	sealer, err := crypto.New(keys, nil, nil)
	if err != nil {
		panic(err)
	}
	observations, err := sealer.Report(ctx)
	if err != nil {
		panic(err)
	}
	fmt.Println(observations[1].Statement)

	_, err = keyset.Load(ctx, path, "clinic-b", kek)
	fmt.Println(err)
	// Output:
	// The key-encryption key is on the data's own host: this does not meet the key separation of HHS guidance 74 FR 19006.
	// keyset: load: the file is another tenant's: crypto: keys: no keyset for the tenant
}
