package crypto

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// DirSubjects is a SubjectKeys store in a directory: a file for each subject,
// written whole, synced and linked into place, so that a crash leaves the old
// record or the new one. Any number of processes of one host may share it.
// It is safe for concurrent use. The zero DirSubjects is not usable.
//
// It holds on to the directory that it was opened with: one that is moved away
// takes the store with it, and another that appears under its name is not
// mistaken for it. Where subject keys are, but the key that names them is not,
// it refuses to make another, which would hide them for good.
//
// Keep it on another device than the data, or at least in another backup. A
// destroyed key is unlinked, not overwritten: the medium and its snapshots
// may still hold it, wrapped. It needs hard links, and for destroying and
// replacing file locks, which it has on Linux, macOS and the BSDs.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type DirSubjects struct {
	root *os.Root
}

// marker is the file that says that a directory is a store.
const marker = "safeguard-subjects"

// The first byte of a file says what it is.
const (
	fileRecord    = 'R'
	fileDestroyed = 'D'
	fileMarker    = 'S'
)

// maxRecord bounds a record, in bytes.
const maxRecord = record.Max

// lockName is the file by which the processes of a tenant take turns.
const lockName = "lock"

var (
	errName      = errors.New("crypto: subject key: store: bad tenant or name")
	errFile      = errors.New("crypto: subject key: store: file is malformed")
	errForeign   = errors.New("crypto: subject key: store: the directory holds something else")
	errIndexLost = errors.New("crypto: subject key: store: subject keys are there, but the key that names them is missing")
	errTooLarge  = errors.New("crypto: subject key: store: record must be 1 byte to 64 KiB")
)

// NewDirSubjects returns the store in dir, which it makes (with mode 0700) if
// dir is not there or is empty (a "lost+found" does not count). It refuses a directory that holds something
// else, one that others than its owner can write to, and so any on a system
// without file modes, such as Windows.
//
// It cannot tell a first start from a disk that was not mounted. A service
// that has been set up uses [OpenDirSubjects].
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
	d, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	if err := d.mark(); err != nil {
		return nil, errors.Join(err, d.root.Close())
	}
	return d, nil
}

// OpenDirSubjects returns the store that is in dir. It never makes one: where
// none is, for instance because a disk is not mounted, it returns an error
// that is fs.ErrNotExist. Otherwise it is like [NewDirSubjects].
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func OpenDirSubjects(dir string) (*DirSubjects, error) {
	d, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	if err := d.marked(); err != nil {
		return nil, errors.Join(err, d.root.Close())
	}
	return d, nil
}

func openDir(dir string) (*DirSubjects, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, storeError(err)
	}
	info, err := root.Stat(".")
	if err == nil && info.Mode().Perm()&0o022 != 0 {
		err = errors.New("crypto: subject key: store: others can write to the directory")
	}
	if err != nil {
		return nil, errors.Join(storeError(err), root.Close())
	}
	return &DirSubjects{root}, nil
}

// mark makes a store of an empty directory.
func (d *DirSubjects) mark() error {
	if d.marked() == nil {
		return nil
	}
	there, err := d.list(".")
	if err != nil {
		return storeError(err)
	}
	for _, name := range there {
		if name != "lost+found" && !strings.HasPrefix(name, tempName(marker)) && d.marked() != nil {
			return errForeign
		}
	}
	err = d.publish(marker, fileMarker, nil, d.root.Link)
	if errors.Is(err, fs.ErrExist) { // another process was first
		return nil
	}
	return storeError(err)
}

// marked returns nil if the directory is a store.
func (d *DirSubjects) marked() error {
	_, err := d.root.Stat(marker)
	return storeError(err)
}

// Get implements [SubjectKeys].
func (d *DirSubjects) Get(ctx context.Context, tenant, name string) ([]byte, error) {
	path, err := d.path(ctx, tenant, name)
	if err != nil {
		return nil, err
	}
	return d.readRecord(path)
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
	if err := d.makeDirs(filepath.Dir(path)); err != nil {
		return storeError(err)
	}
	if old != nil {
		return d.locked(ctx, tenant, func() error { return d.replace(path, old, record) })
	}
	if name == indexName {
		if err := d.fresh(tenant, path); err != nil {
			return err
		}
	}
	return d.create(path, record)
}

// fresh returns nil if a first index key may be made for a tenant: the store
// is there, and holds none of its subjects. Another process that was
// first is a conflict.
func (d *DirSubjects) fresh(tenant, index string) error {
	if err := d.marked(); err != nil {
		return err
	}
	there, err := d.list(tenantDir(tenant))
	if err != nil {
		return storeError(err)
	}
	for _, name := range there {
		if name == lockName {
			continue
		}
		used, err := d.used(filepath.Join(tenantDir(tenant), name))
		if err != nil {
			return storeError(err)
		}
		if !used {
			continue
		}
		if _, err := d.readRecord(index); errors.Is(err, ErrNotFound) {
			return errIndexLost
		}
		return ErrConflict
	}
	return nil
}

// used reports whether a directory has the record of a subject that was not
// destroyed.
func (d *DirSubjects) used(dir string) (bool, error) {
	there, err := d.list(dir)
	for _, name := range there {
		if len(name) != nameSize || strings.HasPrefix(name, ".") {
			continue
		}
		if _, err := d.readRecord(filepath.Join(dir, name)); !errors.Is(err, ErrShredded) && !errors.Is(err, ErrNotFound) {
			return true, nil
		}
	}
	return false, err
}

// create links a new file into place, which fails if one is there: that is
// the whole of the agreement between processes that make a key at once.
func (d *DirSubjects) create(path string, record []byte) error {
	err := d.publish(path, fileRecord, record, d.root.Link)
	if err == nil {
		return nil
	}
	// One is there; or a Destroy has just swept the temporary file away.
	if _, err := d.readRecord(path); !errors.Is(err, ErrNotFound) {
		return cmp.Or(err, ErrConflict)
	}
	return storeError(err)
}

func (d *DirSubjects) replace(path string, old, record []byte) error {
	current, err := d.readRecord(path)
	if errors.Is(err, ErrNotFound) {
		return ErrConflict
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(current, old) {
		return ErrConflict
	}
	return storeError(d.publish(path, fileRecord, record, d.root.Rename))
}

// Destroy implements [SubjectKeys].
func (d *DirSubjects) Destroy(ctx context.Context, tenant, name string) error {
	path, err := d.path(ctx, tenant, name)
	if err != nil {
		return err
	}
	if err := d.makeDirs(filepath.Dir(path)); err != nil {
		return storeError(err)
	}
	return d.locked(ctx, tenant, func() error { return d.destroy(path) })
}

// destroy puts the mark in the record's place, then removes what a crash may
// have left of the record under a temporary name.
func (d *DirSubjects) destroy(path string) error {
	if err := d.publish(path, fileDestroyed, nil, d.root.Rename); err != nil {
		return storeError(err)
	}
	dir := filepath.Dir(path)
	there, err := d.list(dir)
	for _, name := range there {
		if strings.HasPrefix(name, tempName(filepath.Base(path))) {
			err = errors.Join(err, d.root.Remove(filepath.Join(dir, name)))
		}
	}
	return storeError(errors.Join(err, d.syncDir(dir)))
}

// locked runs f while no other process replaces or destroys a record of the
// tenant.
func (d *DirSubjects) locked(ctx context.Context, tenant string, f func() error) error {
	lock, err := d.root.OpenFile(filepath.Join(tenantDir(tenant), lockName), os.O_CREATE|os.O_RDWR, 0o600)
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
	if tenant == "" || len(name) < 2 || len(name) > nameSize || !only(name, "abcdefghijklmnopqrstuvwxyz0123456789") {
		return "", errName
	}
	return filepath.Join(tenantDir(tenant), name[:2], name), nil
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
