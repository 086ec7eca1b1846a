// The posture of the module in the build that the test chose.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	keys, err := cryptotest.NewKeys("clinic")
	if err != nil {
		return err
	}
	s, err := crypto.New(keys, nil, nil)
	if err != nil {
		return err
	}
	p, err := s.Posture(context.Background())
	if err != nil {
		return err
	}
	fmt.Println(p.Module.Build, p.Module.Validation, p.Module.Enabled, p.Module.Enforced)
	fmt.Println(p)
	return nil
}
