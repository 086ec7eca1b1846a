package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

// status runs a program and compares its exit code:
//
//	status 2 safeguard catalog none
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status code program [args]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// reporter says one thing of itself.
type reporter struct{ safeguard.Observation }

func (r reporter) Report(context.Context) ([]safeguard.Observation, error) {
	return []safeguard.Observation{r.Observation}, nil
}

// makeLedger writes a ledger as a service does, and its public key:
//
//	ledger dir keyfile
//
// The second start of the service reports another limit than the first.
func makeLedger(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: ledger dir keyfile")
	}
	_, key, err := ed25519.GenerateKey(rand.Reader)
	ts.Check(err)
	for _, idle := range []string{"30m0s", "15m0s"} {
		public := serve(ts, ts.MkAbs(args[0]), key, idle)
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), []byte(public), 0o600))
	}
}

// serve is one life of a service.
func serve(ts *testscript.TestScript, dir string, key ed25519.PrivateKey, idle string) string {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	l, err := ledger.Open(dir, key, nil)
	ts.Check(err)
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "e1", Secret: []byte(strings.Repeat("k", 32))})
	ts.Check(err)
	recorder, err := audit.New(l, tokens, &audit.Options{Source: "urn:test:charts"})
	ts.Check(err)
	err = recorder.Watch(ctx, reporter{safeguard.Observation{
		Component: "session", Controls: []safeguard.Control{safeguard.AutomaticLogoff},
		Statement: fmt.Sprintf("Sessions end after %s.", idle), Settings: map[string]string{"idle": idle},
	}})
	ts.Check(err)
	ts.Check(recorder.Close(ctx))
	ts.Check(l.Close(ctx))
	return l.VerifierKey()
}
