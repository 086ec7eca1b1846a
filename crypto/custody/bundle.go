package custody

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

const (
	magic  = "safeguard backup 1\n"
	format = "safeguard/backup/1"
	// MaxBundle is the longest bundle, in bytes: 256 MiB.
	//
	// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
	MaxBundle = 256 << 20
	// maxHeader bounds the head of a bundle, in bytes.
	maxHeader = 16 << 20
)

// Subjects says how the subjects' keys of a backup are kept.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
type Subjects string

// The ways. The zero value is SubjectsIncluded.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
const (
	// SubjectsIncluded is a bundle that holds the records of the store of
	// subjects' keys, wrapped as they are there.
	SubjectsIncluded Subjects = "included"
	// SubjectsApart is a store that is backed up by itself, for instance with
	// its database.
	SubjectsApart Subjects = "apart"
	// SubjectsNone is a service without subjects' keys.
	SubjectsNone Subjects = "none"
)

// A Header is what a bundle says of itself without any share. It holds no key.
// It is authenticated, but only once the bundle is opened.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
type Header struct {
	Format    string         `json:"format"`
	ID        string         `json:"id"`
	Created   time.Time      `json:"created"`
	Threshold int            `json:"threshold"`
	Shares    []Custodian    `json:"shares"`
	Subjects  Subjects       `json:"subjects"`
	Tenants   []TenantHeader `json:"tenants"`
	// Register is the head of the register of what was shredded, as it was when
	// the backup began; nil if Source had none.
	Register *RegisterHead `json:"register,omitempty"`
}

// A Custodian is who holds a share, and by what it is known again.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
type Custodian struct {
	Number      int    `json:"number"`
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
}

// A TenantHeader is what a bundle holds of a tenant.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
type TenantHeader struct {
	Tenant  string       `json:"tenant"`
	Primary uint32       `json:"primary"` // 0 of a keyset that was destroyed
	Keys    []keyset.Key `json:"keys"`
	// Records is how many records of subjects' keys are in the bundle.
	Records int `json:"records"`
}

// content is what a bundle holds encrypted.
type content struct {
	Tenants []tenantContent `json:"tenants"`
}

type tenantContent struct {
	Tenant  string   `json:"tenant"`
	Keyset  []byte   `json:"keyset"` // a keyset file under the backup's key
	Records []record `json:"records,omitempty"`
}

type record struct {
	Name   string `json:"name"`
	Record []byte `json:"record"`
}

// Inspect returns the header of a bundle, which nothing has checked yet.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
func Inspect(bundle []byte) (Header, error) {
	h, _, err := cut(bundle)
	return h, err
}

// Hash returns the SHA-256 of a bundle in hexadecimal, by which records name
// it.
//
// Controls: HIPAA 164.308(a)(7)(ii)(A); NIST CSF 2.0 PR.DS-11.
func Hash(bundle []byte) string {
	sum := sha256.Sum256(bundle)
	return hex.EncodeToString(sum[:])
}

// cut returns the header of a bundle and where its encrypted part begins.
func cut(bundle []byte) (Header, int, error) {
	start := len(magic) + 4
	if len(bundle) > MaxBundle || len(bundle) < start || string(bundle[:len(magic)]) != magic {
		return Header{}, 0, ErrBundle
	}
	n := binary.BigEndian.Uint32(bundle[len(magic):])
	if n > maxHeader || int(n) > len(bundle)-start {
		return Header{}, 0, ErrBundle
	}
	var h Header
	if strict(bundle[start:start+int(n)], &h) != nil || !h.sound() {
		return Header{}, 0, ErrBundle
	}
	return h, start + int(n), nil
}

func (h *Header) sound() bool {
	id, err := encoding.DecodeString(h.ID)
	if err != nil || len(id) != idSize || h.Format != format {
		return false
	}
	if h.Threshold < 2 || h.Threshold > len(h.Shares) || len(h.Shares) > maxShares {
		return false
	}
	for i, s := range h.Shares {
		if s.Number != i+1 {
			return false
		}
	}
	return h.Subjects == SubjectsIncluded || h.Subjects == SubjectsApart || h.Subjects == SubjectsNone
}

// pack encrypts a content under key, with the header as associated data.
func pack(h *Header, c *content, key []byte) ([]byte, error) {
	head, err := json.Marshal(h)
	if err != nil {
		return nil, errors.New("custody: backup: header")
	}
	body, err := json.Marshal(c)
	if err != nil {
		return nil, errors.New("custody: backup: content")
	}
	defer clear(body)
	aead, err := derive(key, h.ID, "content")
	if err != nil {
		return nil, err
	}
	if len(head) > maxHeader || len(magic)+4+len(head)+len(body)+aead.Overhead() > MaxBundle {
		return nil, errors.New("custody: backup: too large; back the store of subjects up apart")
	}
	out := binary.BigEndian.AppendUint32([]byte(magic), uint32(len(head)))
	out = append(out, head...)
	return aead.Seal(out, nil, body, bytes.Clone(out)), nil
}

// unpack is the inverse of pack.
func unpack(bundle, key []byte) (*Header, *content, error) {
	h, start, err := cut(bundle)
	if err != nil {
		return nil, nil, err
	}
	aead, err := derive(key, h.ID, "content")
	if err != nil {
		return nil, nil, err
	}
	body, err := aead.Open(nil, nil, bundle[start:], bundle[:start])
	if err != nil {
		return nil, nil, ErrBundle
	}
	defer clear(body)
	var c content
	if strict(body, &c) != nil || !h.of(&c) {
		return nil, nil, ErrBundle
	}
	return &h, &c, nil
}

// of reports whether a header is that of a content.
func (h *Header) of(c *content) bool {
	if len(h.Tenants) != len(c.Tenants) {
		return false
	}
	for i, t := range c.Tenants {
		if t.Tenant != h.Tenants[i].Tenant || len(t.Records) != h.Tenants[i].Records {
			return false
		}
	}
	return true
}

// strict reads one JSON value without unknown fields.
func strict(b []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return ErrBundle
	}
	return nil
}

// derive returns a cipher under a key of its own for a use of the backup's
// key: HKDF-SHA256, then AES-256-GCM with random nonces.
func derive(key []byte, id, use string) (cipher.AEAD, error) {
	own, err := hkdf.Key(sha256.New, key, []byte(id), format+"/"+use, keySize)
	if err != nil {
		return nil, errors.New("custody: key derivation failed")
	}
	defer clear(own)
	block, err := aes.NewCipher(own)
	if err != nil {
		return nil, errors.New("custody: key refused by AES")
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// kek is the backup's key in the place of a key-encryption key.
type kek struct{ cipher.AEAD }

func newKEK(key []byte, id string) (kek, error) {
	aead, err := derive(key, id, "keysets")
	return kek{aead}, err
}

func (k kek) EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	return k.Seal(nil, nil, plaintext, associatedData), ctx.Err()
}

func (k kek) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	plaintext, err := k.Open(nil, nil, ciphertext, associatedData)
	if err != nil {
		return nil, ErrBundle
	}
	return plaintext, nil
}
