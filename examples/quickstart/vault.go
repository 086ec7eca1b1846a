package main

import (
	"bytes"
	"context"
	stdcrypto "crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// A vault holds the keys of the service. For the demonstration all of them lie
// in one directory beside the data, which does not meet key separation: a real
// service keeps the key-encryption key in a key management service.
type vault struct {
	dir      string
	keys     *keyset.Keys
	subjects *crypto.DirSubjects
	sealer   *crypto.Sealer
	signer   stdcrypto.Signer
}

func openVault(ctx context.Context, dir string) (*vault, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("quickstart: key directory: %w", err)
	}
	v := &vault{dir: dir}
	kek, err := loadOrCreate(filepath.Join(dir, "kek"), keyset.OpenFileKEK, keyset.CreateFileKEK)
	if err != nil {
		return nil, err
	}
	v.keys, err = loadOrCreate(filepath.Join(dir, "keyset"),
		func(path string) (*keyset.Keys, error) { return keyset.Load(ctx, path, tenant, kek) },
		func(path string) (*keyset.Keys, error) { return keyset.Create(ctx, path, tenant, kek) })
	if err != nil {
		return nil, err
	}
	if v.subjects, err = crypto.NewDirSubjects(filepath.Join(dir, "subjects")); err != nil {
		return nil, err
	}
	if v.sealer, err = crypto.New(v.keys, v.subjects, nil); err != nil {
		return nil, err
	}
	v.signer, err = loadOrCreate(filepath.Join(dir, "ledger.pem"), ledger.LoadKey, ledger.CreateKey)
	return v, err
}

// loadOrCreate loads what is at path, or creates it if nothing is there.
func loadOrCreate[T any](path string, load, create func(string) (T, error)) (T, error) {
	v, err := load(path)
	if errors.Is(err, fs.ErrNotExist) {
		return create(path)
	}
	return v, err
}

// tokenKeys returns the key that turns patients into tokens in the ledger. It
// lies sealed beside the others.
func (v *vault) tokenKeys(ctx context.Context) (*audit.TokenKeys, error) {
	const epoch = "p1"
	ref := crypto.Ref{Tenant: tenant, Table: "config", Column: "token-key", Row: epoch, Subject: crypto.NoSubject()}
	path := filepath.Join(v.dir, "tokens.sealed")
	// The account is not there before its own key is open.
	sealer, err := crypto.New(v.keys, v.subjects, &crypto.Options{UnsafeUnaudited: true})
	if err != nil {
		return nil, err
	}
	sealed, err := loadOrCreate(path, os.ReadFile, func(path string) ([]byte, error) {
		secret := make([]byte, 32)
		rand.Read(secret)
		sealed, err := sealer.AppendSeal(ctx, nil, secret, ref)
		if err != nil {
			return nil, err
		}
		return sealed, writeFile(path, sealed)
	})
	if err != nil {
		return nil, err
	}
	secret, err := sealer.AppendOpen(ctx, nil, bytes.Clone(sealed), ref)
	if err != nil {
		return nil, err
	}
	return audit.NewTokenKeys(audit.TokenKey{Epoch: epoch, Secret: secret})
}

// writeFile makes a file that is whole or not there, also after a power cut.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
