package crypto_test

import (
	"context"
	"fmt"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

// A sealed column is searched by the last four digits. The planner gives the
// width, the search finds the row however the number was written, and a column
// of few values gets no index.
func ExampleSearch() {
	ctx := context.Background()
	keys, err := cryptotest.NewKeys("clinic-a") // in a service: package keyset
	if err != nil {
		panic(err)
	}
	sealer, err := crypto.New(keys, cryptotest.NewSubjects(), nil) // in a service: NewDirSubjects
	if err != nil {
		panic(err)
	}
	plans, err := crypto.PlanIndexes(100_000, 10_000) // 100,000 patients, 10,000 endings
	if err != nil {
		panic(err)
	}
	fmt.Printf("%d bits: %.0f patients share a token\n", plans[0].Bits, plans[0].Coincidences)

	search, err := crypto.NewSearch(sealer, crypto.IndexedTable{Table: "patients", Rows: 100_000, Indexes: []crypto.IndexSpec{{
		Name: "ssn_last4", Distinct: 10_000, Bits: 15,
		Parts: []crypto.IndexPart{{Column: "ssn", Kind: "ssn", Transforms: []crypto.Transform{crypto.Digits, crypto.LastFour}}},
	}}})
	if err != nil {
		panic(err)
	}
	last4, store := search.Index("ssn_last4"), cryptotest.NewTokens()
	row, err := last4.Row(ctx, crypto.Ref{Tenant: "clinic-a", Row: "5f0c", Subject: crypto.NoSubject()}, []byte("123-45-6789"))
	if err != nil {
		panic(err)
	}
	fmt.Printf("a token: version %x and %d bytes\n", row.Tokens[0][:4], len(row.Tokens[0])-4)
	if err := store.Put(ctx, row); err != nil {
		panic(err)
	}

	tokens, err := last4.Tokens(ctx, "clinic-a", []byte("6789"))
	if err != nil {
		panic(err)
	}
	found, err := store.Find(ctx, "clinic-a", last4.ID(), tokens, "", 50)
	fmt.Println("found:", found, err)

	_, err = last4.Tokens(ctx, "clinic-a", []byte("789"))
	fmt.Println(err)
	_, err = crypto.PlanIndexes(100_000, 2)
	fmt.Println(err)
	// Output:
	// 15 bits: 10 patients share a token
	// a token: version 00000001 and 2 bytes
	// found: [5f0c] <nil>
	// crypto: index: value cannot be indexed: fewer than four characters
	// crypto: index: not safe to build: fewer than 64 different values
}
