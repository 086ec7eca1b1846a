package throttle_test

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
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

// A handler asks before it looks at the password. What ends without a word, as
// a panic does, counts as a failure; what never came to a comparison does not.
func ExampleSignIns_handler() {
	signIns, err := throttle.NewSignIns(&throttle.SignInOptions{Account: throttle.Limit{Events: 1, Per: time.Minute, Burst: 2}})
	if err != nil {
		fmt.Println(err)
		return
	}
	down := errors.New("the store is down")
	verify := func(name, password string) (bool, error) {
		if name == "nobody-can-say" {
			return false, down
		}
		return subtle.ConstantTimeCompare([]byte(password), []byte("correct horse")) == 1, nil
	}
	signIn := func(w http.ResponseWriter, r *http.Request) {
		from, _ := netip.ParseAddrPort(r.RemoteAddr)
		name := strings.ToLower(r.PostFormValue("name"))
		attempt, wait := signIns.Begin(name, from.Addr())
		if attempt == nil {
			w.Header().Set("Retry-After", strconv.Itoa(int(wait/time.Second)+1))
			w.WriteHeader(http.StatusTooManyRequests)
			return
		}
		ok, err := verify(name, r.PostFormValue("password"))
		switch {
		case err != nil:
			attempt.Untried()
			w.WriteHeader(http.StatusServiceUnavailable)
		case !ok:
			w.WriteHeader(http.StatusUnauthorized)
		default:
			attempt.Succeeded() // all factors included; and now a session
		}
	}
	for _, form := range []string{
		"name=ada&password=a", "name=ADA&password=correct+horse", "name=ada&password=b", "name=ada&password=correct+horse",
		"name=nobody-can-say&password=x", "name=bob&password=correct+horse",
	} {
		r := httptest.NewRequest("POST", "/signin", strings.NewReader(form))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		w := httptest.NewRecorder()
		signIn(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// 401
	// 200
	// 401
	// 429
	// 503
	// 200
}
