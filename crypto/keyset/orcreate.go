package keyset

import (
	"context"
	"errors"
	"io/fs"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// LoadOrCreate loads the keyset of tenant from path as [Load] does, or makes
// one as [Create] does if nothing is there: one call for the first start and
// for every later one. Programs that start together get the same keyset. A file
// that is there and does not load is an error and stays as it is.
//
// It takes a file that was lost for a first start, and so a volume that is not
// mounted: what the lost keyset sealed then does not open, and new values are
// sealed under a new one. Where that must not happen, call Create once, by
// hand, and Load at every start.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func LoadOrCreate(ctx context.Context, path, tenant string, kek crypto.KEK) (*Keys, error) {
	keys, err := Load(ctx, path, tenant, kek)
	// The KEK, which may be a file too, can be what is missing.
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrUnwrap) {
		return keys, err
	}
	keys, err = Create(ctx, path, tenant, kek)
	if errors.Is(err, fs.ErrExist) {
		return Load(ctx, path, tenant, kek)
	}
	return keys, err
}

// OpenOrCreateFileKEK opens a key file as [OpenFileKEK] does, or makes one as
// [CreateFileKEK] does if nothing is there. What [LoadOrCreate] says of a lost
// file holds for it too, except that a keyset that is still there does not load
// under the new key: the error is [ErrUnwrap].
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func OpenOrCreateFileKEK(path string) (*FileKEK, error) {
	kek, err := OpenFileKEK(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return kek, err
	}
	kek, err = CreateFileKEK(path)
	if errors.Is(err, fs.ErrExist) {
		return OpenFileKEK(path)
	}
	return kek, err
}
