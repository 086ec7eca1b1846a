// Command custody is the keyset probe that also makes a backup of its keys and
// reads one.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
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

func newSealer() (*crypto.Sealer, error) {
	kek, err := keyset.OpenFileKEK(os.Getenv("KEK"))
	if err != nil {
		return nil, err
	}
	keys, err := keyset.Load(context.Background(), os.Getenv("KEYSET"), "clinic", kek)
	if err != nil {
		return nil, err
	}
	subjects, err := crypto.NewDirSubjects(os.Getenv("SUBJECTS"))
	if err != nil {
		return nil, err
	}
	return crypto.New(keys, subjects, nil)
}

func backup(ctx context.Context) error {
	kek, err := keyset.OpenFileKEK(os.Getenv("KEK"))
	if err != nil {
		return err
	}
	store, err := keyset.NewDirStore(os.Getenv("KEYSETS"))
	if err != nil {
		return err
	}
	subjects, err := crypto.NewDirSubjects(os.Getenv("SUBJECTS"))
	if err != nil {
		return err
	}
	bundle, shares, err := custody.Backup(ctx, custody.Source{Keysets: store, KEK: kek, Subjects: subjects},
		custody.Plan{Threshold: 2, Custodians: []string{"counsel", "notary"}})
	if err != nil {
		return err
	}
	_, err = custody.Restore(ctx, bundle, shares, custody.Target{
		Keysets: store, KEK: kek, Subjects: subjects, UnsafeWithoutRegister: true,
	})
	return err
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
	if err := backup(context.Background()); err != nil {
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
