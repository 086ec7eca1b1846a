// Quickstart runs a small service over FHIR patients and tells, step by step,
// what Safeguard does with them: how a chart lies sealed on disk, what
// different people get to see of it, what they are refused, how a session ends
// by itself, what a Safe Harbor copy holds, and how one changed byte of the
// ledger is found.
//
//	go run ./examples/quickstart
//	go run ./examples/quickstart -fhir DIR     # any FHIR R4 bundles
//	go run ./examples/quickstart -dir DIR      # keep the data, and use it again
//
// With -fhir it prints the names of fields and never their values.
//
// Controls: none, it is a program.
package main

import (
	"context"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/signal"
	"time"
)

func main() {
	fhir := flag.String("fhir", "", "directory of FHIR R4 bundles (*.json) to use in place of the built-in patients")
	dir := flag.String("dir", "", "directory for keys, charts and ledger (default: a new temporary one)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *fhir, *dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// logoffAfter is the idle limit of the demonstration. The default, which a
// real service keeps, is 15 minutes.
const logoffAfter = 2 * time.Second

func run(ctx context.Context, fhir, dir string) (err error) {
	source, err := fs.Sub(patients, "patients")
	if fhir != "" {
		source, err = os.DirFS(fhir), nil
	}
	if err != nil {
		return err
	}
	if dir == "" {
		if dir, err = os.MkdirTemp("", "safeguard-quickstart-"); err != nil {
			return fmt.Errorf("quickstart: data directory: %w", err)
		}
	}
	s := &story{out: os.Stdout, dir: dir, values: fhir == "", source: source, idle: logoffAfter}
	return s.tell(ctx)
}
