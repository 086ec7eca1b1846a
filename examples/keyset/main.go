// Command keyset shows the life of a tenant's keys: they are made, rotated and
// destroyed; the key service goes away for a while; the host is lost, and three
// of five custodians bring the keys back on another. It needs no flag and no
// service, and ends by itself:
//
//	go run ./examples/keyset
//
// The key service is a file here, so that nothing else is needed. That does not
// meet the key separation of HHS guidance 74 FR 19006: the packages awskms,
// gcpkms and vaultkms are for production.
//
// Controls: none, it is an example.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

const tenant = "clinic-a"

func main() {
	dir, err := os.MkdirTemp("", "safeguard-keyset-")
	if err == nil {
		err = run(context.Background(), os.Stdout, dir)
		os.RemoveAll(dir)
	}
	if err != nil {
		log.Fatal(err)
	}
}

// run tells the story. Its hosts are directories below dir.
func run(ctx context.Context, out io.Writer, dir string) error {
	h, err := newHost(filepath.Join(dir, "first"), nil)
	if err != nil {
		return err
	}
	s := &story{host: h, out: out, dir: dir}
	for _, chapter := range []func(context.Context) error{s.rotate, s.outage, s.recover} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

type story struct {
	*host
	out io.Writer
	dir string
}

func (s *story) say(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

// A host has a key service, a store of keysets and one of patients' keys, and a
// Sealer over them.
type host struct {
	kek      *keyService
	keysets  *keyset.DirStore
	patients *crypto.DirSubjects
	ring     *keyset.Ring
	*crypto.Sealer
}

// newHost returns the host in dir, which it makes if nothing is there. A
// service that has been set up opens what it has instead (OpenFileKEK,
// OpenDirStore, OpenDirSubjects), so that a lost disk is not taken for a first
// start.
func newHost(dir string, opts *keyset.Options) (*host, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := keyset.OpenOrCreateFileKEK(filepath.Join(dir, "kek.key"))
	if err != nil {
		return nil, err
	}
	h := &host{kek: &keyService{FileKEK: file}}
	if h.keysets, err = keyset.NewDirStore(filepath.Join(dir, "keysets")); err != nil {
		return nil, err
	}
	if h.patients, err = crypto.NewDirSubjects(filepath.Join(dir, "subjects")); err != nil {
		return nil, err
	}
	if opts == nil {
		opts = &keyset.Options{UnsafeSealAtOnce: true, UnsafeDestroyAtOnce: true} // one process: no others to wait for
	}
	if h.ring, err = keyset.NewRing(h.keysets, h.kek, opts); err != nil {
		return nil, err
	}
	h.Sealer, err = crypto.New(h.ring, h.patients, &crypto.Options{UnsafeUnaudited: true}) // a service keeps an account: package audit
	return h, err
}

func place(row, patient string) crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "charts", Column: "note", Row: row,
		Subject: crypto.SubjectOf(safeguard.NewPatient(patient))}
}

// setting is the place of a value that is no patient's. It is sealed under the
// tenant's keyset itself.
func setting() crypto.Ref {
	return crypto.Ref{Tenant: tenant, Table: "settings", Column: "value", Row: "greeting", Subject: crypto.NoSubject()}
}
