package shred_test

import (
	"context"
	"crypto/ed25519"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
	"github.com/safeguard-sdk/safeguard/crypto/shred/shredtest"
)

// One person requests, another approves, and a stranger verifies.
func Example() {
	ctx := context.Background()
	ada := safeguard.NewPatient("Patient/ada")
	keys, err := cryptotest.NewKeys("clinic-a") // in a service: package keyset
	check(err)
	store := cryptotest.NewSubjects() // crypto.OpenDirSubjects
	// In a service without the Unsafe options: the context of a request that
	// package audit handles has an Entry.
	sealer, err := crypto.New(keys, store, &crypto.Options{UnsafeUnaudited: true})
	check(err)
	register, err := shred.OpenRegister(ctx, new(shredtest.Log)) // shred.NewDirLog
	check(err)
	public, private, err := ed25519.GenerateKey(nil)
	check(err)
	shredder, err := shred.New(sealer, store, register, private, &shred.Options{
		Authorize: func(_ context.Context, who safeguard.Principal, _ shred.Step, _ shred.Order) error {
			if who.ID != "dr.lee" && who.ID != "ms.ray" {
				return fmt.Errorf("not a privacy officer")
			}
			return nil
		},
		UnsafeUnaudited: true,
	})
	check(err)

	place := crypto.Ref{Tenant: "clinic-a", Table: "patients", Column: "ssn", Row: "5f0c", Subject: crypto.SubjectOf(ada)}
	sealed, err := sealer.AppendSeal(ctx, nil, []byte("123-45-6789"), place)
	check(err)

	as := func(id string) context.Context {
		return safeguard.WithPrincipal(ctx, safeguard.Principal{ID: id, Kind: safeguard.Person})
	}
	order := shred.Order{Kind: shred.DestroyPatient, Tenant: "clinic-a", Patient: ada, Reason: "retention.expired"}
	id, err := shredder.Request(as("dr.lee"), order)
	check(err)
	_, err = shredder.Approve(as("dr.lee"), id, order)
	fmt.Println(err)
	certificate, err := shredder.Approve(as("ms.ray"), id, order)
	check(err)

	_, err = sealer.AppendOpen(ctx, nil, sealed, place)
	fmt.Println(err)
	said, err := shred.Verify(certificate, public)
	check(err)
	fmt.Println(said.Found, len(said.Keys), said.Requested.ID, said.Approved.ID, said.Forgotten.Sub(said.Done))
	// Output:
	// shred: denied: needs a second person
	// crypto: subject key: destroyed
	// keys 1 dr.lee ms.ray 1h0m0s
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
