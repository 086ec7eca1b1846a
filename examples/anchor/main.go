// Command anchor tells the story of package audit/anchor: a ledger whose
// checkpoints a witness signs, an insider who holds the ledger's own key and
// rewrites it, and what gives that away. The witness runs in this program; it
// needs nothing and ends by itself.
//
// Controls: HIPAA 164.312(b), 164.312(c)(1), 164.312(c)(2); NIST CSF 2.0 PR.PS-04, PR.DS-01, DE.CM-09.
package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

const origin = "clinic.example/charts"

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	tmp, err := os.MkdirTemp("", "safeguard-anchor")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	s := &story{out: out, dir: filepath.Join(tmp, "records"), state: filepath.Join(tmp, "state")}
	if _, s.key, err = ed25519.GenerateKey(nil); err != nil {
		return err
	}
	if err := s.write(ctx); err != nil { // begins it
		return err
	}
	server, err := s.hire()
	if err != nil {
		return err
	}
	defer server.Close()
	for _, chapter := range []func(context.Context) error{s.honest, s.rewrite, s.forget} {
		if err := chapter(ctx); err != nil {
			return err
		}
	}
	return nil
}

type story struct {
	out        io.Writer
	dir, state string
	key        ed25519.PrivateKey
	verifier   string
	witness    *anchor.Witness
}

// hire starts a witness that knows the ledger's public key.
func (s *story) hire() (*httptest.Server, error) {
	_, own, err := ed25519.GenerateKey(nil)
	if err != nil {
		return nil, err
	}
	w := &witness{name: "neighbour.example/witness", key: own, log: s.verifier}
	server := httptest.NewTLSServer(w)
	s.witness, err = anchor.NewWitness(server.URL, w.verifierKey(), &anchor.WitnessOptions{Client: server.Client()})
	return server, err
}

// write appends records to the ledger, and signs.
func (s *story) write(ctx context.Context, records ...string) error {
	l, err := ledger.Open(s.dir, s.key, &ledger.Options{Origin: origin})
	if err != nil {
		return err
	}
	s.verifier = l.VerifierKey()
	for _, r := range records {
		if err := l.Append(ctx, []byte(r)); err != nil {
			return err
		}
	}
	return l.Close(ctx)
}

// runner returns a runner over the directory as it is.
func (s *story) runner() (*anchor.Runner, error) {
	source, err := anchor.Directory(s.dir)
	if err != nil {
		return nil, err
	}
	return anchor.New(source, s.verifier, s.state, []anchor.Anchor{s.witness}, nil)
}

func (s *story) honest(ctx context.Context) error {
	fmt.Fprintln(s.out, "1. The ledger grows, and a witness next door signs each checkpoint that extends the last one.")
	for _, records := range [][]string{{`{"who":"clinician-7","action":"read"}`, `{"who":"snoop","action":"export"}`}, {`{"who":"clinician-9","action":"read"}`}} {
		if err := s.write(ctx, records...); err != nil {
			return err
		}
		r, err := s.runner()
		if err != nil {
			return err
		}
		if err := r.Once(ctx); err != nil {
			return err
		}
		fmt.Fprintln(s.out, "   ", r.Status())
	}
	r, err := s.runner()
	if err != nil {
		return err
	}
	kept, err := r.Kept(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.out, "   What is kept, with both signatures:\n\n%s\n", kept[0].Note)
	return nil
}

func (s *story) rewrite(ctx context.Context) error {
	fmt.Fprintln(s.out, "2. An insider who holds the ledger's own key writes it anew, without the export.")
	if err := os.RemoveAll(s.dir); err != nil {
		return err
	}
	if err := s.write(ctx, `{"who":"clinician-7","action":"read"}`, `{"who":"clinician-8","action":"read"}`,
		`{"who":"clinician-9","action":"read"}`, `{"who":"clinician-9","action":"read"}`); err != nil {
		return err
	}
	alone, err := ledger.Verify(ctx, s.dir, s.verifier, nil)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "   By itself it is sound:", alone)
	r, err := s.runner()
	if err != nil {
		return err
	}
	err = r.Once(ctx)
	if !errors.Is(err, anchor.ErrFork) {
		return fmt.Errorf("the fork was not noticed: %w", err)
	}
	fmt.Fprintln(s.out, "   The runner anchors nothing more:", err)
	kept, err := r.Kept(ctx)
	if err != nil {
		return err
	}
	with, err := ledger.Verify(ctx, s.dir, s.verifier, &ledger.VerifyOptions{Anchors: kept})
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "   With what was kept:", with)
	return nil
}

func (s *story) forget(ctx context.Context) error {
	fmt.Fprintln(s.out, "\n3. So the insider removes what this machine remembers as well. The witness remembers too.")
	if err := os.RemoveAll(s.state); err != nil {
		return err
	}
	r, err := s.runner()
	if err != nil {
		return err
	}
	err = r.Once(ctx)
	if !errors.Is(err, anchor.ErrFork) {
		return fmt.Errorf("the fork was not noticed: %w", err)
	}
	fmt.Fprintln(s.out, "   ", err)
	return nil
}
