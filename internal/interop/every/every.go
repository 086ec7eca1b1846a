// Package every holds the golden files of values of every size from 0 to 4097
// bytes, which each of Safeguard, google/tink/go v1.7.0 and tink-go v2.9.0
// sealed and all three must open.
//
// A file holds of each value what is not ciphertext: prefix, nonce and tag.
// The ciphertext is computed again from the plaintext, with AES in counter
// mode, and the tag says whether it is the one that was sealed. (Whole, the
// files would be 8 MB each.)
//
// Controls: none, it is test support.
package every

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"strconv"
)

// Sizes is the number of values in a file: 0 to 4097 bytes.
const Sizes = 4098

// Sizes of what a file holds of a value, in bytes.
const (
	prefix = 5
	nonce  = 12
	tag    = 16
	rest   = prefix + nonce + tag
)

// A File is one golden file. Its key was never used for anything else.
type File struct {
	ID   uint32 `json:"id"`
	Key  []byte `json:"key"`
	Rest []byte `json:"rest"` // of each value in turn
}

// Read reads a golden file.
func Read(path string) (*File, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var f File
	if err := json.Unmarshal(content, &f); err != nil {
		return nil, err
	}
	if len(f.Rest) != Sizes*rest || len(f.Key) != 32 {
		return nil, errors.New("every: the file is not whole")
	}
	return &f, nil
}

// Write writes the golden file of what seal seals under a key.
func Write(path string, id uint32, key []byte, seal func(plaintext []byte, n int) ([]byte, error)) error {
	f := File{ID: id, Key: key}
	for n := range Sizes {
		sealed, err := seal(Plaintext(n), n)
		if err != nil {
			return err
		}
		if len(sealed) != n+rest {
			return errors.New("every: a value has another length than documented")
		}
		f.Rest = append(f.Rest, sealed[:prefix+nonce]...)
		f.Rest = append(f.Rest, sealed[prefix+nonce+n:]...)
	}
	content, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o644)
}

// Sealed returns the value of n bytes as it was sealed.
func (f *File) Sealed(n int) ([]byte, error) {
	block, err := aes.NewCipher(f.Key)
	if err != nil {
		return nil, err
	}
	part := f.Rest[n*rest : (n+1)*rest]
	head, end := part[:prefix+nonce], part[prefix+nonce:]
	// GCM counts from 1, which it keeps for the tag.
	counter := binary.BigEndian.AppendUint32(append([]byte(nil), head[prefix:]...), 2)
	body := Plaintext(n)
	cipher.NewCTR(block, counter).XORKeyStream(body, body)
	return append(append(append([]byte(nil), head...), body...), end...), nil
}

// Plaintext returns the plaintext of n bytes.
func Plaintext(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(i*31 + n)
	}
	return out
}

// AssociatedData is that of the value of n bytes. It is written from the
// documentation of crypto.Ref.AppendAssociatedData alone, as a program in
// another language would have it.
func AssociatedData(n int) []byte {
	out := []byte{0x01, 0x01}
	for _, part := range []string{"clinic-a", "settings", "secret", strconv.Itoa(n)} {
		out = binary.BigEndian.AppendUint16(out, uint16(len(part)))
		out = append(out, part...)
	}
	return append(out, 0x00)
}
