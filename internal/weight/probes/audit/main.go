// Command audit is a service with the core of audit and a log of its own.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/safeguard-sdk/safeguard/audit"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

type file struct{ *os.File }

func (f file) Append(_ context.Context, records ...[]byte) error {
	for _, r := range records {
		if _, err := f.Write(r); err != nil {
			return err
		}
	}
	return f.Sync()
}

func run() error {
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: make([]byte, 32)})
	if err != nil {
		return err
	}
	recorder, err := audit.New(file{os.Stdout}, tokens, nil)
	if err != nil {
		return err
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	return http.ListenAndServe("127.0.0.1:8080", recorder.Handler(hello))
}
