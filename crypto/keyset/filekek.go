package keyset

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// kekSize is the length of a key file, in bytes.
const kekSize = 32

var (
	errKEKFile = errors.New("keyset: key file: must be exactly 32 bytes")
	errKEKMode = errors.New("keyset: key file: others than its owner have access; set mode 0600")
	errKEKOpen = refusal("keyset: key file: does not decrypt")
)

// A FileKEK is a key-encryption key in a file of 32 random bytes: AES-256-GCM
// with random nonces. It says of itself that it is on the same host
// ([crypto.LocationSameHost]), which does not meet the key separation of HHS
// guidance 74 FR 19006, even where the file is in fact on another device.
//
// It does not protect against who can read the file, or its backup, together
// with the data. It is safe for concurrent use and never prints. The zero
// FileKEK is not usable.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type FileKEK struct {
	aead cipher.AEAD
}

// CreateFileKEK makes a key file with mode 0600 and opens it. It never
// overwrites a file; the error is then fs.ErrExist.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func CreateFileKEK(path string) (*FileKEK, error) {
	var material [kekSize]byte
	rand.Read(material[:])
	defer clear(material[:])
	if err := publish(path, material[:], "OpenFileKEK or OpenOrCreateFileKEK"); err != nil {
		return nil, err
	}
	return OpenFileKEK(path)
}

// OpenFileKEK opens a key file. It refuses one that is not exactly 32 bytes
// and one to which group or others have any access, and so every file on a
// system without file modes, such as Windows.
//
// Controls: HIPAA 164.312(a)(2)(iv), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func OpenFileKEK(path string) (*FileKEK, error) {
	material, err := readFile(path, kekSize, 0o077)
	defer clear(material)
	if errors.Is(err, errMode) {
		return nil, errKEKMode
	}
	if errors.Is(err, ErrFormat) || (err == nil && len(material) != kekSize) {
		return nil, errKEKFile
	}
	if err != nil {
		return nil, fmt.Errorf("keyset: key file: %w", pathless(err))
	}
	return newFileKEK(material)
}

func newFileKEK(material []byte) (*FileKEK, error) {
	block, err := aes.NewCipher(material)
	if err != nil {
		return nil, errKEKFile
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, errKEKFile
	}
	return &FileKEK{aead}, nil
}

// EncryptWithContext implements [crypto.KEK]. The result is the nonce (12
// bytes), the ciphertext and the tag (16).
func (k *FileKEK) EncryptWithContext(ctx context.Context, plaintext, associatedData []byte) ([]byte, error) {
	if err := k.ready(ctx); err != nil {
		return nil, err
	}
	return k.aead.Seal(nil, nil, plaintext, associatedData), nil
}

// DecryptWithContext implements [crypto.KEK].
func (k *FileKEK) DecryptWithContext(ctx context.Context, ciphertext, associatedData []byte) ([]byte, error) {
	if err := k.ready(ctx); err != nil {
		return nil, err
	}
	plaintext, err := k.aead.Open(nil, nil, ciphertext, associatedData)
	if err != nil {
		return nil, errKEKOpen
	}
	return plaintext, nil
}

func (k *FileKEK) ready(ctx context.Context) error {
	if k == nil || k.aead == nil {
		return errKEKOpen
	}
	return ctx.Err()
}

// KeyLocation implements [crypto.Located].
func (k *FileKEK) KeyLocation() crypto.Location { return crypto.LocationSameHost }

// Format writes a redaction under every verb.
func (k *FileKEK) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[key-encryption key]") }
