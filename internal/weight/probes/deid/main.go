// Command deid is a service that answers with Safe Harbor copies.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"

	"github.com/safeguard-sdk/safeguard/deid"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	engine, err := deid.New(nil)
	if err != nil {
		return err
	}
	transform := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		src, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 1<<20))
		if err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
			return
		}
		out, _, err := engine.FHIR(r.Context(), nil, src)
		if err != nil {
			w.WriteHeader(http.StatusUnprocessableEntity)
			return
		}
		if _, err := w.Write(out); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
	})
	return http.ListenAndServe("127.0.0.1:8080", transform)
}
