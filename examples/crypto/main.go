// Command crypto shows what package crypto does with the records of patients:
// columns, rows that open as far as somebody may see, a search over sealed
// values, an attachment that is served in ranges, and two charts that turn out
// to be of one person. It needs no flag and no service, and ends by itself:
//
//	go run ./examples/crypto
//
// It prints no value of a patient, so what it prints may be kept. Keys and
// their rotation are in examples/keyset and examples/rekey, the end of a
// patient's data in examples/shred.
//
// Controls: none, it is an example.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

const tenant = "clinic-a"

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

// run tells the story. Its keys are in dir.
func run(ctx context.Context, out io.Writer, dir string) error {
	sealer, err := open(ctx, dir)
	if err != nil {
		return err
	}
	s := &story{Sealer: sealer, out: out}
	for _, chapter := range []func(context.Context) error{s.columns, s.rows, s.search, s.attachment, s.merge, s.report} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// open makes a Sealer: a key-encryption key, a store of keysets encrypted under
// it, a ring over that, with which keys can be rotated, and a store for the keys
// of patients.
func open(ctx context.Context, dir string) (*crypto.Sealer, error) {
	kek, err := keyset.OpenOrCreateFileKEK(filepath.Join(dir, "kek.key")) // a real service: a key management service
	if err != nil {
		return nil, err
	}
	keysets, err := keyset.NewDirStore(filepath.Join(dir, "keysets"))
	if err != nil {
		return nil, err
	}
	keys, err := keyset.NewRing(keysets, kek, nil)
	if err != nil {
		return nil, err
	}
	if err := keys.Create(ctx, tenant); err != nil && !errors.Is(err, fs.ErrExist) { // there from the second start on
		return nil, err
	}
	patients, err := crypto.NewDirSubjects(filepath.Join(dir, "subjects"))
	if err != nil {
		return nil, err
	}
	// A service leaves UnsafeUnaudited out: the context of a request that
	// package audit handles has the Entry in which openings are noted.
	return crypto.New(keys, patients, &crypto.Options{UnsafeUnaudited: true})
}

// A story is what the chapters share.
type story struct {
	*crypto.Sealer
	out io.Writer
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// place is where a value belongs. The row's id is the application's own, known
// before the row is inserted.
func place(table, column, row, patient string) crypto.Ref {
	return crypto.Ref{
		Tenant: tenant, Table: table, Column: column, Row: row,
		Subject: crypto.SubjectOf(safeguard.NewPatient(patient)),
	}
}

func (s *story) report(ctx context.Context) error {
	s.say("\n== What the running service says of itself")
	observations, err := s.Report(ctx)
	if err != nil {
		return err
	}
	for _, o := range observations {
		s.say("   %s: %s", o.Component, o.Statement)
	}
	return nil
}
