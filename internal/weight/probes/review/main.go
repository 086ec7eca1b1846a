// Command review shows a ledger's records to the standard rules.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/audit/review"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	rules, err := review.Standard(review.Host{})
	if err != nil {
		return err
	}
	engine, err := review.New(rules, nil)
	if err != nil {
		return err
	}
	reader, err := ledger.OpenReader(os.Getenv("LEDGER"))
	if err != nil {
		return err
	}
	defer reader.Close()
	for record, err := range reader.Records(ctx, 0) {
		if err != nil {
			return err
		}
		alerts, err := engine.Observe(ctx, record.Index, record.Data)
		if err != nil {
			return err
		}
		fmt.Println(record.Index, len(alerts))
	}
	return nil
}
