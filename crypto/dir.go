package crypto

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// DirSubjects is a SubjectKeys store in a directory: a file for each subject,
// written whole, synced and linked into place, so that a crash leaves the old
// record or the new one. Any number of processes of one host may share it.
// It is safe for concurrent use. The zero DirSubjects is not usable.
//
// Keep it on another device than the data, or at least in another backup. A
// destroyed key is unlinked, not overwritten: the medium and its snapshots
// may still hold it, wrapped. It needs hard links, and for destroying and
// replacing file locks, which it has on Linux, macOS and the BSDs.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type DirSubjects struct {
	dir string
}

// The first byte of a file says what it is.
const (
	fileRecord    = 'R'
	fileDestroyed = 'D'
)

var (
	errName     = errors.New("crypto: subject key: store: bad tenant or name")
	errFile     = errors.New("crypto: subject key: store: file is malformed")
	errTooLarge = errors.New("crypto: subject key: store: record must be 1 byte to 64 KiB")
)

// NewDirSubjects returns the store in dir, which it makes (with mode 0700) if
// it is not there. It refuses a directory that others than its owner can
// write to, and so any on a system without file modes, such as Windows.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func NewDirSubjects(dir string) (*DirSubjects, error) {
	if dir == "" {
		return nil, errors.New("crypto: subject key: store: no directory named")
	}
	dir = filepath.Clean(dir)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, storeError(err)
	}
	if err := syncDir(filepath.Dir(dir)); err != nil {
		return nil, storeError(err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, storeError(err)
	}
	if info.Mode().Perm()&0o022 != 0 {
		return nil, errors.New("crypto: subject key: store: others can write to the directory")
	}
	return &DirSubjects{dir}, nil
}

// Get implements [SubjectKeys].
func (d *DirSubjects) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	path, err := d.path(ctx, tenant, name)
	if err != nil {
		return nil, err
	}
	return readRecord(path)
}

// Put implements [SubjectKeys].
func (d *DirSubjects) Put(ctx context.Context, tenant, name string, old, record []byte) error {
	if len(record) == 0 || len(record) > maxRecord {
		return errTooLarge
	}
	path, err := d.path(ctx, tenant, name)
	if err != nil {
		return err
	}
	if err := makeDirs(d.dir, filepath.Dir(path)); err != nil {
		return storeError(err)
	}
	if old == nil {
		return create(path, record)
	}
	return d.locked(ctx, tenant, func() error { return replace(path, old, record) })
}

// create links a new file into place, which fails if one is there: that is
// the whole of the agreement between processes that make a key at once.
func create(path string, record []byte) error {
	err := publish(path, fileRecord, record, os.Link)
	if !errors.Is(err, fs.ErrExist) {
		return storeError(err)
	}
	if _, err := readRecord(path); err != nil {
		return err
	}
	return ErrConflict
}

func replace(path string, old, record []byte) error {
	current, err := readRecord(path)
	if errors.Is(err, ErrNotFound) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(current, old) {
		return ErrConflict
	}
	return storeError(publish(path, fileRecord, record, os.Rename))
}

// Destroy implements [SubjectKeys].
func (d *DirSubjects) Destroy(ctx context.Context, tenant, name string) error {
	path, err := d.path(ctx, tenant, name)
	if err != nil {
		return err
	}
	if err := makeDirs(d.dir, filepath.Dir(path)); err != nil {
		return storeError(err)
	}
	return d.locked(ctx, tenant, func() error { return destroy(path) })
}

// destroy puts the mark in the record's place, then removes what a crash may
// have left of the record under a temporary name.
func destroy(path string) error {
	if err := publish(path, fileDestroyed, nil, os.Rename); err != nil {
		return storeError(err)
	}
	left, err := filepath.Glob(tempName(path) + "*")
	for _, temp := range left {
		err = errors.Join(err, os.Remove(temp))
	}
	return storeError(errors.Join(err, syncDir(filepath.Dir(path))))
}

// locked runs f while no other process replaces or destroys a record of the
// tenant.
func (d *DirSubjects) locked(ctx context.Context, tenant string, f func() error) error {
	lock, err := os.OpenFile(filepath.Join(d.dir, tenantDir(tenant), "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return storeError(err)
	}
	defer lock.Close() // which unlocks
	if err := lockFile(ctx, lock); err != nil {
		return storeError(err)
	}
	return f()
}

// path returns the file of a record: tenant / first two characters / name.
func (d *DirSubjects) path(ctx context.Context, tenant, name string) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	if tenant == "" || len(name) < 2 || len(name) > 64 || !only(name, "abcdefghijklmnopqrstuvwxyz0123456789") {
		return "", errName
	}
	return filepath.Join(d.dir, tenantDir(tenant), name[:2], name), nil
}

// tenantDir returns a directory name for a tenant: itself where that is safe
// on every file system, otherwise its hash. The two cannot meet, being of
// different length and prefix.
func tenantDir(tenant string) string {
	if len(tenant) <= 64 && only(tenant, "abcdefghijklmnopqrstuvwxyz0123456789-_") {
		return "t-" + tenant
	}
	sum := sha256.Sum256([]byte(tenant))
	return "x-" + hex.EncodeToString(sum[:])
}

func only(s, chars string) bool {
	return strings.Trim(s, chars) == "" && s != ""
}
