package evidence

import (
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Names of the files that a pack has beside those of requests and policies.
const (
	indexName     = "index"
	dataFile      = "pack.json"
	sumsFile      = "SHA256SUMS"
	signatureFile = "SHA256SUMS.sig"
	publicKeyFile = "public-key.pem"
)

// A File is one file of a pack. Name has forward slashes.
//
// Controls: HIPAA 164.316(b)(1).
type File struct {
	Name string
	Data []byte
}

// WriteJSON writes the whole pack as JSON. The same pack gives the same bytes.
func (p *Pack) WriteJSON(w io.Writer) error {
	b, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return fmt.Errorf("evidence: pack: %w", err)
	}
	_, err = w.Write(append(b, '\n'))
	return err
}

// Files returns the files of the pack, sorted by name, with the list of their
// hashes and its signature. The signer holds an Ed25519 key, in memory or in a
// key service; use one that signs nothing else. Anybody can check the result
// with sha256sum and openssl:
//
//	openssl pkeyutl -verify -rawin -pubin -inkey trusted.pem -sigfile SHA256SUMS.sig -in SHA256SUMS
//	sha256sum -c SHA256SUMS
//
// The signature says that the key's holder made these files, not that they are
// true, and not when. The public key in the pack is a convenience; whoever
// verifies needs it from elsewhere.
func (p *Pack) Files(signer crypto.Signer) ([]File, error) {
	if signer == nil {
		return nil, refuse("", "nobody signs")
	}
	public, ok := signer.Public().(ed25519.PublicKey)
	if !ok {
		return nil, refuse("", "the signer's key is not of Ed25519")
	}
	files, err := p.content(public)
	if err != nil {
		return nil, err
	}
	sums := sumsOf(files)
	signature, err := signer.Sign(rand.Reader, sums, crypto.Hash(0))
	if err != nil {
		return nil, fmt.Errorf("evidence: sign: %w", err)
	}
	if !ed25519.Verify(public, sums, signature) {
		return nil, fmt.Errorf("evidence: sign: the signer's signature is not of its key: %w", ErrPack)
	}
	files = append(files, File{sumsFile, sums}, File{signatureFile, signature})
	sortFiles(files)
	return files, nil
}

// content returns all files but the list of hashes and its signature.
func (p *Pack) content(public ed25519.PublicKey) ([]File, error) {
	var data bytes.Buffer
	if err := p.WriteJSON(&data); err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return nil, fmt.Errorf("evidence: public key: %w", err)
	}
	files := []File{
		{indexName + p.Format.extension(), p.index(p.Format)}, {dataFile, data.Bytes()},
		{publicKeyFile, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})},
		{practicesName + p.Format.extension(), p.practicesDocument()},
	}
	for i := range p.Artefacts {
		files = append(files, File{p.Artefacts[i].File, p.document(&p.Artefacts[i])})
	}
	for i := range p.Policies {
		files = append(files, File{p.Policies[i].File, p.Policies[i].document(p)})
	}
	for i, l := range p.Logs {
		if l.Verified {
			files = append(files, File{fmt.Sprintf("checkpoints/%02d.txt", i+1), []byte(l.Checkpoint)})
		}
	}
	sortFiles(files)
	return files, nil
}

func sortFiles(files []File) {
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
}

// sumsOf returns the list of hashes in the form of sha256sum.
func sumsOf(files []File) []byte {
	var b bytes.Buffer
	for _, f := range files {
		sum := sha256.Sum256(f.Data)
		fmt.Fprintf(&b, "%s  %s\n", hex.EncodeToString(sum[:]), f.Name)
	}
	return b.Bytes()
}

// WriteDir writes the files of the pack into a new directory. It writes beside
// it first and renames at the end, so that dir is whole or absent. A dir that
// exists is refused; nothing is ever replaced. Files are for their owner only:
// a pack names persons.
func (p *Pack) WriteDir(dir string, signer crypto.Signer) error {
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("evidence: write: the directory exists: %w", os.ErrExist)
	}
	files, err := p.Files(signer)
	if err != nil {
		return err
	}
	dir = filepath.Clean(dir)
	temporary, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+".tmp-")
	if err != nil {
		return fmt.Errorf("evidence: write: %w", err)
	}
	err = writeAll(temporary, files)
	if err == nil {
		err = os.Rename(temporary, dir)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("evidence: write: %w", err), os.RemoveAll(temporary))
	}
	return nil
}

func writeAll(dir string, files []File) error {
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, f.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}
