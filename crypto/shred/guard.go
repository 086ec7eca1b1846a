package shred

import (
	"context"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/audit"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// note puts into the audit trail what is about to be done, durably.
func (s *Shredder) note(ctx context.Context, action string, p safeguard.Patient) error {
	e := audit.EntryFrom(ctx)
	if e == nil && !s.opts.UnsafeUnaudited {
		return crypto.ErrUnaudited
	}
	e.SetAction("subject-key", action, safeguard.Operations)
	e.AddPatient(p)
	return e.Commit(ctx)
}

func (s *Shredder) deny(ctx context.Context, code string) {
	audit.EntryFrom(ctx).Deny(code)
	s.stats.refused.Add(1)
}

// begin notes a step and returns the person who takes it: not a service, and
// of the order's tenant or of none.
func (s *Shredder) begin(ctx context.Context, step Step, o *Order) (*Person, error) {
	if err := s.note(ctx, "shred."+string(o.Kind)+"."+string(step), o.Patient); err != nil {
		return nil, err
	}
	who, ok := safeguard.PrincipalFrom(ctx)
	by := &Person{ID: who.ID, Tenant: who.Tenant, Method: who.Method, At: now()}
	if !ok || who.Kind != safeguard.Person || !by.valid(o.Tenant) {
		s.deny(ctx, "shred.denied")
		return nil, ErrDenied
	}
	return by, nil
}

func (s *Shredder) authorize(ctx context.Context, who *Person, step Step, o *Order) error {
	if err := s.opts.Authorize(ctx, who.principal(), step, *o); err != nil {
		s.deny(ctx, "shred.denied")
		return ErrDenied
	}
	return nil
}
