package shred

import (
	"context"
	"errors"
	"strings"
	"time"

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
// that key. What came meanwhile goes too, and the keyset last.
func (s *Shredder) destroyTenant(ctx context.Context, o *order, statement *Statement) error {
	if err := s.export(ctx, o); err != nil {
		return err
	}
	if _, err := s.sweep(ctx, o, isSubject); err != nil {
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
		if isSubject(name) {
			statement.Subjects++
		}
	}
	done, err := s.requested(ctx, o.ID)
	statement.Export, statement.TenantKeys, statement.bound = done.export, ids, bound.Round(time.Second)
	return err
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
		if st.orders[o.ID].export != nil {
			return nil, nil
		}
		return &entry{Export: &exportEntry{ID: o.ID, Export: out}}, nil
	})
}

// sweepAll destroys until nothing is left.
func (s *Shredder) sweepAll(ctx context.Context, o *order) error {
	for range sweeps {
		n, err := s.sweep(ctx, o, func(string) bool { return true })
		if n == 0 || err != nil {
			return err
		}
	}
	return errBusy
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
	primary, err := s.sealer.Current(ctx, o.Tenant)
	if err != nil {
		return err
	}
	if primary == o.TenantKey {
		return badOrder("the tenant key is the primary")
	}
	if s.opts.Keys != nil {
		facts, err := s.opts.Keys.KeyFacts(ctx)
		if err != nil {
			return wrap("keys", err)
		}
		for _, f := range facts {
			if f.Tenant == o.Tenant && f.ID == o.TenantKey && f.Enabled {
				return badOrder("the tenant key is enabled")
			}
		}
	}
	_, err = s.unused(ctx, o.Tenant, o.TenantKey)
	return err
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
