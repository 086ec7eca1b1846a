package safeguard_test

import (
	"context"
	"fmt"

	"github.com/safeguard-sdk/safeguard"
)

// A service with its own sign-in says who acts; everything below finds it in
// the context. A patient can be passed along and logged without being shown.
func Example() {
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "u-17", Kind: safeguard.Person})
	patient := safeguard.NewPatient("MRN-55512345")

	who, ok := safeguard.PrincipalFrom(ctx)
	fmt.Println(ok, who.ID)
	fmt.Printf("reading %v, %+v, %s\n", patient, patient, patient)
	// Output:
	// true u-17
	// reading [patient], [patient], [patient]
}
