// Safeguard-kek-vaultkms holds a key-encryption key for programs that do not link
// the driver, by the protocol of package kekexec: one request on standard
// input, one answer on standard output.
//
//	safeguard keys create --kek 'exec:/usr/local/bin/safeguard-kek-vaultkms https://vault:8200 KEY TOKENFILE' …
//
// The arguments are the address of Vault, the name of the key in transit, the
// file with the token, which an agent renews, and perhaps the mount.
//
// Install it where only its owner can write. It sees keysets in the clear.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
	"github.com/safeguard-sdk/safeguard/crypto/vaultkms"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := serve(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "safeguard-kek-vaultkms:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) < 3 || len(args) > 4 {
		return errors.New("usage: safeguard-kek-vaultkms ADDRESS KEY TOKENFILE [MOUNT]")
	}
	opts := &vaultkms.Options{}
	if len(args) == 4 {
		opts.Mount = args[3]
	}
	kek, err := vaultkms.New(args[0], args[1], vaultkms.TokenFile(args[2]), opts)
	if err != nil {
		return err
	}
	return kekexec.Serve(ctx, kek, in, out)
}
