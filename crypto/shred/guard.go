package shred

import (
	"context"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// entry returns the Entry of the context, in which action is noted.
func (s *Shredder) entry(ctx context.Context, action string) (*audit.Entry, error) {
	e := audit.EntryFrom(ctx)
	if e == nil && !s.opts.UnsafeUnaudited {
		return nil, crypto.ErrUnaudited
	}
	e.SetAction("subject-key", action, safeguard.Operations)
	return e, nil
}

func (s *Shredder) deny(ctx context.Context, code string) {
	audit.EntryFrom(ctx).Deny(code)
	s.stats.refused.Add(1)
}

// begin makes durable that a step is about to be taken, and returns the person
// who takes it: not a service, and of the order's tenant or of none.
func (s *Shredder) begin(ctx context.Context, step Step, o *Order) (*Person, error) {
	e, err := s.entry(ctx, "shred."+string(o.Kind)+"."+string(step))
	if err != nil {
		return nil, err
	}
	who, ok := safeguard.PrincipalFrom(ctx)
	by := &Person{ID: who.ID, Tenant: who.Tenant, Method: who.Method, At: now()}
	if !ok || who.Kind != safeguard.Person || !by.valid(o.Tenant) {
		s.deny(ctx, "shred.denied")
		return nil, ErrDenied
	}
	e.AddPatient(o.Patient)
	return by, e.Commit(ctx)
}

func (s *Shredder) authorize(ctx context.Context, who *Person, step Step, o *Order) error {
	if err := s.opts.Authorize(ctx, who.principal(), step, *o); err != nil {
		s.deny(ctx, "shred.denied")
		return ErrDenied
	}
	return nil
}
