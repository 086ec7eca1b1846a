package workforce_test

import (
	"context"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

// An account is opened, and ends.
//
// Controls: HIPAA 164.308(a)(3)(ii)(C); NIST CSF 2.0 PR.AA-05.
func ExampleRegistry_Terminate() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	r, err := workforce.New(memstate.New(), &workforce.Options{
		UnsafeWithoutCutter: true, // this example lets nothing out; a service adds its Guard
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	go r.Run(ctx) //nolint:errcheck // ends with the example
	if err := r.Ready(ctx); err != nil {
		fmt.Println(err)
		return
	}
	hr := safeguard.Principal{ID: "hr-system", Kind: safeguard.Service}
	if err := r.Open(ctx, workforce.Opening{Account: "ada"}, workforce.Act{By: hr, Reason: "hired"}); err != nil {
		fmt.Println(err)
		return
	}
	report, err := r.Terminate(ctx, workforce.Termination{Account: "ada", By: hr, Reason: "left", Ticket: "HR-1021"})
	fmt.Println("unconfirmed:", len(report.Unconfirmed), err)

	a, _ := r.Account("", "ada")
	fmt.Println(a.Status, "by", a.By.ID, "for", a.Ticket)
	// Output:
	// unconfirmed: 0 <nil>
	// terminated by hr-system for HR-1021
}
