package keyset

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/safeguard-sdk/safeguard/crypto"
)

const (
	// format names the layout of a keyset file.
	format = "safeguard/keyset/1"
	// maxFile bounds a keyset file that is read, in bytes.
	maxFile = 1 << 20
	// maxTenant is crypto's bound for a part of a Ref, in bytes.
	maxTenant = 1024
)

var errMode = errors.New("keyset: file: others than its owner have access")

// file is a keyset file: a head in the clear, so that a wrong tenant can be
// told from a wrong key, and Tink's own encrypted keyset. The head is in the
// associated data of the keyset.
type file struct {
	Format  string          `json:"format"`
	Tenant  string          `json:"tenant"`
	Created time.Time       `json:"created"`
	Keyset  json.RawMessage `json:"keyset"`
}

// Create makes a keyset with one random AES-256-GCM key for tenant and writes
// it to path, encrypted under kek, with mode 0600. The file appears whole or
// not at all; one that is there is never overwritten, and the error is then
// [fs.ErrExist]. It calls kek once to encrypt and, before the file appears, once
// to make sure that it decrypts.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func Create(ctx context.Context, path, tenant string, kek crypto.KEK) (*Keys, error) {
	if err := check(tenant, kek); err != nil {
		return nil, err
	}
	handle, err := newHandle()
	if err != nil {
		return nil, err
	}
	content, err := seal(ctx, handle, tenant, time.Now().UTC().Truncate(time.Second), kek)
	if err != nil {
		return nil, err
	}
	f, err := parse(content)
	if err != nil {
		return nil, err
	}
	t, err := f.open(ctx, kek)
	if err != nil {
		return nil, err
	}
	if err := publish(path, content, "Load or LoadOrCreate"); err != nil {
		return nil, err
	}
	return one(tenant, t), nil
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
		return nil, fmt.Errorf("keyset: load: %w", err)
	}
	f, err := parse(content)
	if err != nil {
		return nil, err
	}
	if f.Tenant != tenant {
		return nil, fmt.Errorf("keyset: load: the file is another tenant's: %w", crypto.ErrTenant)
	}
	t, err := f.open(ctx, kek)
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

func newHandle() (*keyset.Handle, error) {
	m := keyset.NewManager()
	id, err := m.AddNewKeyFromParameters(parameters())
	if err != nil {
		return nil, fmt.Errorf("keyset: create: %w", err)
	}
	if err := m.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("keyset: create: %w", err)
	}
	return m.Handle()
}

// seal returns the content of a keyset file.
func seal(ctx context.Context, handle *keyset.Handle, tenant string, created time.Time, kek crypto.KEK) ([]byte, error) {
	var encrypted bytes.Buffer
	once := &caller{KEK: kek}
	err := handle.WriteWithContext(ctx, keyset.NewJSONWriter(&encrypted), once, associatedData(tenant, created))
	if err := cmp.Or(once.err, err); err != nil {
		return nil, fmt.Errorf("keyset: create: key-encryption key: %w", err)
	}
	out, err := json.MarshalIndent(file{format, tenant, created, encrypted.Bytes()}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("keyset: create: %w", err)
	}
	return append(out, '\n'), nil
}

// parse reads a keyset file without decrypting it.
func parse(content []byte) (*file, error) {
	var f file
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if d.Decode(&f) != nil || f.Format != format || checkTenant(f.Tenant) != nil || len(f.Keyset) == 0 {
		return nil, ErrFormat
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, ErrFormat
	}
	return &f, nil
}

func (f *file) open(ctx context.Context, kek crypto.KEK) (*tenant, error) {
	in, once := keyset.NewJSONReader(bytes.NewReader(f.Keyset)), &caller{KEK: kek}
	handle, err := keyset.ReadWithContext(ctx, in, once, associatedData(f.Tenant, f.Created))
	if once.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnwrap, once.err)
	}
	if err != nil {
		return nil, ErrFormat
	}
	t, err := fromHandle(handle)
	if err != nil {
		return nil, err
	}
	t.created = f.Created
	if l, ok := kek.(crypto.Located); ok {
		t.location = l.KeyLocation()
	}
	return t, nil
}

// caller keeps the error of a KEK, which Tink passes on as text only.
type caller struct {
	crypto.KEK
	err error
}

func (c *caller) EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	out, err := c.KEK.EncryptWithContext(ctx, plaintext, associatedData)
	c.err = err
	return out, err
}

func (c *caller) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error) {
	out, err := c.KEK.DecryptWithContext(ctx, ciphertext, associatedData)
	c.err = err
	return out, err
}

// associatedData is that of an encrypted keyset, in the style of crypto's:
// version, purpose 4, tenant with its length, created in Unix seconds.
func associatedData(tenant string, created time.Time) []byte {
	out := []byte{0x01, 0x04}
	out = binary.BigEndian.AppendUint16(out, uint16(len(tenant)))
	out = append(out, tenant...)
	return binary.BigEndian.AppendUint64(out, uint64(created.Unix()))
}

// publish writes content to a file that must not be there yet: whole, synced
// and linked into place. instead is what to call if it is there.
func publish(path string, content []byte, instead string) error {
	dir := filepath.Dir(path)
	temp := filepath.Join(dir, "."+filepath.Base(path)+"."+rand.Text())
	f, err := os.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keyset: create: %w", err)
	}
	defer os.Remove(temp)
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("keyset: create: %w", err)
	}
	err = os.Link(temp, path)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("keyset: create: %s is there already; use %s: %w", path, instead, fs.ErrExist)
	}
	if err != nil {
		return fmt.Errorf("keyset: create: %w", err)
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keyset: create: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// readFile reads a regular file of at most max bytes whose mode has none of
// the forbidden bits.
func readFile(path string, max int64, forbidden fs.FileMode) ([]byte, error) {
	// A pipe in the file's place must not make the program wait.
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, fs.ErrInvalid
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fs.ErrInvalid
	}
	if info.Mode()&forbidden != 0 {
		return nil, errMode
	}
	content, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(content)) > max {
		return nil, ErrFormat
	}
	return content, err
}
