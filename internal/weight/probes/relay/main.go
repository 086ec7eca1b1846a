// Command relay carries a ledger's records to an HTTPS endpoint.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/safeguard-sdk/safeguard/audit/httpsink"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/relay"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	key, err := ledger.LoadKey(os.Getenv("LEDGER_KEY"))
	if err != nil {
		return err
	}
	log, err := ledger.Open(os.Getenv("LEDGER"), key, nil)
	if err != nil {
		return err
	}
	sink, err := httpsink.New(os.Getenv("ENDPOINT"), nil)
	if err != nil {
		return err
	}
	cursor, err := relay.OpenFileCursor(os.Getenv("CURSOR"))
	if err != nil {
		return err
	}
	carrier, err := relay.New(log, sink, cursor, nil)
	if err != nil {
		return err
	}
	return carrier.Run(ctx)
}
