package crypto_test

import (
	"context"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// A column is sealed for its place. It opens there and nowhere else, and a
// log shows nothing of it.
func ExampleSealed() {
	ctx := context.Background()
	keys, err := cryptotest.NewKeys("clinic-a") // in a service: package keyset
	if err != nil {
		panic(err)
	}
	// In a service: NewDirSubjects, and no options, since the context of a
	// request that package audit handles has an Entry.
	sealer, err := crypto.New(keys, cryptotest.NewSubjects(), &crypto.Options{UnsafeUnaudited: true})
	if err != nil {
		panic(err)
	}
	place := crypto.Ref{
		Tenant: "clinic-a", Table: "patients", Column: "ssn", Row: "5f0c",
		Subject: crypto.SubjectOf(safeguard.NewPatient("Patient/ada")),
	}
	ssn, err := crypto.Seal(ctx, sealer, place, "123-45-6789")
	if err != nil {
		panic(err)
	}
	fmt.Println("in a log:", ssn)

	value, err := ssn.Open(ctx, sealer, place)
	fmt.Println("in its place:", value, err)

	place.Row = "77aa"
	_, err = ssn.Open(ctx, sealer, place)
	fmt.Println("in another row:", err)

	place.Row = ""
	_, err = ssn.Open(ctx, sealer, place)
	fmt.Println("nowhere:", err)
	// Output:
	// in a log: [sealed]
	// in its place: 123-45-6789 <nil>
	// in another row: crypto: open: not sealed for this place, or altered
	// nowhere: crypto: ref: not usable: Row is not set
}

// The associated data of a place of NoSubject, for a program that opens its
// values with Tink.
func ExampleRef_AppendAssociatedData() {
	place := crypto.Ref{Tenant: "t", Table: "settings", Column: "key", Row: "1", Subject: crypto.NoSubject()}
	aad, err := place.AppendAssociatedData(nil)
	fmt.Printf("%q %v\n", aad, err)
	// Output: "\x01\x01\x00\x01t\x00\bsettings\x00\x03key\x00\x011\x00" <nil>
}
