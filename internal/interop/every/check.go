package every

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Tink is one of the two.
type Tink interface {
	Encrypt(plaintext, associatedData []byte) ([]byte, error)
	Decrypt(ciphertext, associatedData []byte) ([]byte, error)
}

// Check opens all golden files of a directory, with a Tink and with a Sealer.
func Check(dir string, files int, tink func(id uint32, key []byte) (Tink, error)) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	if len(paths) != files {
		return fmt.Errorf("every: %d files instead of %d", len(paths), files)
	}
	for _, path := range paths {
		if err := check(path, tink); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return nil
}

func check(path string, tink func(id uint32, key []byte) (Tink, error)) error {
	f, err := Read(path)
	if err != nil {
		return err
	}
	theirs, err := tink(f.ID, f.Key)
	if err != nil {
		return err
	}
	ours, err := Sealer(f.ID, f.Key)
	if err != nil {
		return err
	}
	for n := range Sizes {
		if err := open(f, n, theirs, ours); err != nil {
			return fmt.Errorf("%d bytes: %w", n, err)
		}
	}
	return nil
}

func open(f *File, n int, theirs Tink, ours *crypto.Sealer) error {
	sealed, err := f.Sealed(n)
	if err != nil {
		return err
	}
	got, err := theirs.Decrypt(sealed, AssociatedData(n))
	if err != nil || !bytes.Equal(got, Plaintext(n)) {
		return fmt.Errorf("Tink does not open it: %w", err)
	}
	got, err = ours.AppendOpen(context.Background(), nil, sealed, Ref(n))
	if err != nil || !bytes.Equal(got, Plaintext(n)) {
		return fmt.Errorf("the Sealer does not open it: %w", err)
	}
	sealed[len(sealed)-1] ^= 1
	if _, err := theirs.Decrypt(sealed, AssociatedData(n)); err == nil {
		return errors.New("Tink opens it altered")
	}
	return nil
}

// Sealer returns a Sealer with one key.
func Sealer(id uint32, key []byte) (*crypto.Sealer, error) {
	ready, err := crypto.NewKey(id, key)
	if err != nil {
		return nil, err
	}
	keys, err := crypto.NewKeyset(id, ready)
	if err != nil {
		return nil, err
	}
	return crypto.New(one{keys}, nil, &crypto.Options{UnsafeUnaudited: true})
}

// one is the Keys of one tenant.
type one struct{ keys *crypto.Keyset }

func (o one) Keyset(context.Context, string) (*crypto.Keyset, error) { return o.keys, nil }

// Ref is the place of the value of n bytes.
func Ref(n int) crypto.Ref {
	return crypto.Ref{Tenant: "clinic-a", Table: "settings", Column: "secret", Row: strconv.Itoa(n), Subject: crypto.NoSubject()}
}
