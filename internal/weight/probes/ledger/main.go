// Command ledger is the audit probe with the embedded ledger as its log.
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: make([]byte, 32)})
	if err != nil {
		return err
	}
	key, err := ledger.LoadKey(os.Getenv("LEDGER_KEY"))
	if err != nil {
		return err
	}
	log, err := ledger.Open(os.Getenv("LEDGER"), key, nil)
	if err != nil {
		return err
	}
	recorder, err := audit.New(log, tokens, nil)
	if err != nil {
		return err
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	return http.ListenAndServe("127.0.0.1:8080", recorder.Handler(hello))
}
