package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"

	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// An exporter hands over all data of a tenant; this one hands over nothing.
type exporter struct{}

func (exporter) ExportTenant(context.Context, string) (shred.Export, error) {
	digest := sha256.Sum256([]byte("{}\n{}\n"))
	return shred.Export{Digest: hex.EncodeToString(digest[:]), Records: 2}, nil
}

// contract is the end of a contract: a business associate returns the data of a
// tenant and destroys its own (164.504(e)(2)(ii)(J)).
func (s *story) contract(ctx context.Context) error {
	s.say("\n== A contract ends")
	said, err := s.two(ctx, shred.Order{Kind: shred.DestroyTenant, Tenant: tenant, Reason: "contract.ended"})
	if err != nil {
		return err
	}
	s.say("   Handed over: %d records; destroyed: %d names in the store, %d tenant keys",
		said.Export.Records, said.Subjects, len(said.TenantKeys))
	after, err := s.process(s.patients)
	if err != nil {
		return err
	}
	s.say("   The living patient: %v", s.opens(ctx, after, s.bobs, bob))
	entries, _, err := s.register.Head(ctx)
	if err != nil {
		return err
	}
	s.say("   The register has %d entries, each with the hash of the one before", entries)
	return nil
}
