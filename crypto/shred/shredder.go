package shred

import (
	"context"
	stdcrypto "crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Shredder destroys keys on the order of two persons. It is safe for
// concurrent use, also by several processes over the same store and register.
// The zero Shredder is not usable.
//
// Every method notes what it does in the [audit.Entry] of the context and
// commits it before it changes anything; without one it returns
// crypto.ErrUnaudited. Who acts is the [safeguard.Principal] of the context.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(1), 164.312(a)(2)(iv), 164.312(b); NIST CSF 2.0 PR.DS-01, PR.AA-05.
type Shredder struct {
	sealer   *crypto.Sealer
	store    crypto.SubjectKeys
	register *Register
	signer   stdcrypto.Signer
	signerID string
	opts     Options
	stats    stats
}

// New returns a Shredder over a Sealer, the Sealer's store, the store's
// register, and the key that signs certificates: Ed25519 or ECDSA P-256. All
// are required, and so is opts, because of Options.Authorize.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(a)(1); NIST CSF 2.0 PR.DS-01, PR.AA-05.
func New(sealer *crypto.Sealer, store crypto.SubjectKeys, register *Register, signer stdcrypto.Signer, opts *Options) (*Shredder, error) {
	if sealer == nil || store == nil || register == nil || signer == nil {
		return nil, errors.New("shred: new: sealer, store, register and signer are required")
	}
	var o Options
	if opts != nil {
		o = *opts
	}
	if err := o.validate(); err != nil {
		return nil, err
	}
	id, err := fingerprint(signer.Public())
	if err != nil {
		return nil, err
	}
	o = o.withDefaults()
	if o.Bound < sealer.SubjectTTL() {
		return nil, errors.New("shred: new: Bound is shorter than the SubjectTTL of the sealer")
	}
	s := &Shredder{sealer: sealer, store: store, register: register, signer: signer, signerID: id, opts: o}
	s.stats.since = now()
	return s, nil
}

// Format writes a redaction under every verb.
func (s *Shredder) Format(f fmt.State, _ rune) { fmt.Fprint(f, "[shredder]") }

// Request enters an order of the person in ctx, to be approved by another
// within Options.Expiry, and returns its id. Nothing is destroyed yet.
//
// It returns [ErrOrder], [ErrDenied], [ErrHeld], [ErrUnderway], [ErrNotHeld],
// crypto.ErrNotFound for a tenant that has no patients' keys, or what the
// store, the register or the context returned.
func (s *Shredder) Request(ctx context.Context, o Order) (id string, err error) {
	if err := s.prepared(&o); err != nil {
		return "", err
	}
	by, err := s.begin(ctx, StepRequest, &o)
	if err != nil {
		return "", err
	}
	if err := s.authorize(ctx, by, StepRequest, &o); err != nil {
		return "", err
	}
	r := requestEntry{
		ID: strings.ToLower(rand.Text()), Kind: o.Kind, Tenant: o.Tenant, Case: o.Case, TenantKey: o.TenantKey,
		Reason: o.Reason, NoExport: o.NoExport, By: *by, Expires: now().Add(s.opts.Expiry),
	}
	if r.Subject, r.Token, err = s.names(ctx, &o); err != nil {
		return "", err
	}
	if err := s.exists(ctx, &o); err != nil {
		return "", err
	}
	err = s.register.add(ctx, func(st *state) (*entry, error) {
		return &entry{Request: &r}, st.refuse(&order{requestEntry: r})
	})
	if err != nil {
		return "", err
	}
	s.stats.requested.Add(1)
	return r.ID, nil
}

// Approve executes the order with the given id, which must be o: who approves
// says again what is to be destroyed, so that nobody approves a number. It
// checks both persons' authorisation, the time and the holds anew. It returns
// the certificate when all is done.
//
// After an error in the middle (a store that failed, a crash) the order stays
// approved: Approve again, by any second person, or [Shredder.Resume] finishes
// it. Approve of an order that is done returns its certificate, the same one.
//
// It returns [ErrUnknown], [ErrOrder], [ErrDenied], [ErrSamePerson],
// [ErrExpired], [ErrHeld], [ErrUnderway], [ErrNotHeld], or what the store, the
// register, the signer or the context returned.
func (s *Shredder) Approve(ctx context.Context, id string, o Order) (Certificate, error) {
	if err := s.prepared(&o); err != nil {
		return Certificate{}, err
	}
	by, err := s.begin(ctx, StepApprove, &o)
	if err != nil {
		return Certificate{}, err
	}
	if err := s.authorize(ctx, by, StepApprove, &o); err != nil {
		return Certificate{}, err
	}
	requested, err := s.requested(ctx, id)
	if err != nil {
		return Certificate{}, err
	}
	if err := s.second(ctx, by, requested, &o); err != nil {
		return Certificate{}, err
	}
	if requested.approval == nil {
		if err := s.approve(ctx, by, requested, &o); err != nil {
			return Certificate{}, err
		}
	}
	return s.finish(ctx, id, o.Patient)
}

// Resume finishes all orders that were approved and then interrupted, and
// returns their certificates; a program calls it when it starts, and once a
// day. It needs no person: two have decided. It goes on after a failure and
// returns all of them: [ErrHeld] for an order that waits for the release of a
// hold, to be cancelled or resumed again.
//
// It also destroys what processes that had not forgotten a tenant's keys yet
// have made in the store after its certificate. So the name of a tenant that
// was destroyed must not be used for another.
func (s *Shredder) Resume(ctx context.Context) ([]Certificate, error) {
	e, err := s.entry(ctx, "shred.resume")
	if err == nil {
		err = e.Commit(ctx)
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	err = s.register.view(ctx, func(st *state) error {
		ids = st.pending()
		return nil
	})
	if err != nil {
		return nil, err
	}
	var done []Certificate
	var failed error
	for _, id := range ids {
		c, err := s.finish(ctx, id, safeguard.Patient{})
		if err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		done = append(done, c)
	}
	return done, errors.Join(failed, s.sweepEnded(ctx))
}

// prepared checks an order, and that this Shredder can do it.
func (s *Shredder) prepared(o *Order) error {
	if err := o.validate(); err != nil {
		return err
	}
	_, lists := s.store.(crypto.SubjectLister)
	switch {
	case (o.Kind == DestroyTenant || o.Kind == EndEpoch) && !lists:
		return wrap("store", crypto.ErrNotListed)
	case o.Kind == EndEpoch && s.opts.Keys == nil:
		return badOrder("Options.Keys is not set, which EndEpoch needs")
	case o.Kind == DestroyTenant && s.opts.Keysets == nil:
		return badOrder("Options.Keysets is not set, which DestroyTenant needs")
	case o.Kind == DestroyTenant && (s.opts.Exporter == nil) && o.NoExport == "":
		return badOrder("there is no Options.Exporter, and NoExport does not say why")
	}
	return nil
}

// names returns what stands for the patient of an order in the store and in
// the audit trail.
func (s *Shredder) names(ctx context.Context, o *Order) (name, token string, err error) {
	if o.Patient.IsZero() {
		return "", "", nil
	}
	if name, err = s.sealer.SubjectName(ctx, o.Tenant, o.Patient); err != nil {
		return "", "", err
	}
	if s.opts.Tokens == nil {
		return name, "", nil
	}
	if token, err = s.opts.Tokens.Patient(ctx, o.Tenant, o.Patient); err != nil {
		return "", "", wrap("token", err)
	}
	return name, token, nil
}

// requested returns a copy of the order under id.
func (s *Shredder) requested(ctx context.Context, id string) (o order, err error) {
	err = s.register.view(ctx, func(st *state) error {
		if st.orders[id] == nil {
			return ErrUnknown
		}
		o = *st.orders[id]
		return nil
	})
	return o, err
}

// second checks that by is a second person who means the same order.
func (s *Shredder) second(ctx context.Context, by *Person, r order, o *Order) error {
	if by.same(&r.By) {
		s.deny(ctx, "shred.same-person")
		return ErrSamePerson
	}
	return s.meant(ctx, r, o)
}

// meant checks that o is the order that was requested.
func (s *Shredder) meant(ctx context.Context, r order, o *Order) error {
	if r.Kind != o.Kind || r.Tenant != o.Tenant || r.Case != o.Case || r.TenantKey != o.TenantKey ||
		r.Reason != o.Reason || r.NoExport != o.NoExport {
		return badOrder("not the one that was requested")
	}
	if o.Patient.IsZero() {
		return nil
	}
	name, err := s.sealer.SubjectName(ctx, o.Tenant, o.Patient)
	if err != nil {
		return err
	}
	if name != r.Subject {
		return badOrder("not the one that was requested")
	}
	return nil
}

// approve enters the decision, after everything is checked anew.
func (s *Shredder) approve(ctx context.Context, by *Person, r order, o *Order) error {
	if by.At.After(r.Expires) {
		return ErrExpired
	}
	if r.cancelled {
		return ErrCancelled
	}
	by.At = later(by.At, r.By.At) // clocks differ
	if err := s.authorize(ctx, &r.By, StepRequest, o); err != nil {
		return err
	}
	if err := s.unheld(ctx, o, r.subject()); err != nil {
		return err
	}
	if err := s.ended(ctx, o); err != nil {
		return err
	}
	if err := s.exists(ctx, o); err != nil {
		return err
	}
	err := s.register.add(ctx, func(st *state) (*entry, error) {
		now := st.orders[r.ID]
		if now.approval != nil { // by another process, just now
			return nil, nil
		}
		if now.cancelled {
			return nil, ErrCancelled
		}
		return &entry{Approval: &approvalEntry{ID: r.ID, By: *by}}, st.refuse(now)
	})
	if err == nil {
		s.stats.approved.Add(1)
	}
	return err
}

// unheld asks the organisation's own register of holds, and the records, which
// another program may have marked.
func (s *Shredder) unheld(ctx context.Context, o *Order, at subject) error {
	if o.Kind != DestroyPatient && o.Kind != DestroyTenant {
		return nil
	}
	if err := s.askHeld(ctx, o); err != nil {
		return err
	}
	if o.Kind == DestroyTenant {
		return s.noneHeld(ctx, o.Tenant)
	}
	_, _, err := s.keysOf(ctx, at)
	if errors.Is(err, crypto.ErrShredded) {
		return nil
	}
	return err
}

// askHeld asks the organisation's own register of holds.
func (s *Shredder) askHeld(ctx context.Context, o *Order) error {
	if s.opts.Held == nil || s.opts.Held(ctx, *o) == nil {
		return nil
	}
	s.deny(ctx, "shred.held")
	return ErrHeld
}

// exists refuses to destroy a tenant that has neither keys nor names: an order
// for it would lie in wait for the first one who bears the name.
func (s *Shredder) exists(ctx context.Context, o *Order) error {
	if o.Kind != DestroyTenant {
		return nil
	}
	_, gone := s.sealer.Current(ctx, o.Tenant)
	if gone == nil || !errors.Is(gone, crypto.ErrTenant) {
		return gone
	}
	some := false
	err := s.eachPage(ctx, o.Tenant, func([]string) error { some = true; return nil })
	if err != nil || some {
		return err
	}
	return gone
}
