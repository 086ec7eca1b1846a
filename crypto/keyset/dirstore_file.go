package keyset

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// fileName returns the file of a tenant: its name where that is safe on every
// file system, otherwise its hash. The two cannot meet, being of different
// prefix.
func fileName(tenant string) string {
	const safe = "abcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(tenant) <= 64 && strings.Trim(tenant, safe) == "" {
		return "t-" + tenant + fileEnd
	}
	sum := sha256.Sum256([]byte(tenant))
	return "x-" + hex.EncodeToString(sum[:]) + fileEnd
}

// isHashed is the name of a file that [fileName] hashed.
var isHashed = regexp.MustCompile(`^x-[0-9a-f]{64}\.keyset$`)

// tenantOf returns the tenant of a file, for which a hashed name must be read,
// or "" for a file that no store wrote: somebody's copy.
func (d *DirStore) tenantOf(name string) (string, error) {
	short := strings.TrimSuffix(strings.TrimPrefix(name, "t-"), fileEnd)
	if short != "" && fileName(short) == name {
		return short, nil
	}
	if !isHashed.MatchString(name) {
		return "", nil
	}
	content, err := d.readFile(name)
	if err != nil {
		return "", storeError(err)
	}
	f, err := parse(content)
	if err != nil || fileName(f.Tenant) != name {
		return "", fmt.Errorf("keyset: store: %w", ErrFormat)
	}
	return f.Tenant, nil
}

func (d *DirStore) readFile(name string) ([]byte, error) {
	f, err := d.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		return nil, errSize
	}
	return content, err
}

// publish writes a synced temporary file, moves it to its name with link or
// rename, and syncs the directory.
func (d *DirStore) publish(name string, content []byte, move func(from, to string) error) error {
	temp := "." + name + "." + rand.Text()
	f, err := d.root.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer d.root.Remove(temp) // is gone already after a rename
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := move(temp, name); err != nil {
		return err
	}
	dir, err := d.root.Open(".")
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// sweep removes what a crash left of earlier writes of a file. The caller
// holds the lock.
func (d *DirStore) sweep(name string) {
	there, err := d.list()
	if err != nil {
		return // it is only tidying
	}
	for _, other := range there {
		if strings.HasPrefix(other, "."+name+".") {
			d.root.Remove(other)
		}
	}
}

func (d *DirStore) list() ([]string, error) {
	f, err := d.root.Open(".")
	if err != nil {
		return nil, storeError(err)
	}
	defer f.Close()
	names, err := f.Readdirnames(-1)
	return names, storeError(err)
}

// storeError keeps the cause but not the path, which names a tenant.
func storeError(err error) error {
	if cause := pathless(err); cause != err {
		return fmt.Errorf("keyset: store: %w", cause)
	}
	return err
}
