package keyset

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// DirStore is a [Store] in a directory: one file a tenant, with mode 0600,
// replaced whole. Any number of processes of one host may share it. It is safe
// for concurrent use. The zero DirStore is not usable.
//
// It holds on to the directory that it was opened with. Keep it on another
// device than the data, or at least in another backup. A file that was
// replaced is unlinked, not overwritten: the medium and its snapshots may
// still hold it, encrypted. It needs hard links and file locks, which it has
// on Linux, macOS and the BSDs; elsewhere, as on Windows, it is refused.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-01, PR.DS-11.
type DirStore struct {
	root *os.Root
}

const (
	// dirMarker is the file that says that a directory is a store.
	dirMarker = "safeguard-keysets"
	fileEnd   = ".keyset"
	lockName  = "lock"
)

var (
	errForeign = errors.New("keyset: store: the directory holds something else")
	errDirMode = errors.New("keyset: store: others can write to the directory")
	errSize    = errors.New("keyset: store: a file must be 1 byte to 1 MiB")
)

// NewDirStore returns the store in dir, which it makes (with mode 0700) if dir
// is not there or is empty. It refuses a directory that holds something else,
// one that others than its owner can write to, and so any on a system without
// file modes, such as Windows.
//
// It cannot tell a first start from a disk that was not mounted. A service
// that has been set up uses [OpenDirStore].
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func NewDirStore(dir string) (*DirStore, error) {
	if dir == "" {
		return nil, errors.New("keyset: store: no directory named")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, storeError(err)
	}
	d, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(d.mark(), syncDir(filepath.Dir(filepath.Clean(dir)))); err != nil {
		return nil, errors.Join(err, d.root.Close())
	}
	return d, nil
}

// OpenDirStore returns the store that is in dir. It never makes one: where
// none is, for instance because a disk is not mounted, it returns an error
// that is fs.ErrNotExist. Otherwise it is like [NewDirStore].
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func OpenDirStore(dir string) (*DirStore, error) {
	d, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	if _, err := d.root.Stat(dirMarker); err != nil {
		return nil, errors.Join(storeError(err), d.root.Close())
	}
	return d, nil
}

func openDir(dir string) (*DirStore, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, storeError(err)
	}
	info, err := root.Stat(".")
	if err == nil && info.Mode().Perm()&0o022 != 0 {
		err = errDirMode
	}
	if err != nil {
		return nil, errors.Join(storeError(err), root.Close())
	}
	return &DirStore{root}, nil
}

// mark makes a store of an empty directory.
func (d *DirStore) mark() error {
	there, err := d.list()
	if err != nil {
		return err
	}
	if slices.Contains(there, dirMarker) {
		return nil
	}
	for _, name := range there {
		if name != "lost+found" && !strings.HasPrefix(name, "."+dirMarker) {
			if _, err := d.root.Stat(dirMarker); err != nil { // not another process's doing
				return errForeign
			}
		}
	}
	err = d.publish(dirMarker, nil, d.root.Link)
	if errors.Is(err, fs.ErrExist) { // another process was first
		return nil
	}
	return storeError(err)
}

// Read implements [Store].
func (d *DirStore) Read(ctx context.Context, tenant string) ([]byte, error) {
	if err := errors.Join(ctx.Err(), checkTenant(tenant)); err != nil {
		return nil, err
	}
	content, err := d.readFile(fileName(tenant))
	if !errors.Is(err, fs.ErrNotExist) {
		return content, storeError(err)
	}
	if _, err := d.root.Stat(dirMarker); err != nil { // the directory is gone, not the file
		return nil, storeError(err)
	}
	return nil, crypto.ErrTenant
}

// Write implements [Store].
func (d *DirStore) Write(ctx context.Context, tenant string, old, content []byte) error {
	if err := errors.Join(ctx.Err(), checkTenant(tenant)); err != nil {
		return err
	}
	if len(content) == 0 || len(content) > maxFile {
		return errSize
	}
	lock, err := d.root.OpenFile(lockName, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return storeError(err)
	}
	defer lock.Close() // which unlocks
	if err := lockFile(ctx, lock); err != nil {
		return storeError(err)
	}
	return d.replace(ctx, tenant, old, content)
}

// replace is Write under the lock.
func (d *DirStore) replace(ctx context.Context, tenant string, old, content []byte) error {
	current, err := d.Read(ctx, tenant)
	missing := errors.Is(err, crypto.ErrTenant)
	switch {
	case err != nil && !missing:
		return err
	case missing != (old == nil), !missing && !bytes.Equal(current, old):
		return ErrConflict
	}
	d.sweep(fileName(tenant))
	return storeError(d.publish(fileName(tenant), content, d.root.Rename))
}

// Tenants implements [Store].
func (d *DirStore) Tenants(ctx context.Context, after string, max int) ([]string, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	there, err := d.list()
	if err != nil {
		return nil, err
	}
	var tenants []string
	for _, name := range there {
		tenant, err := d.tenantOf(name)
		if err != nil {
			return nil, err
		}
		if tenant > after {
			tenants = append(tenants, tenant)
		}
	}
	slices.Sort(tenants)
	return tenants[:min(max, len(tenants))], nil
}
