package audit

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// keyFile is how a file of a TokenKey begins: one line with the epoch and the
// secret in base64.
const keyFile = "safeguard-token-key-v1 "

// maxKeyFile bounds such a file, in bytes.
const maxKeyFile = 1 << 10

// CreateTokenKey makes a new random TokenKey of 32 bytes, with an epoch that
// is random too, and keeps it in a new file that only its owner may read. It
// refuses to replace a file.
//
// The file must be kept apart from the log, for as long as the log is, and
// copied: without it nobody can say whom the log is about. A key service that
// makes the tokens itself is a [Tokens] of the program's own.
//
// Controls: HIPAA 164.312(b), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func CreateTokenKey(path string) (TokenKey, error) {
	var secret [32]byte
	var name [8]byte
	rand.Read(secret[:])
	rand.Read(name[:])
	const letters = "abcdefghijklmnopqrstuvwxyz234567"
	for i := range name {
		name[i] = letters[name[i]%32]
	}
	key := TokenKey{Epoch: string(name[:]), Secret: secret[:]}
	line := keyFile + key.Epoch + " " + base64.StdEncoding.EncodeToString(key.Secret) + "\n"
	if err := createFile(path, []byte(line)); err != nil {
		return TokenKey{}, fmt.Errorf("audit: create token key: %w", err)
	}
	return key, nil
}

// createFile writes a new file and makes it durable, or leaves none.
func createFile(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		os.Remove(path)
	}
	return err
}

// syncDir makes the entries of a directory durable, where a system can.
func syncDir(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// LoadTokenKeys reads keys that [CreateTokenKey] made, the current one first,
// and returns TokenKeys of them. It refuses a file that others than its owner
// may read (not checked on Windows). Errors show nothing of the content.
//
// Controls: HIPAA 164.312(b), 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
func LoadTokenKeys(current string, older ...string) (*TokenKeys, error) {
	var keys []TokenKey
	for _, path := range append([]string{current}, older...) {
		key, err := loadTokenKey(path)
		if err != nil {
			return nil, fmt.Errorf("audit: load token key: %w", err)
		}
		keys = append(keys, key)
	}
	return NewTokenKeys(keys[0], keys[1:]...)
}

func loadTokenKey(path string) (TokenKey, error) {
	f, err := os.Open(path)
	if err != nil {
		return TokenKey{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return TokenKey{}, err
	case !info.Mode().IsRegular():
		return TokenKey{}, errors.New("not a regular file")
	case runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0:
		return TokenKey{}, errors.New("others than the owner may read the file: it must have mode 0600")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxKeyFile+1))
	if err != nil {
		return TokenKey{}, err
	}
	return parseTokenKey(data)
}

// parseTokenKey reads what CreateTokenKey writes.
func parseTokenKey(data []byte) (TokenKey, error) {
	line, rest, ended := bytes.Cut(data, []byte("\n"))
	text, framed := strings.CutPrefix(string(line), keyFile)
	epoch, encoded, spaced := strings.Cut(text, " ")
	secret, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if len(data) > maxKeyFile || !ended || len(rest) > 0 || !framed || !spaced || err != nil {
		return TokenKey{}, ErrTokenKey
	}
	return TokenKey{Epoch: epoch, Secret: secret}, nil
}
