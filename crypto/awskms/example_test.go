package awskms_test

import (
	"context"
	"log"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/awskms"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// A service loads its keyset with one request at its start; credentials come from the environment, as everywhere in AWS.
// Without the key service it does not start.
func ExampleNew() {
	ctx := context.Background()
	kek, err := awskms.New(ctx, "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", nil)
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
