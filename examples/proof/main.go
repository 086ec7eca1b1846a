// Command proof tells how an auditor who trusts nobody checks what a ledger
// says: a bundle of records that is verified with a shell and openssl, a forged
// one that is refused, an older checkpoint that is shown to be of the same
// ledger, and the whole ledger in a layout that others' software reads. It
// needs nothing and ends by itself; without a shell or openssl it says what it
// leaves out.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func main() {
	tmp, err := os.MkdirTemp("", "safeguard-proof")
	if err != nil {
		log.Fatal(err)
	}
	err = run(context.Background(), tmp, os.Stdout)
	if rmErr := os.RemoveAll(tmp); err == nil {
		err = rmErr
	}
	if err != nil {
		log.Fatal(err)
	}
}

// A story is what its chapters share.
type story struct {
	tmp, dir, vkey string
	kept           []byte // a checkpoint, on paper at the auditor's
	out            io.Writer
}

func run(ctx context.Context, tmp string, out io.Writer) error {
	s := &story{tmp: tmp, dir: filepath.Join(tmp, "records"), out: out}
	for _, chapter := range []func(context.Context) error{s.write, s.prove, s.publish} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

// write makes a ledger and keeps a checkpoint of its first half elsewhere.
func (s *story) write(ctx context.Context) error {
	key, err := ledger.CreateKey(filepath.Join(s.tmp, "key.pem"))
	if err != nil {
		return err
	}
	if err := s.session(ctx, key, 0, 500); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "1. Monday: 500 records. The auditor takes the checkpoint home:\n\n%s\n", s.kept)
	return s.session(ctx, key, 500, 1000)
}

// session appends some records; the first one keeps its checkpoint.
func (s *story) session(ctx context.Context, key ed25519.PrivateKey, from, to int) error {
	l, err := ledger.Open(s.dir, key, &ledger.Options{Origin: "clinic.example/charts"})
	if err != nil {
		return err
	}
	for i := from; i < to; i += 100 {
		var batch [][]byte
		for j := i; j < i+100; j++ {
			batch = append(batch, fmt.Appendf(nil, `{"n":%d,"who":"clinician-%02d","action":"read","patient":"p1.token%03d"}`, j, j%17, j%230))
		}
		if err := l.Append(ctx, batch...); err != nil {
			return err
		}
	}
	if err := l.Close(ctx); err != nil {
		return err
	}
	if s.vkey = l.VerifierKey(); s.kept == nil {
		s.kept = l.Checkpoint().Note
	}
	return nil
}

// prove writes the records of one patient as a bundle.
func (s *story) prove(ctx context.Context) error {
	r, err := ledger.OpenReader(s.dir)
	if err != nil {
		return err
	}
	defer r.Close()
	var asked []uint64
	for record, err := range r.Records(ctx, 0) {
		if err != nil {
			return err
		}
		if bytes.Contains(record.Data, []byte(`"p1.token042"`)) {
			asked = append(asked, record.Index)
		}
	}
	b, err := r.Bundle(ctx, s.vkey, asked, &ledger.BundleOptions{Known: s.kept})
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "2. Friday: who read the chart p1.token042? %d records, with proofs, in one file.\n", len(b.Entries))
	if err := s.check(ctx, "as it is", b); err != nil {
		return err
	}
	b.Entries[1].Record = bytes.Replace(b.Entries[1].Record, []byte("clinician"), []byte("physician"), 1)
	return s.check(ctx, "with another name in one record", b)
}

// check verifies a bundle with this module and with the script.
func (s *story) check(ctx context.Context, how string, b ledger.Bundle) error {
	path := filepath.Join(s.tmp, "bundle")
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := b.WriteTo(f); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "   The bundle %s:\n", how)
	if err := b.Verify(s.vkey); err != nil {
		fmt.Fprintln(s.out, "   this module says:", err)
	} else {
		fmt.Fprintln(s.out, "   this module says: it holds")
	}
	fmt.Fprintln(s.out, "   a shell and openssl say:", script(ctx, path, s.vkey))
	return nil
}

// script runs docs/verify-bundle.sh.
func script(ctx context.Context, bundle, vkey string) string {
	for _, tool := range []string{"sh", "openssl"} {
		if _, err := exec.LookPath(tool); err != nil {
			return "(" + tool + " is not installed here)"
		}
	}
	path, err := findScript()
	if err != nil {
		return "(run this in the repository to see it)"
	}
	out, err := exec.CommandContext(ctx, "sh", path, bundle, vkey).CombinedOutput()
	if _, refused := errors.AsType[*exec.ExitError](err); err != nil && !refused {
		return err.Error()
	}
	return strings.TrimSpace(string(out))
}

// findScript looks for the script here and above.
func findScript() (string, error) {
	dir, err := os.Getwd()
	for ; err == nil; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, "docs", "verify-bundle.sh")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	return "", fs.ErrNotExist
}

// publish writes the ledger as C2SP tlog-tiles.
func (s *story) publish(ctx context.Context) error {
	to := filepath.Join(s.tmp, "tiles")
	c, err := ledger.Publish(ctx, s.dir, to, s.vkey)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "3. The whole ledger of %d records, for software of others (C2SP tlog-tiles):\n", c.Size)
	err = fs.WalkDir(os.DirFS(to), ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			fmt.Fprintln(s.out, "  ", path)
		}
		return err
	})
	if err != nil {
		return err
	}
	v, err := ledger.Verify(ctx, s.dir, s.vkey, &ledger.VerifyOptions{Anchors: []ledger.Kept{{Name: "the auditor's home", Note: s.kept}}})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "4. And the verdict on all of it:", v)
	return nil
}
