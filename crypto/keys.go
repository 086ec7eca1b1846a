package crypto

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// Keys gives the keysets of tenants. Package keyset has one over Tink
// keysets; write another for keys that come from elsewhere.
//
// Keyset is called for every value of NoSubject and whenever a subject's key
// is loaded, so it must answer from memory, without allocating, and must be
// safe for concurrent use. For a tenant that it does not know it returns an
// error that is [ErrTenant]. When a keyset changes it must reuse the *Key of
// every key that stays, because a Key counts its own messages.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Keys interface {
	Keyset(ctx context.Context, tenant string) (*Keyset, error)
}

// Sizes of the sealed formats, in bytes.
const (
	keySize       = 32
	nonceSize     = 12
	tagSize       = 16
	tinkPrefix    = 5
	subjectPrefix = 9
)

// The first byte of a sealed value. Tink writes 0x01 and 0x00.
const (
	formatTink    = 0x01
	formatSubject = 0x53
)

// A Key is one AES-256 key of a tenant, ready to seal, with the count of what
// this process sealed under it. It belongs to one tenant, since a tenant's
// messages are counted together. It is safe for concurrent use and never
// prints. The zero Key is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Key struct {
	id     uint32
	aead   cipher.AEAD
	opener opener
	budget *budget
	count  [keySize]byte // authenticates the count of messages in the store
}

// NewKey returns the key with the given id and 32 bytes of material. It keeps
// no reference to material; the caller should clear it. Material must be
// random and must not be used under another id, for another tenant or by
// another program's counter-made nonces.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func NewKey(id uint32, material []byte) (*Key, error) {
	aead, err := newAEAD(material)
	if err != nil {
		return nil, err
	}
	opener, err := newOpener(material)
	if err != nil {
		return nil, err
	}
	k := &Key{id: id, aead: aead, opener: opener, budget: newBudget()}
	count, err := hkdf.Key(sha256.New, material, nil, "safeguard crypto: count of messages", keySize)
	if err != nil {
		return nil, errors.New("crypto: key: refused by HKDF")
	}
	copy(k.count[:], count)
	clear(count)
	return k, nil
}

// newAEAD returns AES-256-GCM with nonces from the approved random source
// (FIPS 140-3 IG C.H scenario 2), nonce in front.
func newAEAD(material []byte) (cipher.AEAD, error) {
	block, err := newBlock(material)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, errors.New("crypto: key: refused by GCM")
	}
	return aead, nil
}

func newBlock(material []byte) (cipher.Block, error) {
	if len(material) != keySize {
		return nil, errors.New("crypto: key: must be 32 bytes")
	}
	block, err := aes.NewCipher(material)
	if err != nil {
		return nil, errors.New("crypto: key: refused by AES")
	}
	return block, nil
}

// An opener opens what newAEAD's AEAD sealed, and cannot seal. It is AES-GCM
// that takes its nonce, which the module approves for opening and which spares
// some 15 ns; where the process refuses to make one (fips140=only), it is
// newAEAD's, whose nonce size is 0.
type opener struct {
	aead  cipher.AEAD
	nonce int
}

func newOpener(material []byte) (opener, error) {
	block, err := newBlock(material)
	if err != nil {
		return opener{}, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		aead, err = newAEAD(material)
	}
	if err != nil {
		return opener{}, err
	}
	return opener{aead, aead.NonceSize()}, nil
}

// open appends what was sealed: nonce, ciphertext and tag, of which there is
// at least nonce and tag.
func (o *opener) open(dst, sealed, aad []byte) ([]byte, error) {
	return o.aead.Open(dst, sealed[:o.nonce], sealed[o.nonce:], aad)
}

// ID returns the id that values sealed under the key carry. The nil and the
// zero Key have the id 0.
func (k *Key) ID() uint32 {
	if k == nil {
		return 0
	}
	return k.id
}

// Seals returns how many messages this process sealed under the key. Other
// processes are not in it: [Sealer.Budget] has them.
func (k *Key) Seals() uint64 {
	if k == nil || k.budget == nil {
		return 0
	}
	return k.budget.used()
}

// Format writes a redaction under every verb.
func (k *Key) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[key]") }

// A Keyset is the keys of one tenant: the primary seals, all open. It is
// immutable, safe for concurrent use and never prints. The zero Keyset opens
// nothing and is refused.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Keyset struct {
	primary *Key
	keys    []*Key
}

// maxKeys bounds the keys of a keyset.
const maxKeys = 1024

// NewKeyset returns the Keyset of the given keys, of which the one with the
// id primary seals. Ids must be unique.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func NewKeyset(primary uint32, keys ...*Key) (*Keyset, error) {
	if len(keys) > maxKeys {
		return nil, errors.New("crypto: keyset: too many keys")
	}
	ks := &Keyset{}
	for _, k := range keys {
		if k == nil || k.aead == nil {
			return nil, errors.New("crypto: keyset: key is not initialised")
		}
		if ks.find(k.id) != nil {
			return nil, errors.New("crypto: keyset: two keys have the same id")
		}
		ks.keys = append(ks.keys, k)
	}
	if ks.primary = ks.find(primary); ks.primary == nil {
		return nil, errors.New("crypto: keyset: no key has the primary id")
	}
	return ks, nil
}

// Primary returns the key that seals, nil for the zero Keyset.
func (ks *Keyset) Primary() *Key { return ks.primary }

// Len returns the number of keys.
func (ks *Keyset) Len() int { return len(ks.keys) }

// Format writes a redaction under every verb.
func (ks *Keyset) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[keyset]") }

func (ks *Keyset) find(id uint32) *Key {
	for _, k := range ks.keys {
		if k.id == id {
			return k
		}
	}
	return nil
}

// seal appends plaintext in Tink's layout: 0x01, key id, nonce, ciphertext
// and tag. The message must have been spent from the key's budget.
func (k *Key) seal(dst, plaintext, aad []byte) []byte {
	dst = append(dst, formatTink)
	dst = binary.BigEndian.AppendUint32(dst, k.id)
	return k.aead.Seal(dst, nil, plaintext, aad)
}

// open appends what seal sealed.
func (ks *Keyset) open(dst, sealed, aad []byte) ([]byte, error) {
	if len(sealed) < tinkPrefix+nonceSize+tagSize || sealed[0] != formatTink {
		return nil, ErrOpen
	}
	k := ks.find(binary.BigEndian.Uint32(sealed[1:]))
	if k == nil {
		return nil, ErrOpen
	}
	out, err := k.opener.open(dst, sealed[tinkPrefix:], aad)
	if err != nil {
		return nil, ErrOpen
	}
	return out, nil
}
