package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/rekey"
)

// rotate makes a new key and brings the table under it, in two runs.
func (s *story) rotate(ctx context.Context) error {
	s.say("== The key of a tenant is rotated")
	if err := s.ring.Rotate(ctx, tenant, s.old); err != nil {
		return err
	}
	report, err := s.verify(ctx)
	if err != nil {
		return err
	}
	s.say("   May the old key go? %v", report.SafeToDestroy(s.old))

	where, err := rekey.NewFile(filepath.Join(s.dir, "checkpoint"))
	if err != nil {
		return err
	}
	killed, kill := context.WithCancel(ctx)
	defer kill()
	report, err = rekey.Rewrap(killed, s.sealer, s.table, &rekey.Options{Batch: 100, Checkpoint: where, Progress: func(r rekey.Report) {
		if r.RowsChanged >= rows/4 {
			kill()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		return err
	}
	s.say("   A run is killed: rows changed %d, complete %t", report.RowsChanged, report.Complete)
	if report, err = rekey.Rewrap(ctx, s.sealer, s.table, &rekey.Options{Batch: 100, Checkpoint: where}); err != nil {
		return err
	}
	s.say("   Another goes on where it was: rows changed in all %d, complete %t", report.RowsChanged, report.Complete)
	return nil
}

// retire destroys the old key, after a proof that nothing needs it.
func (s *story) retire(ctx context.Context) error {
	s.say("\n== The old key is destroyed")
	report, err := s.verify(ctx)
	if err != nil {
		return err
	}
	if err := report.SafeToDestroy(s.old); err != nil {
		return err
	}
	if err := s.patients(ctx); err != nil {
		return err
	}
	if err := s.ring.Disable(ctx, tenant, s.old); err != nil { // for a while, in a service: this can be undone
		return err
	}
	if err := s.ring.DestroyKey(ctx, tenant, s.old, keyset.Confirmation(tenant, s.old)); err != nil {
		return err
	}
	_, err = s.verify(ctx)
	return err
}

// patients wraps the patients' keys under the new key as well, and drops the
// versions that the old values were sealed with, once no process seals with
// them.
func (s *story) patients(ctx context.Context) error {
	wrapped, _, err := each(func(after string) (string, crypto.SubjectsReport, error) {
		return s.sealer.RewrapSubjects(ctx, tenant, after, 100)
	})
	if err != nil {
		return err
	}
	dropped, kept, err := each(func(after string) (string, crypto.SubjectsReport, error) {
		return s.sealer.PruneSubjects(ctx, tenant, s.old, after, 100)
	})
	if err != nil {
		return err
	}
	s.say("   Patients' keys wrapped anew: %d; of the old values' keys dropped: %d, kept: %d", wrapped, dropped, kept)
	s.say("   (A key is kept for two hours, since another process may seal with it that long.)")
	return nil
}

// each walks over all records, a batch at a time, and counts keys.
func each(batch func(after string) (string, crypto.SubjectsReport, error)) (keys, kept int, err error) {
	for after := ""; ; {
		next, r, err := batch(after)
		keys, kept = keys+r.Keys, kept+r.Kept
		if after = next; err != nil || next == "" {
			return keys, kept, err
		}
	}
}
