package keyset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/tink-crypto/tink-go/v2/keyset"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// Create makes a keyset with one random key for a tenant that has none in the
// store. For one that has, or had, the error is [fs.ErrExist].
func (r *Ring) Create(ctx context.Context, tenant string) error {
	content, _, err := create(ctx, tenant, r.kek, r.o.terms())
	if err != nil {
		return err
	}
	return r.add(ctx, tenant, content)
}

// Import stores a Tink keyset that the program has as that of a tenant that
// has none in the store. All its keys must be AES-256-GCM with Tink's prefix;
// they count as created now.
func (r *Ring) Import(ctx context.Context, tenant string, handle *keyset.Handle) error {
	if err := checkTenant(tenant); err != nil {
		return err
	}
	if _, err := fromHandle(handle); err != nil {
		return err
	}
	v := &vault{file{Format: format2, Tenant: tenant, Created: now()}, handle}
	v.setTerms(r.o.terms())
	if err := v.upgrade(); err != nil {
		return err
	}
	content, _, err := v.sealed(ctx, r.kek)
	if err != nil {
		return err
	}
	return r.add(ctx, tenant, content)
}

func (r *Ring) add(ctx context.Context, tenant string, content []byte) error {
	err := r.store.Write(ctx, tenant, nil, content)
	if errors.Is(err, ErrConflict) {
		return fmt.Errorf("keyset: create: the tenant has a keyset: %w", fs.ErrExist)
	}
	return err
}

// Rotate makes a new key that takes over from the primary from, and does
// nothing if another already did. The new key seals after two times the
// Refresh of the file; until then from does. Old keys go on opening. It
// implements [crypto.Rotator].
//
// Every process that can read the store has read the new key by then. One that
// cannot goes on sealing under from for Outage, and opens nothing that is
// sealed under the new key.
func (r *Ring) Rotate(ctx context.Context, tenant string, from uint32) error {
	return again(func() error {
		return r.change(ctx, tenant, func(v *vault) (bool, error) {
			return v.rotate(from, now(), r.o.UnsafeSealAtOnce)
		})
	})
}

// again tries what may be tried again while somebody else changes the keyset.
func again(try func() error) error {
	for range 8 {
		if err := try(); !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return ErrConflict
}

// Extend makes the terms of a keyset (see [Options]) as long as those of the
// Ring, where they are shorter. They never become shorter again: a process
// whose outage began before would not know.
func (r *Ring) Extend(ctx context.Context, tenant string) error {
	return r.change(ctx, tenant, func(v *vault) (bool, error) { return v.lengthen(r.o.terms()), nil })
}

// Disable makes a key open nothing any more, in every process that can read
// the store within Refresh, in others after Outage. It can be enabled again.
// The primary, and a key that still seals, are [ErrInUse]. Of two who change a
// keyset at once, one gets [ErrConflict]; that holds for all changes but Rotate
// and DestroyKeyset.
func (r *Ring) Disable(ctx context.Context, tenant string, id uint32) error {
	return r.change(ctx, tenant, func(v *vault) (bool, error) { return v.disable(id, now()) })
}

// Enable makes a disabled key open again.
func (r *Ring) Enable(ctx context.Context, tenant string, id uint32) error {
	return r.change(ctx, tenant, func(v *vault) (bool, error) { return v.enable(id) })
}

// DestroyKey removes a key that was disabled before, and keeps its id so that
// it is never used again. confirm must be [Confirmation] of both: what was
// sealed under the key, and is in no backup of the keyset, is lost for good.
// The file that is replaced may still be on the medium, in snapshots and in
// backups, encrypted under the KEK.
//
// It is [ErrInUse] until every process that keeps the terms of the file has
// forgotten the key: Outage and three times Refresh after it was disabled
// ([Fact].Destroyable). A process without the store may have sealed under it
// until then, so verify that nothing needs the key when that time is over, not
// only before: what is found, Enable, seal anew, and Disable again. It knows of
// no legal hold and asks nobody but Options.Guard.
func (r *Ring) DestroyKey(ctx context.Context, tenant string, id uint32, confirm string) error {
	if confirm != Confirmation(tenant, id) {
		return ErrConfirm
	}
	if err := r.guard(ctx, tenant, id); err != nil {
		return err
	}
	return r.change(ctx, tenant, func(v *vault) (bool, error) {
		return v.destroy(id, now(), r.o.UnsafeDestroyAtOnce)
	})
}

// guard asks Options.Guard.
func (r *Ring) guard(ctx context.Context, tenant string, id uint32) error {
	if r.o.Guard == nil {
		return nil
	}
	if err := r.o.Guard(ctx, tenant, id); err != nil {
		return fmt.Errorf("keyset: destroy: guard: %w", err)
	}
	return nil
}

// DestroyKeyset removes all keys of a tenant, the primary included. What is
// left says so, the tenant is refused with [ErrDestroyed] in every process
// within Refresh, and no keyset can be made for it again. confirm must be
// [Confirmation] of the tenant and 0. It does not call the KEK. What
// DestroyKey says of copies holds for it too.
//
// One caller destroys with it all that a tenant ever sealed. It knows of no
// legal hold and no second person, and asks nobody but Options.Guard: package
// shred does, and calls it through a [Destroyer].
func (r *Ring) DestroyKeyset(ctx context.Context, tenant, confirm string) error {
	if confirm != Confirmation(tenant, 0) {
		return ErrConfirm
	}
	if err := r.guard(ctx, tenant, 0); err != nil {
		return err
	}
	return again(func() error { return r.destroyKeyset(ctx, tenant) })
}

func (r *Ring) destroyKeyset(ctx context.Context, tenant string) error {
	content, err := r.store.Read(ctx, tenant)
	if err != nil {
		return err
	}
	left, err := r.remains(content, tenant)
	if err != nil || left == nil {
		return err
	}
	if err := r.store.Write(ctx, tenant, content, left); err != nil {
		return err
	}
	r.renew(tenant)
	return nil
}

// A Destroyer destroys the keysets of whole tenants without a confirmation of
// its own, for a caller that has asked for one: package shred, which needs the
// order of two persons. The Ring's Guard is asked all the same.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Destroyer struct{ Ring *Ring }

// DestroyKeyset is [Ring.DestroyKeyset]. It returns the ids of the keys, and
// how long a process that can read neither store nor KEK may go on with them
// from memory, by the terms of the file, in whole seconds; one that can read
// the store goes on for Refresh at most.
func (d Destroyer) DestroyKeyset(ctx context.Context, tenant string) (ids []uint32, bound time.Duration, err error) {
	if d.Ring == nil {
		return nil, 0, errors.New("keyset: destroy: no ring")
	}
	if err := d.Ring.DestroyKeyset(ctx, tenant, Confirmation(tenant, 0)); err != nil {
		return nil, 0, err
	}
	facts, err := d.Ring.Facts(ctx, tenant)
	if err != nil {
		return nil, 0, err
	}
	for _, k := range facts.Keys {
		ids = append(ids, k.ID)
	}
	return ids, facts.terms().beyond(d.Ring.o.terms()).bound(), nil // no KEK vouches for a file without keys
}

// remains returns what replaces a file, nil if that was done already.
func (r *Ring) remains(content []byte, tenant string) ([]byte, error) {
	f, err := parseFor(content, tenant)
	if err != nil || len(f.Keyset) == 0 {
		return nil, err
	}
	left, err := f.remains(now())
	if err != nil {
		return nil, err
	}
	return left.encode()
}

// Confirmation is the text by which a destruction is confirmed: "destroy key
// 123 of clinic-a", or "destroy all keys of clinic-a" for the id 0.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
func Confirmation(tenant string, id uint32) string {
	if id == 0 {
		return "destroy all keys of " + tenant
	}
	return fmt.Sprintf("destroy key %d of %s", id, tenant)
}

// Rewrap encrypts the keyset of a tenant anew, under the Ring's KEK, from
// which is what it is under now: when a KEK is replaced, or an epoch ends. With
// a [Succession] as the Ring's KEK, from is nil. Keys, states and times stay.
func (r *Ring) Rewrap(ctx context.Context, tenant string, from crypto.KEK) error {
	if from == nil {
		from = r.kek
	}
	content, err := r.store.Read(ctx, tenant)
	if err != nil {
		return err
	}
	next, err := Rewrap(ctx, content, tenant, from, r.kek)
	if err != nil {
		return err
	}
	if err := r.store.Write(ctx, tenant, content, next); err != nil {
		return err
	}
	r.renew(tenant)
	return nil
}

// change reads a keyset, lets f change it, and writes it if nobody else did
// meanwhile.
func (r *Ring) change(ctx context.Context, tenant string, f func(*vault) (bool, error)) error {
	content, err := r.store.Read(ctx, tenant)
	if err != nil {
		return err
	}
	v, err := openFile(ctx, content, tenant, r.kek)
	if err != nil {
		return err
	}
	changed, err := f(v)
	if err != nil || !changed {
		return err
	}
	next, _, err := v.sealed(ctx, r.kek)
	if err != nil {
		return err
	}
	if err := r.store.Write(ctx, tenant, content, next); err != nil {
		return err
	}
	r.renew(tenant)
	return nil
}

// renew makes what was changed take effect in this process at once.
func (r *Ring) renew(tenant string) {
	if s := r.find(tenant); s != nil {
		s.renew()
	}
}

// Facts returns what may be known of the keyset of a tenant, checked by the
// KEK, or, of one that was destroyed, what is left.
func (r *Ring) Facts(ctx context.Context, tenant string) (Facts, error) {
	_, err := r.Keyset(ctx, tenant)
	if errors.Is(err, ErrDestroyed) {
		content, err := r.store.Read(ctx, tenant)
		if err != nil {
			return Facts{}, err
		}
		return Inspect(content)
	}
	if err != nil {
		return Facts{}, err
	}
	if state := r.state(tenant); state != nil {
		return state.describe(), nil
	}
	return Facts{}, crypto.ErrTenant // left meanwhile
}

func (r *Ring) state(tenant string) *loaded {
	s := r.find(tenant)
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// describe adds to a file's facts what only this process knows.
func (l *loaded) describe() Facts {
	f, err := parse(l.content)
	if err != nil { // it was parsed before
		return Facts{}
	}
	f.Format, f.Keys, f.Primary = format2, l.tenant.facts, l.primary // format 1 has neither
	facts, err := f.facts()
	if err != nil {
		return Facts{}
	}
	facts.Location = l.location.String()
	for i := range facts.Keys {
		for _, key := range l.all {
			if key.ID() == facts.Keys[i].ID {
				n := key.Seals()
				facts.Keys[i].Seals = &n
			}
		}
	}
	return facts
}

// age is how old the key is that seals.
func (f Facts) age() time.Duration {
	for _, k := range f.Keys {
		if k.ID == f.Sealing {
			return max(0, f.At.Sub(k.Active))
		}
	}
	return 0
}
