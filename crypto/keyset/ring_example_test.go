package keyset_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// A Ring has the keys of all tenants. A rotation needs no restart: what the old
// key sealed opens, what is sealed now has the new one.
func ExampleRing() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "ring")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	kek, err := keyset.CreateFileKEK(filepath.Join(dir, "kek.key")) // in a service: a key management service
	if err != nil {
		panic(err)
	}
	store, err := keyset.NewDirStore(filepath.Join(dir, "keysets"))
	if err != nil {
		panic(err)
	}
	// Where several processes share the store, leave UnsafeSealAtOnce out: a
	// new key then seals when all of them have read it.
	ring, err := keyset.NewRing(store, kek, &keyset.Options{UnsafeSealAtOnce: true})
	if err != nil {
		panic(err)
	}
	if err := ring.Create(ctx, "clinic-a"); err != nil {
		panic(err)
	}
	sealer, err := crypto.New(ring, nil, &crypto.Options{UnsafeUnaudited: true})
	if err != nil {
		panic(err)
	}
	place := crypto.Ref{Tenant: "clinic-a", Table: "settings", Column: "value", Row: "1", Subject: crypto.NoSubject()}
	before, err := sealer.AppendSeal(ctx, nil, []byte("welcome"), place)
	if err != nil {
		panic(err)
	}
	old, err := sealer.Current(ctx, "clinic-a")
	if err != nil {
		panic(err)
	}
	if err := ring.Rotate(ctx, "clinic-a", old); err != nil {
		panic(err)
	}
	after, err := sealer.AppendSeal(ctx, nil, []byte("welcome"), place)
	if err != nil {
		panic(err)
	}
	was, _ := crypto.KeyID(before)
	is, _ := crypto.KeyID(after)
	_, err = sealer.AppendOpen(ctx, nil, before, place)
	fmt.Println(was == old, is == old, err)
	fmt.Println(ring.Disable(ctx, "clinic-a", is)) // the key that seals
	facts, err := ring.Facts(ctx, "clinic-a")
	if err != nil {
		panic(err)
	}
	for _, k := range facts.Keys {
		fmt.Println(k.State, k.AgeDays, k.Period)
	}
	// Output:
	// true false <nil>
	// keyset: disable: keyset: key is in use: it seals
	// enabled 0 current
	// enabled 0 current
}
