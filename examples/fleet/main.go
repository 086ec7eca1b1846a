// Command fleet tells the story of package audit/fleet: five instances, each
// with a ledger of its own, are collected into one log and verified as one; then
// one is set back, one is silent and one is taken off the list. It needs nothing
// and ends by itself.
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
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/audit/anchor"
	"github.com/safeguard-sdk/safeguard/audit/fleet"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, out io.Writer) error {
	tmp, err := os.MkdirTemp("", "safeguard-fleet")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	s := &story{out: out, tmp: tmp}
	if _, s.key, err = ed25519.GenerateKey(nil); err != nil {
		return err
	}
	for n := range 5 {
		if err := s.join(ctx, fmt.Sprintf("charts-%d", n+1)); err != nil {
			return err
		}
	}
	if err := s.well(ctx); err != nil {
		return err
	}
	return s.ill(ctx)
}

type story struct {
	out      io.Writer
	tmp      string
	key      ed25519.PrivateKey
	verifier string
	members  []fleet.Member
}

// write appends records to the ledger of an instance, and signs.
func (s *story) write(ctx context.Context, name string, records int) (verifierKey string, err error) {
	l, err := ledger.Open(filepath.Join(s.tmp, name), s.key, &ledger.Options{Origin: "clinic.example/" + name})
	if err != nil {
		return "", err
	}
	for n := range records {
		if err := l.Append(ctx, fmt.Appendf(nil, `{"instance":%q,"n":%d}`, name, n)); err != nil {
			return "", err
		}
	}
	return l.VerifierKey(), l.Close(ctx)
}

// join adds an instance.
func (s *story) join(ctx context.Context, name string) error {
	key, err := s.write(ctx, name, 20)
	if err != nil {
		return err
	}
	dir := filepath.Join(s.tmp, name)
	source, err := anchor.Directory(dir)
	s.members = append(s.members, fleet.Member{Name: name, VerifierKey: key, Source: source, Dir: dir})
	return err
}

// collect takes everybody's checkpoint into the fleet's own ledger.
func (s *story) collect(ctx context.Context) (fleet.Round, error) {
	l, err := ledger.Open(filepath.Join(s.tmp, "fleet"), s.key, &ledger.Options{Origin: "clinic.example/fleet"})
	if err != nil {
		return fleet.Round{}, err
	}
	s.verifier = l.VerifierKey()
	f, err := fleet.New(ctx, l, s.members, nil)
	if err != nil {
		return fleet.Round{}, errors.Join(err, l.Close(ctx))
	}
	r, err := f.Collect(ctx)
	return r, errors.Join(err, l.Close(ctx))
}

func (s *story) verify(ctx context.Context) error {
	v, err := fleet.Verify(ctx, filepath.Join(s.tmp, "fleet"), s.verifier, s.members, nil)
	if err == nil {
		fmt.Fprintln(s.out, "   Verdict:", v)
	}
	return err
}

func (s *story) well(ctx context.Context) error {
	fmt.Fprintln(s.out, "1. Five instances keep a ledger each; one log of their checkpoints covers them all.")
	r, err := s.collect(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintln(s.out, "   Checkpoints collected:", r.Appended)
	return s.verify(ctx)
}

func (s *story) ill(ctx context.Context) error {
	fmt.Fprintln(s.out, "\n2. One ledger is set back, one instance is gone, and one was taken off the list.")
	victim, before := filepath.Join(s.tmp, "charts-2"), filepath.Join(s.tmp, "before")
	if err := os.CopyFS(before, os.DirFS(victim)); err != nil {
		return err
	}
	if _, err := s.write(ctx, "charts-2", 5); err != nil {
		return err
	}
	if _, err := s.collect(ctx); err != nil {
		return err
	}
	if err := errors.Join(os.RemoveAll(victim), os.Rename(before, victim), os.RemoveAll(filepath.Join(s.tmp, "charts-3"))); err != nil {
		return err
	}
	source, err := anchor.Directory(victim)
	if err != nil {
		return err
	}
	s.members[1].Source = source
	s.members = s.members[:4]
	return s.verify(ctx)
}
