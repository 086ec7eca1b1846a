package shred

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// finish does what an approved order says, as far as it is not done, and
// returns its certificate. Every step may be repeated, also by two processes
// at once.
func (s *Shredder) finish(ctx context.Context, id string, p safeguard.Patient) (Certificate, error) {
	o, err := s.requested(ctx, id)
	if err != nil {
		return Certificate{}, err
	}
	if o.certificate != nil {
		return o.certificate.clone(), nil
	}
	if o.cancelled {
		return Certificate{}, ErrCancelled
	}
	statement := o.statement()
	switch o.Kind {
	case DestroyPatient:
		err = s.destroyPatient(ctx, &o, p, statement)
	case DestroyTenant:
		err = s.destroyTenant(ctx, &o, statement)
	case ReleaseHold:
		err = s.unmarkHeld(ctx, o.subject(), o.Case)
	case EndEpoch:
		statement.TenantKeys = []uint32{o.TenantKey}
		statement.Checked, err = s.over(ctx, o.Tenant, o.TenantKey)
	}
	if err != nil {
		return Certificate{}, err
	}
	return s.certify(ctx, &o, statement)
}

// order returns what was requested, as far as it is kept.
func (o *order) order(p safeguard.Patient) *Order {
	return &Order{Kind: o.Kind, Tenant: o.Tenant, Patient: p, Case: o.Case, TenantKey: o.TenantKey, Reason: o.Reason, NoExport: o.NoExport}
}

func (o *order) statement() *Statement {
	return &Statement{
		Kind: o.Kind, Tenant: o.Tenant, Reason: o.Reason, NoExport: o.NoExport, Order: o.ID,
		Subject: o.Subject, Token: o.Token, Case: o.Case, Requested: o.By, Approved: o.approval.By,
	}
}

// certify signs and enters the certificate, or returns the one that another
// process has entered meanwhile.
func (s *Shredder) certify(ctx context.Context, o *order, statement *Statement) (Certificate, error) {
	statement.Done = later(roundUp(time.Now()), o.approval.By.At)
	if o.Kind == DestroyPatient || o.Kind == DestroyTenant {
		statement.Forgotten = statement.Done.Add(max(s.opts.Bound, statement.bound))
	}
	c, err := s.issue(statement)
	if err != nil {
		return Certificate{}, err
	}
	err = s.register.add(ctx, func(st *state) (*entry, error) {
		if there := st.orders[o.ID].certificate; there != nil {
			c = there.clone()
			return nil, nil
		}
		return &entry{Certificate: &certificateEntry{ID: o.ID, Certificate: c}}, nil
	})
	if err != nil {
		return Certificate{}, err
	}
	s.stats.certified.Add(1)
	if o.Kind == ReleaseHold {
		return c, s.register.remark(ctx, s.store, o.subject())
	}
	return c, nil
}

// destroyPatient takes the keys away, then the mark that is left of the
// record, then the tokens.
func (s *Shredder) destroyPatient(ctx context.Context, o *order, p safeguard.Patient, statement *Statement) error {
	var err error
	if !o.begun() && !p.IsZero() {
		err = s.askHeld(ctx, o.order(p))
	}
	if err == nil {
		err = s.takeKeys(ctx, o.ID, o.subject())
	}
	if err == nil {
		err = s.destroyName(ctx, o.Tenant, o.Subject)
	}
	if err != nil {
		return err
	}
	s.sealer.Forget(o.Tenant, p)
	if statement.Erased, err = s.erase(ctx, o.subject()); err != nil {
		return err
	}
	done, err := s.requested(ctx, o.ID)
	if err != nil {
		return err
	}
	statement.Found = foundDestroyed
	if i := done.intent; i != nil {
		statement.Found, statement.Keys, statement.TenantKeys = i.Found, i.Keys, i.tenantKeys()
	}
	return nil
}

// takeKeys replaces a subject's record by one that has no keys and says that
// they are being destroyed. Which keys there were is entered before: the last
// entry before the replacement is about the very record that it replaced.
func (s *Shredder) takeKeys(ctx context.Context, id string, at subject) error {
	for range attempts {
		old, err := s.intend(ctx, id, at)
		if errors.Is(err, crypto.ErrShredded) {
			return nil
		}
		if err != nil {
			return err
		}
		err = s.mark(ctx, at, old)
		if !errors.Is(err, crypto.ErrConflict) {
			return err
		}
	}
	return wrap("store", crypto.ErrConflict)
}

// intend enters which keys the record has, and returns the record: nil for
// none, ErrShredded for one without its keys.
func (s *Shredder) intend(ctx context.Context, id string, at subject) (old []byte, err error) {
	known, err := s.tenantKeys(ctx, at.tenant)
	if err != nil {
		return nil, err
	}
	var gone error
	err = s.register.add(ctx, func(st *state) (*entry, error) {
		var keys []DestroyedKey
		old, keys, gone = s.keysOf(ctx, at)
		if gone != nil && !errors.Is(gone, crypto.ErrShredded) {
			return nil, gone
		}
		o := st.orders[id]
		switch last := o.intent; {
		case st.held(o):
			return nil, ErrHeld
		case o.cancelled:
			return nil, ErrCancelled
		case o.certificate != nil, last != nil && (gone != nil || slices.Equal(last.Keys, keys)):
			return nil, nil
		}
		return &entry{Intent: newIntent(id, keys, known, gone)}, nil
	})
	if err != nil {
		return nil, err
	}
	return old, gone
}

func newIntent(id string, keys []DestroyedKey, known []uint32, gone error) *intentEntry {
	switch {
	case gone != nil: // by somebody, before this order
		return &intentEntry{ID: id, Found: foundDestroyed, TenantKeys: known}
	case len(keys) == 0:
		return &intentEntry{ID: id, Found: foundNothing}
	}
	return &intentEntry{ID: id, Found: foundKeys, Keys: keys, TenantKeys: known}
}

// tenantKeys returns the ids of all keys that a tenant has, ascending; none if
// Options.Keys is not set.
func (s *Shredder) tenantKeys(ctx context.Context, tenant string) (ids []uint32, err error) {
	if s.opts.Keys == nil {
		return nil, nil
	}
	facts, err := s.opts.Keys.KeyFacts(ctx)
	if err != nil {
		return nil, wrap("keys", err)
	}
	for _, f := range facts {
		if f.Tenant == tenant {
			ids = append(ids, f.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// keysOf reads a subject's record. It returns ErrHeld for one that is held,
// and ErrShredded for one without its keys.
func (s *Shredder) keysOf(ctx context.Context, at subject) ([]byte, []DestroyedKey, error) {
	old, r, err := s.read(ctx, at)
	if errors.Is(err, crypto.ErrNotFound) {
		return nil, nil, nil
	}
	switch {
	case err != nil:
		return nil, nil, err
	case r.Held:
		return nil, nil, ErrHeld
	case r.Shredding:
		return nil, nil, crypto.ErrShredded
	}
	keys := make([]DestroyedKey, len(r.Keys))
	for i, k := range r.Keys {
		keys[i] = DestroyedKey{Version: k.Version, Created: k.Created.UTC(), Born: k.Born, Wrapper: k.Wrapper()}
	}
	return old, keys, nil
}

func (s *Shredder) read(ctx context.Context, at subject) ([]byte, *record.Record, error) {
	return readRecord(ctx, s.store, at)
}

func readRecord(ctx context.Context, store crypto.SubjectKeys, at subject) ([]byte, *record.Record, error) {
	b, err := store.Get(ctx, at.tenant, at.name)
	if err != nil {
		return nil, nil, wrap("store", err)
	}
	r, err := record.Parse(b)
	return b, r, err
}

// mark puts a record without keys in the place of old.
func (s *Shredder) mark(ctx context.Context, at subject, old []byte) error {
	gone, err := (&record.Record{Shredding: true}).Encode()
	if err != nil {
		return err
	}
	err = s.store.Put(ctx, at.tenant, at.name, old, gone)
	if err == nil || errors.Is(err, crypto.ErrShredded) {
		return nil
	}
	return wrap("store", err)
}

func (s *Shredder) destroyName(ctx context.Context, tenant, name string) error {
	if err := s.store.Destroy(ctx, tenant, name); err != nil {
		return wrap("store", err)
	}
	return nil
}

var errErased = errors.New("shred: erase tokens: says not how many")

func (s *Shredder) erase(ctx context.Context, at subject) (map[string]int64, error) {
	var erased map[string]int64
	for _, name := range sortedKeys(s.opts.Erasers) {
		n, err := s.opts.Erasers[name].EraseTokens(ctx, at.tenant, at.name)
		if err != nil {
			return nil, wrap("erase tokens", err)
		}
		if n < 0 {
			return nil, errErased
		}
		if erased == nil {
			erased = make(map[string]int64)
		}
		erased[name] = n
	}
	return erased, nil
}
