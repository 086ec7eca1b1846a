// Safeguard-kek-awskms holds a key-encryption key for programs that do not link
// the driver, by the protocol of package kekexec: one request on standard
// input, one answer on standard output.
//
//	safeguard keys create --kek 'exec:/usr/local/bin/safeguard-kek-awskms arn:aws:kms:…' …
//
// The argument is the ARN of the key. Credentials, endpoint and region are those
// of the AWS SDK: environment, shared files, instance role.
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

	"github.com/safeguard-sdk/safeguard/crypto/awskms"
	"github.com/safeguard-sdk/safeguard/crypto/kekexec"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := serve(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "safeguard-kek-awskms:", err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	if len(args) != 1 {
		return errors.New("usage: safeguard-kek-awskms ARN")
	}
	kek, err := awskms.New(ctx, args[0], nil)
	if err != nil {
		return err
	}
	return kekexec.Serve(ctx, kek, in, out)
}
