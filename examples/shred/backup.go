package main

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/keyset"
	"github.com/safeguard-sdk/safeguard/crypto/shred"
)

// copyStore makes two backups of the store of patients' keys.
func (s *story) copyStore() error {
	for _, name := range []string{"backup", "stolen"} {
		to := filepath.Join(s.dir, name)
		err := fs.WalkDir(os.DirFS(filepath.Join(s.dir, "subjects")), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				return os.Mkdir(filepath.Join(to, path), 0o700)
			}
			content, err := os.ReadFile(filepath.Join(s.dir, "subjects", path))
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(to, path), content, 0o600)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// backup shows what a certificate does not say, and the two ways to say it.
func (s *story) backup(ctx context.Context) error {
	s.say("\n== A backup from before")
	backup, err := crypto.OpenDirSubjects(filepath.Join(s.dir, "backup"))
	if err != nil {
		return err
	}
	restored, err := s.process(backup)
	if err != nil {
		return err
	}
	s.say("   Restored as it is, it still opens the value: %v", s.opens(ctx, restored, s.adas, ada))
	applied, err := s.register.Apply(ctx, backup)
	if err != nil {
		return err
	}
	if restored, err = s.process(backup); err != nil {
		return err
	}
	s.say("   After the register was applied to it, names %d: %v", applied.Names, s.opens(ctx, restored, s.adas, ada))
	return s.epoch(ctx)
}

// epoch wraps the keys of the living under a new tenant key and destroys the
// old one, so that a backup that nobody applied the register to is mute too.
func (s *story) epoch(ctx context.Context) error {
	old, err := s.sealer.Current(ctx, tenant)
	if err != nil {
		return err
	}
	if err := s.ring.Rotate(ctx, tenant, old); err != nil {
		return err
	}
	for after := ""; ; {
		next, _, err := s.sealer.RewrapSubjects(ctx, tenant, after, 1000)
		if err != nil {
			return err
		}
		if after = next; next == "" {
			break
		}
	}
	if err := s.ring.Disable(ctx, tenant, old); err != nil {
		return err
	}
	if err := s.ring.DestroyKey(ctx, tenant, old, keyset.Confirmation(tenant, old)); err != nil {
		return err
	}
	said, err := s.two(ctx, shred.Order{Kind: shred.EndEpoch, Tenant: tenant, TenantKey: old, Reason: "epoch.2026"})
	if err != nil {
		return err
	}
	s.say("   The end of an epoch: %d records looked at, none needs the old tenant key", said.Checked)
	stolen, err := crypto.OpenDirSubjects(filepath.Join(s.dir, "stolen"))
	if err != nil {
		return err
	}
	thief, err := s.process(stolen)
	if err != nil {
		return err
	}
	s.say("   Another copy of the backup: %v", s.opens(ctx, thief, s.adas, ada))
	s.say("   The living patient: %v", s.opens(ctx, s.sealer, s.bobs, bob))
	return nil
}
