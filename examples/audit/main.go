// Audit shows the account of access of package audit, over the embedded
// ledger: a request that is recorded before its answer leaves, a panic, a
// flood of requests of nobody, and what a client gets when the ledger is gone.
//
// Controls: none, it is a program.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "safeguard-audit-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log, rec, err := open(dir)
	if err != nil {
		return err
	}

	h := rec.Handler(signedIn(http.HandlerFunc(chart)))
	fmt.Println("A nurse reads a chart:", ask(h, "/chart", true))
	fmt.Println("The same route panics: ", ask(h, "/panic", true))
	flood := rec.Handler(http.HandlerFunc(refuse))
	for range 1000 {
		ask(flood, "/chart", false)
	}
	fmt.Println("1000 requests of nobody: refused, the first 100 recorded, the rest counted")

	if err := rec.Close(ctx); err != nil {
		return err
	}
	if err := print(ctx, log); err != nil {
		return err
	}
	if err := log.Close(ctx); err != nil {
		return err
	}
	rec2, err := audit.New(log, tokens(), nil)
	if err != nil {
		return err
	}
	fmt.Println("\nWith the ledger gone the nurse gets:", ask(rec2.Handler(signedIn(http.HandlerFunc(chart))), "/chart", true))
	_ = rec2.Close(ctx)
	return nil
}

func open(dir string) (*ledger.Ledger, *audit.Recorder, error) {
	key, err := ledger.CreateKey(filepath.Join(dir, "key.pem"))
	if err != nil {
		return nil, nil, err
	}
	log, err := ledger.Open(filepath.Join(dir, "ledger"), key, nil)
	if err != nil {
		return nil, nil, err
	}
	rec, err := audit.New(log, tokens(), &audit.Options{Source: "urn:safeguard:example"})
	if err != nil {
		return nil, nil, errors.Join(err, log.Close(context.Background()))
	}
	return log, rec, nil
}

// tokens makes a new key for the demonstration. A service keeps its keys for
// as long as the ledger, and all its instances share them.
func tokens() *audit.TokenKeys {
	secret := make([]byte, 32)
	rand.Read(secret)
	keys, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "p1", Secret: secret})
	if err != nil {
		panic(err)
	}
	return keys
}

// signedIn stands for the service's own sign-in.
func signedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p := safeguard.Principal{ID: "nurse-7", Kind: safeguard.Person}
		audit.EntryFrom(r.Context()).SetPrincipal(p)
		next.ServeHTTP(w, r.WithContext(safeguard.WithPrincipal(r.Context(), p)))
	})
}

func chart(w http.ResponseWriter, r *http.Request) {
	e := audit.EntryFrom(r.Context())
	e.SetAction("Chart", "read", safeguard.Treatment)
	e.AddPatient(safeguard.NewPatient("MRN-55512345"))
	if r.URL.Path == "/panic" {
		panic("about MRN-55512345")
	}
	io.WriteString(w, "blood pressure 120/80")
}

func refuse(w http.ResponseWriter, r *http.Request) {
	audit.EntryFrom(r.Context()).Deny("signin.missing")
	w.WriteHeader(http.StatusUnauthorized)
}

// ask makes a request and says what came of it.
func ask(h http.Handler, path string, show bool) (answer string) {
	defer func() {
		if v := recover(); v != nil {
			answer = fmt.Sprintf("the connection is cut (%v)", v)
		}
	}()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	if !show {
		return ""
	}
	return fmt.Sprintf("%d %q", w.Code, w.Body.String())
}

// print shows the records, but for the many of nobody.
func print(ctx context.Context, log *ledger.Ledger) error {
	fmt.Println("\nThe ledger:")
	nobody := map[string]bool{}
	for record, err := range log.Records(ctx, 0) {
		if err != nil {
			return err
		}
		var e audit.Event
		var a audit.Access
		if err := errors.Join(json.Unmarshal(record.Data, &e), json.Unmarshal(e.Data, &a)); err != nil {
			return err
		}
		if audit.IsAccess(e.Type) && a.Principal == nil {
			nobody[a.Entry] = true
		}
		if nobody[a.Entry] {
			continue
		}
		fmt.Printf("  %s\n    %s\n", e.Type, e.Data)
	}
	fmt.Printf("  and %d requests of nobody, each with a record of its own\n", len(nobody))
	return nil
}
