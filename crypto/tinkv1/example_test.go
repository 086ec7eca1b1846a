package tinkv1_test

import (
	"context"
	"fmt"

	"github.com/google/tink/go/aead"
	"github.com/google/tink/go/keyset"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/tinkv1"
)

// What the archived Tink sealed, a Sealer opens, with the handle that the
// service has.
//
// Controls: none, it is an example.
func Example() {
	handle, err := keyset.NewHandle(aead.AES256GCMKeyTemplate()) // in a service: keyset.Read, as before
	must(err)
	keys, err := tinkv1.FromHandle("clinic-a", handle)
	must(err)
	sealer, err := crypto.New(keys, nil, &crypto.Options{UnsafeUnaudited: true}) // a service keeps an account
	must(err)

	place := crypto.Ref{Tenant: "clinic-a", Table: "settings", Column: "greeting", Row: "1", Subject: crypto.NoSubject()}
	associatedData, err := place.AppendAssociatedData(nil)
	must(err)
	tink, err := aead.New(handle)
	must(err)
	sealed, err := tink.Encrypt([]byte("welcome"), associatedData)
	must(err)
	value, err := sealer.AppendOpen(context.Background(), nil, sealed, place)
	fmt.Printf("%s %v\n", value, err)
	// Output: welcome <nil>
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
