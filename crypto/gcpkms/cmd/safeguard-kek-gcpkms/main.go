// Safeguard-kek-gcpkms holds a key-encryption key for programs that do not link
// the driver, by the protocol of package kekexec: one request on standard
// input, one answer on standard output.
//
//	safeguard keys create --kek 'exec:/usr/local/bin/safeguard-kek-gcpkms projects/…' …
//
// The argument is the resource name of the key. Credentials are the application
// default credentials.
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

	"github.com/safeguard-sdk/safeguard/crypto/gcpkms"
	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := serve(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "safeguard-kek-gcpkms:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: safeguard-kek-gcpkms NAME")
	}
	kek, err := gcpkms.New(ctx, args[0], nil)
	if err != nil {
		return err
	}
	defer kek.Close() //nolint:errcheck // the answer is out
	return kekexec.Serve(ctx, kek, in, out)
}
