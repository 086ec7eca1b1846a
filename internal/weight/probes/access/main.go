// Command access is a service that imports access alone and keeps its own
// access log.
package main

import (
	"fmt"
	"net/http"
	"os"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/access"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	src, err := os.ReadFile(os.Getenv("POLICY"))
	if err != nil {
		return err
	}
	policy, err := access.ParsePolicy(src)
	if err != nil {
		return err
	}
	guard, err := access.New(policy, &access.Options{Roles: access.Assignments{}, UnsafeWithoutEntry: true})
	if err != nil {
		return err
	}
	mux := guard.Mux()
	rule := access.Rule{Resource: "Patient", Action: "read", Patient: access.PathPatient("id"), Purpose: access.FixedPurpose(safeguard.Treatment)}
	mux.Handle("GET /patients/{id}", rule, http.HandlerFunc(hello))
	if err := guard.VerifyRoutes(mux); err != nil {
		return err
	}
	return http.ListenAndServe("127.0.0.1:8080", mux)
}

func hello(w http.ResponseWriter, r *http.Request) {
	if err := access.WriteJSON(w, r, http.StatusOK, []byte(`{"resourceType":"Patient"}`)); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
