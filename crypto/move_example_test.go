package crypto_test

import (
	"context"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// Two charts are of one person: a value goes from one patient to the other,
// and its plaintext stays in the Sealer. Package rekey does it for tables.
func ExampleSealer_AppendRebind() {
	ctx, sealer := context.Background(), exampleSealer()
	from := crypto.Ref{
		Tenant: "clinic-a", Table: "notes", Column: "text", Row: "5f0c",
		Subject: crypto.SubjectOf(safeguard.NewPatient("Patient/ada-2")),
	}
	to := from
	to.Subject = crypto.SubjectOf(safeguard.NewPatient("Patient/ada"))
	sealed, err := sealer.AppendSeal(ctx, nil, []byte("seen at night"), from)
	if err != nil {
		panic(err)
	}
	moved, err := sealer.AppendRebind(ctx, nil, sealed, from, to)
	if err != nil {
		panic(err)
	}
	text, err := sealer.AppendOpen(ctx, nil, moved, to)
	fmt.Printf("%s %v\n", text, err)
	_, err = sealer.AppendOpen(ctx, nil, moved, from)
	fmt.Println(err)
	// Output:
	// seen at night <nil>
	// crypto: open: not sealed for this place, or altered
}

// Many values are sealed into one buffer, without allocating: AppendSeal and
// AppendOpen write behind what is there, and into the room that it has.
func ExampleSealer_AppendSeal() {
	ctx, sealer := context.Background(), exampleSealer()
	place := crypto.Ref{
		Tenant: "clinic-a", Table: "patients", Column: "ssn", Row: "5f0c",
		Subject: crypto.SubjectOf(safeguard.NewPatient("Patient/ada")),
	}
	var err error
	sealed, opened := make([]byte, 0, 128), make([]byte, 0, 128)
	for _, value := range []string{"123-45-6789", "987-65-4321"} {
		if sealed, err = sealer.AppendSeal(ctx, sealed[:0], []byte(value), place); err != nil {
			panic(err)
		}
		if opened, err = sealer.AppendOpen(ctx, opened[:0], sealed, place); err != nil {
			panic(err)
		}
		fmt.Println(len(sealed), string(opened))
	}
	clear(opened[:cap(opened)]) // it held plaintext
	// Output:
	// 48 123-45-6789
	// 48 987-65-4321
}
