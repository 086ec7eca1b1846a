package keyset

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/safeguard-sdk/safeguard/crypto"
)

const (
	// format1 and format2 name the layouts of a keyset file.
	format1 = "safeguard/keyset/1"
	format2 = "safeguard/keyset/2"
	// maxFile bounds a keyset file that is read, in bytes.
	maxFile = 1 << 20
	// maxTenant is crypto's bound for a part of a Ref, in bytes.
	maxTenant = 1024
)

// file is a keyset file: a head in the clear, so that a wrong tenant can be
// told from a wrong key and ages are read without any key, and Tink's own
// encrypted keyset. The head is in the associated data of the keyset. Format 1
// has neither terms nor primary nor keys. A file without a keyset is what is left of one
// that was destroyed.
type file struct {
	Format  string          `json:"format"`
	Tenant  string          `json:"tenant"`
	Created time.Time       `json:"created"`
	Refresh int64           `json:"refresh,omitempty"` // seconds; 0 is plainRefresh
	Outage  int64           `json:"outage,omitempty"`  // seconds; 0 is plainOutage
	Primary uint32          `json:"primary,omitempty"`
	Keys    []Key           `json:"keys,omitempty"`
	Keyset  json.RawMessage `json:"keyset,omitempty"`
}

var errAnother = fmt.Errorf("keyset: load: the file is another tenant's: %w", crypto.ErrTenant)

// parse reads a keyset file without decrypting it.
func parse(content []byte) (*file, error) {
	var f file
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if len(content) > maxFile || d.Decode(&f) != nil || checkTenant(f.Tenant) != nil {
		return nil, ErrFormat
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, ErrFormat
	}
	switch f.Format {
	case format1:
		if len(f.Keyset) == 0 || len(f.Keys) != 0 || f.Primary != 0 || f.Refresh != 0 || f.Outage != 0 {
			return nil, ErrFormat
		}
	case format2:
		if !f.soundTerms() || !soundKeys(f.Keys, f.Primary, len(f.Keyset) == 0) {
			return nil, ErrFormat
		}
	default:
		return nil, ErrFormat
	}
	return &f, nil
}

// parseFor reads the file of a tenant.
func parseFor(content []byte, tenant string) (*file, error) {
	f, err := parse(content)
	if err != nil {
		return nil, err
	}
	if f.Tenant != tenant {
		return nil, errAnother
	}
	return f, nil
}

// A vault is a keyset file with its keyset open. It holds keys in the clear
// and lives as long as a call.
type vault struct {
	file
	handle *keyset.Handle
}

// open decrypts f with one call of kek.
func (f *file) open(ctx context.Context, kek crypto.KEK) (*vault, error) {
	if len(f.Keyset) == 0 {
		return nil, ErrDestroyed
	}
	in, once := keyset.NewJSONReader(bytes.NewReader(f.Keyset)), &caller{KEK: kek}
	handle, err := keyset.ReadWithContext(ctx, in, once, f.associatedData())
	if once.err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnwrap, once.err)
	}
	if err != nil {
		return nil, ErrFormat
	}
	v := &vault{*f, handle}
	if f.Format == format1 {
		return v, v.upgrade()
	}
	return v, v.agrees()
}

// openFile decrypts the content of the file of a tenant.
func openFile(ctx context.Context, content []byte, tenant string, kek crypto.KEK) (*vault, error) {
	f, err := parseFor(content, tenant)
	if err != nil {
		return nil, err
	}
	return f.open(ctx, kek)
}

// newVault returns a keyset with one random key.
func newVault(tenant string, now time.Time, t terms) (*vault, error) {
	v := &vault{file{Format: format2, Tenant: tenant, Created: now}, nil}
	v.setTerms(t)
	m := keyset.NewManager()
	return v, v.addPrimary(m, now, now)
}

// seal returns the content of the file, encrypted under kek with one call.
func (v *vault) seal(ctx context.Context, kek crypto.KEK) ([]byte, error) {
	v.Format = format2
	var encrypted bytes.Buffer
	once := &caller{KEK: kek}
	err := v.handle.WriteWithContext(ctx, keyset.NewJSONWriter(&encrypted), once, v.associatedData())
	if err := cmp.Or(once.err, err); err != nil {
		return nil, fmt.Errorf("keyset: write: key-encryption key: %w", err)
	}
	v.Keyset = encrypted.Bytes()
	return v.encode()
}

// sealed is seal, and one more call of kek to make sure that it decrypts. It
// also returns the keys, ready.
func (v *vault) sealed(ctx context.Context, kek crypto.KEK) ([]byte, *tenant, error) {
	content, err := v.seal(ctx, kek)
	if err != nil {
		return nil, nil, err
	}
	t, err := loadTenant(ctx, content, v.Tenant, kek)
	if err != nil {
		return nil, nil, err
	}
	return content, t, nil
}

func (f *file) encode() ([]byte, error) {
	out, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("keyset: write: %w", err)
	}
	if len(out) >= maxFile {
		return nil, errors.New("keyset: write: too many keys")
	}
	return append(out, '\n'), nil
}

// loadTenant makes the keys of a file ready, with one call of kek.
func loadTenant(ctx context.Context, content []byte, name string, kek crypto.KEK) (*tenant, error) {
	v, err := openFile(ctx, content, name, kek)
	if err != nil {
		return nil, err
	}
	t, err := v.ready(time.Now())
	if err != nil {
		return nil, err
	}
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
