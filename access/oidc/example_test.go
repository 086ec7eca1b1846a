package oidc_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access/oidc"
)

// A Verifier is told everything; what it is not told it does not guess.
func ExampleNew() {
	_, err := oidc.New(oidc.Trust{Issuer: "https://login.example.org", Audience: "https://api.example.org"}, nil)
	fmt.Println(err)

	v, err := oidc.New(oidc.Trust{
		Issuer:      "https://login.example.org",
		Audience:    "https://api.example.org",
		Algorithms:  []string{"ES256", "RS256"},
		MaxLifetime: time.Hour,
		Discover:    true,
	}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = v.Verify(context.Background(), "eyJhbGciOiJub25lIn0.e30.AA")
	var refused *oidc.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.HTTPStatus())
	}
	// Output:
	// oidc: cannot be built: Algorithms are required
	// oidc.algorithm 401
}

// One service calls another on behalf of a person, for one purpose. The token
// counts once.
func ExampleForwarder() {
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	const billing = "https://billing.example.org"
	forwarder, err := oidc.NewForwarder(private, "charts", billing)
	if err != nil {
		fmt.Println(err)
		return
	}
	receiver, err := oidc.NewReceiver(billing, map[string][]ed25519.PublicKey{"charts": {public}}, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	ctx := safeguard.WithPrincipal(context.Background(), safeguard.Principal{ID: "ada", Kind: safeguard.Person, Method: "oidc"})
	token, err := forwarder.Mint(ctx, safeguard.Payment)
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		t, err := receiver.Verify(token)
		if err != nil {
			fmt.Println(err)
			continue
		}
		purposes, _ := t.Purposes()
		fmt.Println(t.Principal().ID, t.Principal().Method, purposes)
	}
	// Output:
	// ada oidc by charts [HPAYMT]
	// oidc: refused: oidc.replay
}
