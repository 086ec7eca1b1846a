package shred

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/safeguard-sdk/safeguard"
	"github.com/safeguard-sdk/safeguard/crypto"
	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// isSubject reports whether a name is a subject's, and not a reserved one.
func isSubject(name string) bool { return len(name) == 64 }

// sweeps bounds how often the store is walked for names that running processes
// have made meanwhile.
const sweeps = 8

var errBusy = errors.New("shred: store: processes still make keys for the tenant; resume when they have forgotten its keys")

// destroyTenant hands the data over, then destroys the subjects, and only then
// the key that names them, so that a hold which stops it half-way leaves what
// is held readable. After that no process makes another once it has forgotten
// that key. What came meanwhile goes too, then the keyset, and the tokens last.
func (s *Shredder) destroyTenant(ctx context.Context, o *order, statement *Statement) error {
	if err := s.export(ctx, o); err != nil {
		return err
	}
	if err := s.beginTenant(ctx, o); err != nil {
		return err
	}
	if err := s.sweepAll(ctx, o); err != nil {
		return err
	}
	ids, bound, err := s.opts.Keysets.DestroyKeyset(ctx, o.Tenant)
	if err != nil {
		return wrap("keyset", err)
	}
	names, err := s.register.Names(ctx, o.Tenant)
	if err != nil {
		return err
	}
	for _, name := range names {
		if !isSubject(name) {
			continue
		}
		statement.Subjects++
		erased, err := s.erase(ctx, subject{o.Tenant, name})
		if err != nil {
			return err
		}
		statement.Erased = sum(statement.Erased, erased)
	}
	done, err := s.requested(ctx, o.ID)
	statement.Export, statement.TenantKeys, statement.bound = done.export, ids, wholeSeconds(bound)
	return err
}

// beginTenant enters that the destruction begins, which no hold may forbid.
func (s *Shredder) beginTenant(ctx context.Context, o *order) error {
	if o.begun() {
		return nil
	}
	if err := s.unheld(ctx, o.order(safeguard.Patient{}), o.subject()); err != nil {
		return err
	}
	return s.register.add(ctx, func(st *state) (*entry, error) {
		now := st.orders[o.ID]
		switch {
		case now.begun():
			return nil, nil
		case now.cancelled:
			return nil, ErrCancelled
		case st.held(now):
			return nil, ErrHeld
		}
		return &entry{Intent: &intentEntry{ID: o.ID}}, nil
	})
}

func (s *Shredder) export(ctx context.Context, o *order) error {
	if o.NoExport != "" || o.export != nil {
		return nil
	}
	if s.opts.Exporter == nil {
		return badOrder("there is no Options.Exporter")
	}
	out, err := s.opts.Exporter.ExportTenant(ctx, o.Tenant)
	if err != nil {
		return wrap("export", err)
	}
	if !out.valid() {
		return errors.New("shred: export: says not what it handed over")
	}
	return s.register.add(ctx, func(st *state) (*entry, error) {
		now := st.orders[o.ID]
		if now.cancelled {
			return nil, ErrCancelled
		}
		if now.export != nil || now.certificate != nil {
			return nil, nil
		}
		return &entry{Export: &exportEntry{ID: o.ID, Export: out}}, nil
	})
}

// sweepAll destroys until nothing is left: what is no subject's only when no
// subject is left.
func (s *Shredder) sweepAll(ctx context.Context, o *order) error {
	for range sweeps {
		n, err := s.sweep(ctx, o, isSubject)
		if n == 0 && err == nil {
			n, err = s.sweep(ctx, o, func(name string) bool { return !isSubject(name) })
		}
		if n == 0 || err != nil {
			return err
		}
	}
	return errBusy
}

// sweepEnded destroys what processes that had not forgotten a tenant's keys yet
// made after its certificate.
func (s *Shredder) sweepEnded(ctx context.Context) error {
	var tenants []*order
	err := s.register.view(ctx, func(st *state) error {
		for tenant, id := range st.ended {
			if st.destroyed(tenant) {
				tenants = append(tenants, st.orders[id])
			}
		}
		return nil
	})
	for _, o := range tenants {
		if err == nil {
			err = s.sweepAll(ctx, o)
		}
	}
	return err
}

// sweep walks the store once and destroys the names that want says.
func (s *Shredder) sweep(ctx context.Context, o *order, want func(string) bool) (n int, err error) {
	err = s.eachPage(ctx, o.Tenant, func(page []string) error {
		var names []string
		for _, name := range page {
			if want(name) {
				names = append(names, name)
			}
		}
		n += len(names)
		return s.destroyListed(ctx, o, names)
	})
	return n, err
}

// destroyListed enters names and destroys them.
func (s *Shredder) destroyListed(ctx context.Context, o *order, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if err := s.noneHeldOf(ctx, o.Tenant, names); err != nil {
		return err
	}
	err := s.register.add(ctx, func(st *state) (*entry, error) {
		if st.orders[o.ID].certificate != nil { // another process was faster
			return nil, nil
		}
		return &entry{Names: &namesEntry{ID: o.ID, Names: names}}, nil
	})
	if err != nil {
		return err
	}
	for _, name := range names {
		if isSubject(name) {
			err = s.takeUnheld(ctx, subject{o.Tenant, name})
		}
		if err == nil {
			err = s.destroyName(ctx, o.Tenant, name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// takeUnheld takes the keys of a record that is not held.
func (s *Shredder) takeUnheld(ctx context.Context, at subject) error {
	for range attempts {
		old, _, err := s.keysOf(ctx, at)
		if errors.Is(err, crypto.ErrShredded) || err == nil && old == nil {
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

// noneHeldOf returns ErrHeld if one of the names is a subject's that is held, so
// that none is entered as destroyed that is not.
func (s *Shredder) noneHeldOf(ctx context.Context, tenant string, names []string) error {
	for _, name := range names {
		if !isSubject(name) {
			continue
		}
		_, _, err := s.keysOf(ctx, subject{tenant, name})
		if err != nil && !errors.Is(err, crypto.ErrShredded) {
			return err
		}
	}
	return nil
}

// noneHeld returns ErrHeld if a record of the tenant is marked as held.
func (s *Shredder) noneHeld(ctx context.Context, tenant string) error {
	return s.eachRecord(ctx, tenant, func(r *record.Record) error {
		if r.Held {
			return ErrHeld
		}
		return nil
	})
}

// unused returns how many records a tenant has, and an error if one of them is
// wrapped under the tenant key.
func (s *Shredder) unused(ctx context.Context, tenant string, key uint32) (n int64, err error) {
	err = s.eachRecord(ctx, tenant, func(r *record.Record) error {
		n++
		for i := range r.Keys {
			if r.Keys[i].Wrapper() == key {
				return badOrder("records are still wrapped under the tenant key: see RewrapSubjects")
			}
		}
		return nil
	})
	return n, err
}

// ended checks, for an order of kind EndEpoch, that the tenant key is out of
// use as far as this process can see.
func (s *Shredder) ended(ctx context.Context, o *Order) error {
	if o.Kind != EndEpoch {
		return nil
	}
	_, err := s.over(ctx, o.Tenant, o.TenantKey)
	return err
}

// over returns how many records of a tenant were looked at, and an error unless
// the tenant key is destroyed and wraps none of them.
func (s *Shredder) over(ctx context.Context, tenant string, key uint32) (records int64, err error) {
	if s.opts.Keys == nil {
		return 0, badOrder("Options.Keys is not set, which EndEpoch needs")
	}
	primary, err := s.sealer.Current(ctx, tenant)
	if err != nil {
		return 0, err
	}
	if primary == key {
		return 0, badOrder("the tenant key is the primary")
	}
	records, err = s.unused(ctx, tenant, key)
	if err != nil {
		return 0, err
	}
	there, err := s.tenantKeys(ctx, tenant)
	if err != nil {
		return 0, err
	}
	if slices.Contains(there, key) {
		return 0, badOrder("the tenant key is not destroyed")
	}
	return records, nil
}

// eachRecord calls f with every record of a tenant, but not with counts of
// tenant keys, which are none.
func (s *Shredder) eachRecord(ctx context.Context, tenant string, f func(*record.Record) error) error {
	return s.eachPage(ctx, tenant, func(page []string) error {
		for _, name := range page {
			if strings.HasPrefix(name, "budget") {
				continue
			}
			_, r, err := s.read(ctx, subject{tenant, name})
			if errors.Is(err, crypto.ErrNotFound) || errors.Is(err, crypto.ErrShredded) {
				continue
			}
			if err == nil {
				err = f(r)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

func (s *Shredder) eachPage(ctx context.Context, tenant string, f func([]string) error) error {
	lister, ok := s.store.(crypto.SubjectLister)
	if !ok {
		return wrap("store", crypto.ErrNotListed)
	}
	return eachPage(ctx, lister, tenant, f)
}
