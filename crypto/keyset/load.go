package keyset

import (
	"context"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Create makes a keyset with one random AES-256-GCM key for tenant and writes
// it to path, encrypted under kek, with mode 0600. The file appears whole or
// not at all; one that is there is never overwritten, and the error is then
// [fs.ErrExist]. It calls kek once to encrypt and, before the file appears, once
// to make sure that it decrypts.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func Create(ctx context.Context, path, tenant string, kek crypto.KEK) (*Keys, error) {
	content, t, err := create(ctx, tenant, kek, terms{plainRefresh, plainOutage})
	if err != nil {
		return nil, err
	}
	if err := publish(path, content, "Load or LoadOrCreate"); err != nil {
		return nil, err
	}
	return one(tenant, t), nil
}

func create(ctx context.Context, name string, kek crypto.KEK, by terms) ([]byte, *tenant, error) {
	if err := check(name, kek); err != nil {
		return nil, nil, err
	}
	v, err := newVault(name, now(), by)
	if err != nil {
		return nil, nil, err
	}
	return v.sealed(ctx, kek)
}

// Load reads the keyset of tenant from path with one call of kek. It returns
// [crypto.ErrTenant] for another tenant's file, [ErrUnwrap] for another key
// or an altered file, [ErrFormat] for a file that is cut short or something
// else, or the file system's error. An error that is ErrUnwrap is also the
// error that the KEK returned, by which an outage of a key management service
// or a cancelled context can be told from a wrong key.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func Load(ctx context.Context, path, tenant string, kek crypto.KEK) (*Keys, error) {
	if err := check(tenant, kek); err != nil {
		return nil, err
	}
	content, err := readFile(path, maxFile, 0)
	if err != nil {
		return nil, fmt.Errorf("keyset: load: %w", pathless(err))
	}
	t, err := loadTenant(ctx, content, tenant, kek)
	if err != nil {
		return nil, err
	}
	return one(tenant, t), nil
}

func check(tenant string, kek crypto.KEK) error {
	if kek == nil {
		return errors.New("keyset: no key-encryption key")
	}
	return checkTenant(tenant)
}
