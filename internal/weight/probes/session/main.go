// Command session is a service that imports session alone and keeps its own
// access log.
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/safeguard-sdk/safeguard/session"
	"github.com/safeguard-sdk/safeguard/session/memstore"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	store, err := memstore.New(nil)
	if err != nil {
		return err
	}
	sessions, err := session.New(store, &session.Options{UnsafeWithoutEntry: true})
	if err != nil {
		return err
	}
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	return http.ListenAndServe("127.0.0.1:8080", sessions.Handler(hello))
}
