package throttle_test

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/throttle"
)

// A principal who looks at more charts than a day's work needs has to wait.
func Example() {
	limit, err := throttle.New(throttle.Limit{Events: 60, Per: time.Hour}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	// Goes into access.Options.Throttle; the guard then does what follows.
	sam := safeguard.Principal{ID: "sam", Kind: safeguard.Person}
	limit.Charge(sam, 59)
	fmt.Println("after 59 patients:", limit.Ready(sam))
	limit.Charge(sam, 61)
	fmt.Println("after 120:", limit.Ready(sam), limit.RetryAfter(sam).Round(time.Minute))
	// Output:
	// after 59 patients: true
	// after 120: false 1h1m0s
}

// Before a password is looked at, an attempt needs balance at the account and
// at the source.
func ExampleSignIns() {
	signIns, err := throttle.NewSignIns(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	guesses := 0
	for range 1000 {
		attempt, _ := signIns.Begin("ada", netip.MustParseAddr("192.0.2.7"))
		if attempt == nil {
			break
		}
		guesses++ // a wrong password; attempt.Succeeded() is not called
	}
	fmt.Println(guesses, "guesses")
	// Output: 10 guesses
}
