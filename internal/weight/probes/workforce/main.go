// Command workforce is a service whose accounts and grants are kept in memory.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/safeguard-sdk/safeguard/access"
	"github.com/safeguard-sdk/safeguard/access/memstate"
	"github.com/safeguard-sdk/safeguard/access/workforce"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	src, err := os.ReadFile(os.Getenv("POLICY"))
	if err != nil {
		return err
	}
	policy, err := access.ParsePolicy(src)
	if err != nil {
		return err
	}
	registry, err := workforce.New(memstate.New(), nil)
	if err != nil {
		return err
	}
	guard, err := access.New(policy, &access.Options{Roles: registry, UnsafeWithoutEntry: true})
	if err != nil {
		return err
	}
	go func() { fmt.Fprintln(os.Stderr, registry.Run(ctx)) }()
	return http.ListenAndServe("127.0.0.1:8080", guard.Mux())
}
