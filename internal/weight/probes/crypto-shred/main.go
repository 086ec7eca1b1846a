// Command crypto-shred is the crypto-fields probe that also destroys the keys
// of a patient.
package main

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"net/http"
	"os"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
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

func newSealer() (*crypto.Sealer, *crypto.DirSubjects, error) {
	key, err := crypto.NewKey(1, make([]byte, 32))
	if err != nil {
		return nil, nil, err
	}
	set, err := crypto.NewKeyset(1, key)
	if err != nil {
		return nil, nil, err
	}
	subjects, err := crypto.NewDirSubjects(os.Getenv("SUBJECTS"))
	if err != nil {
		return nil, nil, err
	}
	sealer, err := crypto.New(keys{set}, subjects, nil)
	return sealer, subjects, err
}

func forget(ctx context.Context, sealer *crypto.Sealer, subjects *crypto.DirSubjects) error {
	log, err := shred.NewDirLog(os.Getenv("REGISTER"))
	if err != nil {
		return err
	}
	register, err := shred.OpenRegister(ctx, log)
	if err != nil {
		return err
	}
	shredder, err := shred.New(sealer, subjects, register, ed25519.NewKeyFromSeed(make([]byte, 32)), &shred.Options{
		Authorize: func(context.Context, safeguard.Principal, shred.Step, shred.Order) error { return nil },
	})
	if err != nil {
		return err
	}
	order := shred.Order{
		Kind: shred.DestroyPatient, Tenant: "clinic", Patient: safeguard.NewPatient("Patient/1"), Reason: "retention.expired",
	}
	id, err := shredder.Request(ctx, order)
	if err != nil {
		return err
	}
	_, err = shredder.Approve(ctx, id, order)
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
	sealer, subjects, err := newSealer()
	if err != nil {
		return err
	}
	if err := forget(context.Background(), sealer, subjects); err != nil {
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
