package evidence

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// ErrPack reports a pack that is not as it was signed.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.DS-01.
var ErrPack = errors.New("evidence: pack: not as it was signed")

// Bounds of what Verify reads.
const (
	maxSums      = 1 << 20
	maxPackFile  = 256 << 20
	maxPackFiles = 1_000
)

// Verify reads a pack without a network and reports whether it is what the
// holder of the key signed: every listed file, each byte, and no other, nor a
// directory without one. A link or a pipe in the place of a file is refused; a
// file system that implements [fs.ReadLinkFS] shows links, as os.DirFS does. It
// returns what the pack says. An error wraps ErrPack and names the file;
// nothing is returned with it.
//
// The key is the signer's public key, from where the verifier keeps it and not
// from the pack.
//
//	pack, err := evidence.Verify(os.DirFS("pack"), key)
//
// An intact pack is not a true one: Verify does not read logs again.
//
// Controls: HIPAA 164.312(c)(1), 164.312(c)(2), 164.316(b)(1); NIST CSF 2.0 PR.DS-01.
func Verify(fsys fs.FS, key ed25519.PublicKey) (*Pack, error) {
	if len(key) != ed25519.PublicKeySize {
		return nil, refuse("", "the key is not of Ed25519")
	}
	sums, err := readBounded(fsys, sumsFile, maxSums)
	if err != nil {
		return nil, err
	}
	signature, err := readBounded(fsys, signatureFile, ed25519.SignatureSize)
	if err != nil {
		return nil, err
	}
	if !ed25519.Verify(key, sums, signature) {
		return nil, damaged(signatureFile, "the list of hashes is not signed by this key")
	}
	listed, err := parseSums(sums)
	if err != nil {
		return nil, err
	}
	if err := onlyListed(fsys, listed); err != nil {
		return nil, err
	}
	return readPack(fsys, listed)
}

func damaged(name, text string) error {
	return fmt.Errorf("evidence: verify: %s: %s: %w", clip(name), text, ErrPack)
}

func readBounded(fsys fs.FS, name string, limit int64) ([]byte, error) {
	if info, err := fs.Lstat(fsys, name); err == nil && !info.Mode().IsRegular() {
		return nil, damaged(name, "is no regular file")
	}
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("evidence: verify: %w", errors.Join(ErrPack, err))
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	err = errors.Join(err, f.Close())
	if err != nil {
		return nil, fmt.Errorf("evidence: verify: %w", errors.Join(ErrPack, err))
	}
	if int64(len(b)) > limit {
		return nil, damaged(name, "larger than any that a pack has")
	}
	return b, nil
}

// parseSums reads the list of hashes in the one spelling that Files writes.
func parseSums(sums []byte) (map[string]string, error) {
	out := map[string]string{}
	last := ""
	for line := range strings.Lines(string(sums)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok || !strings.HasSuffix(line, "\n") || !isSHA256(sum) || !fs.ValidPath(name) || name <= last {
			return nil, damaged(sumsFile, "not a sorted list of hashes and names")
		}
		out[name], last = sum, name
	}
	if len(out) == 0 || len(out) > maxPackFiles {
		return nil, damaged(sumsFile, "lists too few or too many files")
	}
	return out, nil
}

// onlyListed refuses what nobody signed for: files, directories without a
// listed file, and everything that is neither.
func onlyListed(fsys fs.FS, listed map[string]string) error {
	directories := map[string]bool{".": true}
	for name := range listed {
		for dir := path.Dir(name); !directories[dir]; dir = path.Dir(dir) {
			directories[dir] = true
		}
	}
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && directories[name]:
			return nil
		case d.IsDir():
			return damaged(name, "is a directory without a file of the list of hashes")
		case listed[name] == "" && name != sumsFile && name != signatureFile:
			return damaged(name, "is not in the list of hashes")
		case !d.Type().IsRegular():
			return damaged(name, "is no regular file")
		}
		return nil
	})
	if err != nil && !errors.Is(err, ErrPack) {
		return fmt.Errorf("evidence: verify: %w", errors.Join(ErrPack, err))
	}
	return err
}

// readPack compares every file with its hash and reads what the pack says.
func readPack(fsys fs.FS, listed map[string]string) (*Pack, error) {
	var pack *Pack
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		want := listed[name]
		b, err := readBounded(fsys, name, maxPackFile)
		if err != nil {
			return nil, err
		}
		if sum := sha256.Sum256(b); hex.EncodeToString(sum[:]) != want {
			return nil, damaged(name, "has another hash than the one that was signed")
		}
		if name != dataFile {
			continue
		}
		pack = &Pack{}
		d := json.NewDecoder(bytes.NewReader(b))
		d.DisallowUnknownFields()
		if err := d.Decode(pack); err != nil {
			return nil, damaged(name, "is not the data of a pack")
		}
	}
	if pack == nil {
		return nil, damaged(dataFile, "is missing")
	}
	if err := pack.whole(listed); err != nil {
		return nil, err
	}
	return pack, nil
}

// whole reports whether every request has its file.
func (p *Pack) whole(listed map[string]string) error {
	if len(p.Artefacts) != requests {
		return damaged(dataFile, "does not answer every request")
	}
	for i, a := range p.Artefacts {
		if a.Number != i+1 || listed[a.File] == "" {
			return damaged(a.File, "is missing")
		}
	}
	return nil
}
