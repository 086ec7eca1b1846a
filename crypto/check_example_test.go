package crypto_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/audittest"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// A value opens where something accounts for it, and where the service's own
// rule permits it. Neither is asked of who seals.
func ExampleOptions() {
	keys, err := cryptotest.NewKeys("clinic-a") // in a service: package keyset
	if err != nil {
		panic(err)
	}
	sealer, err := crypto.New(keys, cryptotest.NewSubjects(), &crypto.Options{
		Check: func(_ context.Context, ref crypto.Ref) error {
			if ref.Column == "psychotherapy" {
				return errors.New("needs an authorization of its own")
			}
			return nil
		},
	})
	if err != nil {
		panic(err)
	}
	secret := make([]byte, 32)
	rand.Read(secret) // in a service: made once, and kept
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "2026", Secret: secret})
	if err != nil {
		panic(err)
	}
	recorder, err := audit.New(audittest.NewLog(), tokens, nil) // in a service: package ledger
	if err != nil {
		panic(err)
	}
	place := crypto.Ref{
		Tenant: "clinic-a", Table: "notes", Column: "summary", Row: "5f0c",
		Subject: crypto.SubjectOf(safeguard.NewPatient("Patient/ada")),
	}
	sealed, err := sealer.AppendSeal(context.Background(), nil, []byte("seen at night"), place)
	if err != nil {
		panic(err)
	}

	_, err = sealer.AppendOpen(context.Background(), nil, sealed, place)
	fmt.Println(err)
	who := safeguard.Principal{ID: "dr.okafor", Kind: safeguard.Person, Method: "password+totp"}
	ctx, entry := recorder.Begin(safeguard.WithPrincipal(context.Background(), who), "report", "") // of a request: its Handler does it
	value, err := sealer.AppendOpen(ctx, nil, sealed, place)
	fmt.Printf("%s %v\n", value, err)
	if err := entry.Commit(ctx); err != nil { // before the value leaves
		panic(err)
	}
	place.Column = "psychotherapy"
	_, err = sealer.AppendOpen(ctx, nil, sealed, place)
	fmt.Println(err)
	// Output:
	// crypto: open: no audit entry in the context
	// seen at night <nil>
	// crypto: open: check: needs an authorization of its own
}
