// Command crypto shows what package crypto does with a patient's record:
// sealed on disk, opened only where it was sealed, unreadable once the
// patient's key is destroyed. It needs no flag and no service, and ends by
// itself:
//
//	go run ./examples/crypto
//
// Controls: none, it is an example.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// chart is a row of the table of charts. The sealed columns move as
// ciphertext through database/sql and encoding/json alike.
type chart struct {
	ID        string                  `json:"id"`
	SSN       crypto.Sealed[string]   `json:"ssn"`
	Allergies crypto.Sealed[[]string] `json:"allergies"`
}

func main() {
	dir, err := os.MkdirTemp("", "safeguard-crypto-")
	if err == nil {
		err = run(context.Background(), os.Stdout, dir)
		os.RemoveAll(dir)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// run tells the story in the files of dir.
func run(ctx context.Context, out io.Writer, dir string) error {
	say := func(format string, args ...any) { fmt.Fprintf(out, format+"\n", args...) }

	// 1. Keys: a key-encryption key, a keyset encrypted under it, and a store
	// for the keys of patients.
	kek, err := keyset.CreateFileKEK(filepath.Join(dir, "kek.key"))
	if err != nil {
		return err
	}
	keys, err := keyset.Create(ctx, filepath.Join(dir, "keyset.json"), "clinic-a", kek)
	if err != nil {
		return err
	}
	store, err := crypto.NewDirSubjects(filepath.Join(dir, "subjects"))
	if err != nil {
		return err
	}
	sealer, err := crypto.New(keys, store, &crypto.Options{UnsafeUnaudited: true}) // a service keeps an account: package audit
	if err != nil {
		return err
	}

	// 2. A record is sealed, column by column, for its place.
	ada := crypto.SubjectOf(safeguard.NewPatient("Patient/ada"))
	at := func(column string) crypto.Ref {
		return crypto.Ref{Tenant: "clinic-a", Table: "charts", Column: column, Row: "chart-1", Subject: ada}
	}
	record := chart{ID: "chart-1"}
	if record.SSN, err = crypto.Seal(ctx, sealer, at("ssn"), "123-45-6789"); err != nil {
		return err
	}
	if record.Allergies, err = crypto.Seal(ctx, sealer, at("allergies"), []string{"penicillin"}); err != nil {
		return err
	}
	stored, err := json.MarshalIndent(record, "  ", "  ")
	if err != nil {
		return err
	}
	say("The record as it is stored:\n  %s", stored)
	say("The same record in a log: %v", record)

	// 3. It opens in its place, and nowhere else.
	var read chart
	if err := json.Unmarshal(stored, &read); err != nil {
		return err
	}
	allergies, err := read.Allergies.Open(ctx, sealer, at("allergies"))
	if err != nil {
		return err
	}
	say("\nOpened in its place: allergies = %v", allergies)
	_, err = read.SSN.Open(ctx, sealer, at("phone"))
	say("Opened as another column: %v", err)
	elsewhere := at("ssn")
	elsewhere.Subject = crypto.SubjectOf(safeguard.NewPatient("Patient/bob"))
	_, err = read.SSN.Open(ctx, sealer, elsewhere)
	say("Opened as another patient's: %v", err)
	_, err = read.SSN.Open(ctx, sealer, crypto.Ref{Tenant: "clinic-a"})
	say("Opened with an incomplete place: %v", err)

	// 4. The wrong key is told from the wrong tenant.
	other, err := keyset.CreateFileKEK(filepath.Join(dir, "other.key"))
	if err != nil {
		return err
	}
	_, err = keyset.Load(ctx, filepath.Join(dir, "keyset.json"), "clinic-a", other)
	say("\nThe keyset under another key: %v", err)
	_, err = keyset.Load(ctx, filepath.Join(dir, "keyset.json"), "clinic-b", kek)
	say("The keyset for another tenant: %v", err)

	// 5. Destroying one key destroys one patient's data. A process that starts
	// now sees it at once, one that has the key ready within a minute.
	if err := destroy(ctx, store, filepath.Join(dir, "subjects")); err != nil {
		return err
	}
	restarted, err := crypto.New(keys, store, &crypto.Options{UnsafeUnaudited: true})
	if err != nil {
		return err
	}
	_, err = read.SSN.Open(ctx, restarted, at("ssn"))
	say("\nAfter the patient's key is destroyed: %v", err)

	// 6. What the running service says of itself.
	observations, err := sealer.Report(ctx)
	if err != nil {
		return err
	}
	say("\nSelf-reported by the running service:")
	for _, o := range observations {
		say("- %s: %s", o.Component, o.Statement)
	}
	return nil
}

// destroy destroys the key of the one patient in the store. Names are keyed
// hashes, so the program looks for the file.
func destroy(ctx context.Context, store *crypto.DirSubjects, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || len(d.Name()) != 64 || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		return store.Destroy(ctx, "clinic-a", d.Name())
	})
}
