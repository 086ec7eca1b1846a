package vaultkms_test

import (
	"context"
	"log"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/vaultkms"
)

// A service loads its keyset with one request at its start; an agent renews the token in its file.
// Without the key service it does not start.
func ExampleNew() {
	ctx := context.Background()
	kek, err := vaultkms.New("https://vault.internal:8200", "safeguard", vaultkms.TokenFile("/run/vault/token"), nil)
	if err != nil {
		log.Fatal(err)
	}
	keys, err := keyset.Load(ctx, "clinic-a.keyset", "clinic-a", kek)
	if err != nil {
		log.Fatal(err)
	}
	patients, err := crypto.OpenDirSubjects("subjects")
	if err != nil {
		log.Fatal(err)
	}
	sealer, err := crypto.New(keys, patients, nil)
	if err != nil {
		log.Fatal(err)
	}
	_ = sealer
}
