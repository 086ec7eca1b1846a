package custody_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/cryptotest"
	"github.com/safeguard-sdk/safeguard/crypto/custody"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// nothing is the register of a service that has shredded nothing. In a service
// it is the one of package shred, as it is now.
type nothing struct{}

func (nothing) Names(context.Context, string) ([]string, error)              { return nil, nil }
func (nothing) Ended(context.Context, string) (bool, []uint32, error)        { return false, nil, nil }
func (nothing) Head(context.Context) (uint64, string, error)                 { return 0, "", nil }
func (nothing) Contains(_ context.Context, n uint64, _ string) (bool, error) { return n == 0, nil }

// Keys are backed up in three shares, of which two bring them back on another
// host, under another key-encryption key.
func Example() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "custody")
	check(err)
	defer os.RemoveAll(dir)
	kek, err := keyset.CreateFileKEK(filepath.Join(dir, "kek.key"))
	check(err)
	keysets, err := keyset.NewDirStore(filepath.Join(dir, "keysets"))
	check(err)
	ring, err := keyset.NewRing(keysets, kek, nil)
	check(err)
	check(ring.Create(ctx, "clinic-a"))
	subjects := cryptotest.NewSubjects() // in a service: crypto.OpenDirSubjects
	sealer, err := crypto.New(ring, subjects, &crypto.Options{UnsafeUnaudited: true})
	check(err)
	place := crypto.Ref{Tenant: "clinic-a", Table: "settings", Column: "value", Row: "1", Subject: crypto.NoSubject()}
	sealed, err := sealer.AppendSeal(ctx, nil, []byte("welcome"), place)
	check(err)

	bundle, shares, err := custody.Backup(ctx,
		custody.Source{Keysets: keysets, KEK: kek, Subjects: subjects},
		custody.Plan{Threshold: 2, Custodians: []string{"privacy officer", "counsel", "notary"}})
	check(err)
	paper := shares[2].Text("notary") // printed, handed over, cleared

	clean := filepath.Join(dir, "clean")
	check(os.Mkdir(clean, 0o700))
	newKEK, err := keyset.CreateFileKEK(filepath.Join(clean, "kek.key"))
	check(err)
	restored, err := keyset.NewDirStore(filepath.Join(clean, "keysets"))
	check(err)
	target := custody.Target{Keysets: restored, KEK: newKEK, Subjects: cryptotest.NewSubjects(), Register: nothing{}}
	typed, err := custody.ParseShare(paper)
	check(err)
	_, err = custody.Restore(ctx, bundle, []custody.Share{typed}, target)
	fmt.Println(err)
	report, err := custody.Restore(ctx, bundle, []custody.Share{typed, shares[0]}, target)
	check(err)
	fmt.Println(report.Shares, report.Tenants[0].Tenant, report.Tenants[0].Keyset)

	ring, err = keyset.NewRing(restored, newKEK, nil)
	check(err)
	sealer, err = crypto.New(ring, target.Subjects, &crypto.Options{UnsafeUnaudited: true})
	check(err)
	value, err := sealer.AppendOpen(ctx, nil, sealed, place)
	fmt.Printf("%s %v\n", value, err)
	// Output:
	// custody: shares: fewer than the bundle needs: 1 of 2
	// [3 1] clinic-a restored
	// welcome <nil>
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
