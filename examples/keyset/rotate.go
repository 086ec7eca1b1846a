package main

import (
	"context"

	"github.com/safeguard-sdk/safeguard/crypto/keyset"
)

// rotate makes a keyset, replaces its key, and destroys the old one when
// nothing needs it any more.
func (s *story) rotate(ctx context.Context) error {
	s.say("== A tenant's keys are made and rotated")
	if err := s.ring.Create(ctx, tenant); err != nil {
		return err
	}
	sealed, err := s.AppendSeal(ctx, nil, []byte("welcome"), setting())
	if err != nil {
		return err
	}
	facts, err := s.ring.Facts(ctx, tenant)
	if err != nil {
		return err
	}
	old := facts.Primary
	if err := s.ring.Rotate(ctx, tenant, old); err != nil {
		return err
	}
	_, err = s.AppendOpen(ctx, nil, sealed, setting())
	s.say("   What the old key sealed opens after a rotation: %v", err)
	s.say("   The old key cannot go before it is disabled: %v", s.ring.DestroyKey(ctx, tenant, old, keyset.Confirmation(tenant, old)))
	fresh, err := s.AppendRewrap(ctx, nil, sealed, setting()) // a whole table: package rekey
	if err != nil {
		return err
	}
	if err := s.ring.Disable(ctx, tenant, old); err != nil {
		return err
	}
	_, err = s.AppendOpen(ctx, nil, sealed, setting())
	s.say("   Under the disabled key: %v", err)
	_, err = s.AppendOpen(ctx, nil, fresh, setting())
	s.say("   Rewrapped before: %v", err)
	s.say("   To destroy it for good one says so: %v", s.ring.DestroyKey(ctx, tenant, old, "yes"))
	if err := s.ring.DestroyKey(ctx, tenant, old, keyset.Confirmation(tenant, old)); err != nil {
		return err
	}
	if facts, err = s.ring.Facts(ctx, tenant); err != nil {
		return err
	}
	for _, k := range facts.Keys {
		s.say("   A key of the tenant: %s", k.State)
	}
	return nil
}
