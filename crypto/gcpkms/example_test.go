package gcpkms_test

import (
	"context"
	"log"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/gcpkms"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// A service loads its keyset with one request at its start; credentials are the application's default.
// Without the key service it does not start.
func ExampleNew() {
	ctx := context.Background()
	kek, err := gcpkms.New(ctx, "projects/p/locations/europe-west3/keyRings/r/cryptoKeys/k", nil)
	if err != nil {
		log.Fatal(err)
	}
	defer kek.Close() //nolint:errcheck // it only closes connections
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
