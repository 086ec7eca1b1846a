package keep_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/keep"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// Six years from 29 February 2024 end on 1 March 2030, in every time zone.
//
// Controls: HIPAA 164.316(b)(2)(i).
func ExampleUntil() {
	created := time.Date(2024, time.February, 29, 12, 0, 0, 0, time.UTC)
	fmt.Println(keep.Until(created, 6).Format(time.DateOnly))
	// Output: 2030-03-03
}

// A drill exports a ledger, restores it, and proves that the copy is equal; that
// it was held is recorded.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A), 164.308(a)(7)(ii)(D), 164.312(c)(2); NIST CSF 2.0 PR.DS-11.
func Example() {
	tmp, err := os.MkdirTemp("", "keep")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(tmp)
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "op-7", Kind: safeguard.Person})

	key, err := ledger.CreateKey(filepath.Join(tmp, "key.pem"))
	if err != nil {
		log.Fatal(err)
	}
	dir := filepath.Join(tmp, "records")
	l, err := ledger.Open(dir, key, &ledger.Options{Origin: "clinic.example/charts"})
	if err != nil {
		log.Fatal(err)
	}
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: []byte("thirty-two random bytes, or more")})
	if err != nil {
		log.Fatal(err)
	}
	recorder, err := audit.New(l, tokens, &audit.Options{Source: "urn:clinic:charts"})
	if err != nil {
		log.Fatal(err)
	}
	drilled, err := keep.Drill(ctx, dir, l.VerifierKey(), recorder, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("equal:", drilled.Equal)

	keeper, err := keep.New(dir, l.VerifierKey(), recorder, l, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := keeper.SetHold(ctx, keep.Hold{Case: "lit-2026-031", Actors: []string{"clinician-7"}}, "litigation"); err != nil {
		log.Fatal(err)
	}
	plan, err := keeper.Plan(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("holds:", len(plan.Holds))
	fmt.Println(plan)
	if err := keeper.Close(); err != nil {
		log.Fatal(err)
	}
	if err := recorder.Close(ctx); err != nil {
		log.Fatal(err)
	}
	if err := l.Close(ctx); err != nil {
		log.Fatal(err)
	}
	// Output:
	// equal: true
	// holds: 1
	// nothing may go: it is the segment that is written to
}
