// Command crypto-rekey is the crypto-fields probe that also brings a table
// under the newest key.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
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

type keys struct{ set *crypto.Keyset }

func (k keys) Keyset(context.Context, string) (*crypto.Keyset, error) { return k.set, nil }

func newSealer() (*crypto.Sealer, error) {
	key, err := crypto.NewKey(1, make([]byte, 32))
	if err != nil {
		return nil, err
	}
	set, err := crypto.NewKeyset(1, key)
	if err != nil {
		return nil, err
	}
	subjects, err := crypto.NewDirSubjects(os.Getenv("SUBJECTS"))
	if err != nil {
		return nil, err
	}
	return crypto.New(keys{set}, subjects, nil)
}

type table struct{}

func (table) Tenant() string { return "clinic" }

func (table) Stale(context.Context, uint32, string, int) (rekey.Page, error) {
	return rekey.Page{}, nil
}

func (table) All(context.Context, string, int) (rekey.Page, error) { return rekey.Page{}, nil }

func (table) Census(context.Context) (rekey.Census, error) { return rekey.Census{}, nil }

func (table) Replace(context.Context, []rekey.Change) ([]bool, error) { return nil, nil }

func renew(ctx context.Context, sealer *crypto.Sealer) error {
	if _, err := rekey.Rewrap(ctx, sealer, table{}, nil); err != nil {
		return err
	}
	report, err := rekey.Verify(ctx, sealer, table{}, nil)
	if err != nil {
		return err
	}
	fmt.Println(report.SafeToDestroy(1))
	return nil
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
	sealer, err := newSealer()
	if err != nil {
		return err
	}
	if err := renew(context.Background(), sealer); err != nil {
		return err
	}
	seal := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ref := crypto.Ref{
			Tenant: "clinic", Table: "patient", Column: "note", Row: "1",
			Subject: crypto.SubjectOf(safeguard.NewPatient(r.PathValue("id"))),
		}
		sealed, err := sealer.AppendSeal(r.Context(), nil, []byte("hello"), ref)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		opened, err := sealer.AppendOpen(r.Context(), nil, sealed, ref)
		if err != nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		fmt.Fprintln(w, len(opened))
	})
	return http.ListenAndServe("127.0.0.1:8080", recorder.Handler(seal))
}
