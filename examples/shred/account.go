package main

import (
	"context"
	"crypto/rand"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/audit/ledger"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// account opens the log in which every step and every opening is noted.
func (s *story) account() error {
	signer, err := ledger.CreateKey(filepath.Join(s.dir, "ledger.key"))
	if err != nil {
		return err
	}
	if s.ledger, err = ledger.Open(filepath.Join(s.dir, "ledger"), signer, nil); err != nil {
		return err
	}
	secret := make([]byte, 32)
	rand.Read(secret)                                                             //nolint:errcheck // never fails
	tokens, err := audit.NewTokenKeys(audit.TokenKey{Epoch: "1", Secret: secret}) // a service keeps it: package audit
	if err != nil {
		return err
	}
	s.recorder, err = audit.New(s.ledger, tokens, &audit.Options{Source: "urn:safeguard:shred"})
	return err
}

// as does what somebody asks for who has signed in, with an entry of its own in
// the log. In a service audit.Handler opens the entry of a request.
func (s *story) as(ctx context.Context, who string, do func(context.Context) error) error {
	ctx = safeguard.WithPrincipal(ctx, safeguard.Principal{ID: who, Kind: safeguard.Person, Method: "password+totp"})
	ctx, entry := s.recorder.Begin(ctx, "JOB", "")
	if err := do(ctx); err != nil {
		entry.End(audit.Refused, 0, 0)
		return err
	}
	err := entry.Commit(ctx) // before what was opened goes anywhere
	entry.End(audit.Completed, 0, 0)
	return err
}

// opens opens a value for a physician.
func (s *story) opens(ctx context.Context, sealer *crypto.Sealer, sealed []byte, p safeguard.Patient) error {
	return s.as(ctx, "dr.lee", func(ctx context.Context) error {
		_, err := sealer.AppendOpen(ctx, nil, sealed, place(p))
		return err
	})
}
