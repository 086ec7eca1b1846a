// Command oidc identifies callers by bearer tokens.
package main

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/safeguard-sdk/safeguard/access/oidc"
)

func main() {
	verifier, err := oidc.New(oidc.Trust{
		Issuer: os.Getenv("ISSUER"), Audience: os.Getenv("AUDIENCE"), Algorithms: []string{"ES256"}, MaxLifetime: time.Hour, Discover: true,
	}, nil)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, http.ListenAndServe("127.0.0.1:8080", verifier.Handler(http.NotFoundHandler())))
	os.Exit(1)
}
