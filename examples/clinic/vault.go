package main

import (
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

// A vault is every key of the service, and where the ledger lies.
//
// All of it is kept in one directory beside the data, so that the example
// needs nothing else. That does not meet the key separation of HHS guidance
// 74 FR 19006: a service that holds real patients keeps the key-encryption key
// and the ledger's signing key in a key management service.
type vault struct {
	kek      *keyset.FileKEK
	keys     *keyset.Keys
	subjects *crypto.DirSubjects
	tokens   *audit.TokenKeys
	signer   stdcrypto.Signer
	ledger   string
}

// The files of the directory keys, and the store of patients' keys beside it.
const (
	subjectsDir = "subjects"

	kekFile    = "kek"
	keysetFile = "clinic.keyset"
	tokenFile  = "audit-tokens"
	signFile   = "ledger.pem"
)

// openVault opens the keys below dir, or makes them if there are none yet.
// They appear all at once: a directory that lacks one of them is an error,
// because a new key would not open old data.
func openVault(ctx context.Context, dir string) (*vault, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("clinic: keys: %w", err)
	}
	keys := filepath.Join(dir, "keys")
	if _, err := os.Stat(keys); errors.Is(err, fs.ErrNotExist) {
		if err := makeKeys(ctx, dir, keys, filepath.Join(dir, subjectsDir)); err != nil {
			return nil, fmt.Errorf("clinic: keys: make: %w", err)
		}
	}
	v := &vault{ledger: filepath.Join(dir, "ledger")}
	if err := v.load(ctx, keys, filepath.Join(dir, subjectsDir)); err != nil {
		return nil, fmt.Errorf("clinic: keys: %w", err)
	}
	return v, nil
}

func makeKeys(ctx context.Context, dir, keys, subjects string) error {
	if _, err := crypto.NewDirSubjects(subjects); err != nil {
		return err
	}
	temporary, err := os.MkdirTemp(dir, "keys-")
	if err != nil {
		return err
	}
	kek, err := keyset.CreateFileKEK(filepath.Join(temporary, kekFile))
	if err != nil {
		return err
	}
	if _, err := keyset.Create(ctx, filepath.Join(temporary, keysetFile), tenant, kek); err != nil {
		return err
	}
	if _, err := ledger.CreateKey(filepath.Join(temporary, signFile)); err != nil {
		return err
	}
	secret := make([]byte, 32)
	rand.Read(secret) //nolint:errcheck // never fails
	if err := os.WriteFile(filepath.Join(temporary, tokenFile), secret, 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, keys)
}

func (v *vault) load(ctx context.Context, keys, subjects string) (err error) {
	if v.kek, err = keyset.OpenFileKEK(filepath.Join(keys, kekFile)); err != nil {
		return err
	}
	if v.keys, err = keyset.Load(ctx, filepath.Join(keys, keysetFile), tenant, v.kek); err != nil {
		return err
	}
	if v.subjects, err = crypto.OpenDirSubjects(subjects); err != nil { // never takes a lost one for a first start
		return err
	}
	if v.signer, err = ledger.LoadKey(filepath.Join(keys, signFile)); err != nil {
		return err
	}
	secret, err := os.ReadFile(filepath.Join(keys, tokenFile))
	if err != nil {
		return err
	}
	v.tokens, err = audit.NewTokenKeys(audit.TokenKey{Epoch: "k1", Secret: secret})
	return err
}
