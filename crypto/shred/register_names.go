package shred

import (
	"context"
	"slices"
)

// Names returns the names of a tenant's store whose destruction has begun,
// ascending: all that must not come back with a backup. It has those of a
// destroyed tenant too, as far as they were listed: see [Register.Ended]. An
// order that is approved but destroyed nothing yet has none; [Shredder.Resume]
// carries it out.
func (r *Register) Names(ctx context.Context, tenant string) ([]string, error) {
	d, err := r.doomed(ctx, tenant)
	if err != nil {
		return nil, err
	}
	return sortedKeys(d.names), nil
}

// Ended reports whether a tenant is certified as destroyed as a whole, and
// which of its tenant keys are certified as destroyed in every copy
// ([EndEpoch]), ascending.
func (r *Register) Ended(ctx context.Context, tenant string) (whole bool, keys []uint32, err error) {
	err = r.view(ctx, func(s *state) error {
		whole, keys = s.destroyed(tenant), s.endedKeys(tenant)
		return nil
	})
	return whole, keys, err
}

// doomed is what must not come back of a tenant.
type doomed struct {
	whole bool
	// names are true where a certificate says that they are destroyed.
	names map[string]bool
}

func (r *Register) doomed(ctx context.Context, tenant string) (doomed, error) {
	d := doomed{names: make(map[string]bool)}
	var lists []uint64
	err := r.view(ctx, func(s *state) error {
		d.whole = s.destroyed(tenant)
		for at, id := range s.doomed {
			if o := s.orders[id]; at.tenant == tenant && o.begun() {
				d.names[at.name] = o.certificate != nil
			}
		}
		if o := s.orders[s.ended[tenant]]; o != nil {
			lists = slices.Clone(o.names)
		}
		return nil
	})
	for _, number := range lists {
		if err != nil {
			return d, err
		}
		var listed []string
		listed, err = r.listed(ctx, number)
		for _, name := range listed {
			d.names[name] = d.names[name] || d.whole
		}
	}
	return d, err
}

func (r *Register) listed(ctx context.Context, number uint64) ([]string, error) {
	b, err := r.log.Read(ctx, number)
	if err != nil {
		return nil, wrap("register", err)
	}
	e, err := parseEntry(b)
	if err != nil {
		return nil, err
	}
	if e.Names == nil {
		return nil, badRegister("entry is out of place")
	}
	return e.Names.Names, nil
}

// tenants returns those of which something is destroyed or held, ascending.
func (r *Register) tenants(ctx context.Context) (all []string, err error) {
	set := make(map[string]bool)
	err = r.view(ctx, func(s *state) error {
		for at, id := range s.doomed {
			set[at.tenant] = set[at.tenant] || s.orders[id].begun()
		}
		for tenant, id := range s.ended {
			set[tenant] = set[tenant] || s.orders[id].begun()
		}
		for at := range s.holds {
			set[at.tenant] = true
		}
		for _, o := range s.orders {
			set[o.Tenant] = set[o.Tenant] || s.released(o)
		}
		return nil
	})
	for _, tenant := range sortedKeys(set) {
		if set[tenant] {
			all = append(all, tenant)
		}
	}
	return all, err
}

// Outstanding returns the orders of a tenant whose keys can still be opened by
// who has an old backup of the store and a tenant key that is not certified as
// ended ([EndEpoch]), each with the ids of the tenant keys that are left, and
// 0 for others that are not known: the order is approved but not done, or
// Options.Keys was not set when it was carried out. Nothing takes the 0 of an
// order that is done away.
//
// Tenant keys that were destroyed before the order are among them only if the
// record said so when it was destroyed. End the epoch of every key that is
// destroyed.
func (r *Register) Outstanding(ctx context.Context, tenant string) (orders map[string][]uint32, err error) {
	orders = make(map[string][]uint32)
	err = r.view(ctx, func(s *state) error {
		over := s.endedKeys(tenant)
		for id, o := range s.orders {
			if o.Kind != DestroyPatient || o.Tenant != tenant || o.approval == nil || o.cancelled {
				continue
			}
			if left := without(o.openers(), over); len(left) > 0 {
				orders[id] = left
			}
		}
		return nil
	})
	return orders, err
}

// openers returns the tenant keys that may open wrapped copies of what an
// order destroys, with 0 if there may be others.
func (o *order) openers() []uint32 {
	i := o.intent
	if o.certificate != nil && i != nil && i.Found == foundNothing {
		return nil
	}
	var ids []uint32
	if i != nil {
		ids = i.tenantKeys()
	}
	if o.certificate == nil || i == nil || len(i.TenantKeys) == 0 {
		ids = append([]uint32{0}, ids...)
	}
	return ids
}

// destroyed reports whether a tenant is certified as destroyed.
func (s *state) destroyed(tenant string) bool {
	o := s.orders[s.ended[tenant]]
	return o != nil && o.certificate != nil
}

// endedKeys returns the tenant keys that are certified as destroyed.
func (s *state) endedKeys(tenant string) (keys []uint32) {
	for _, id := range s.certified {
		if o := s.orders[id]; o.Kind == EndEpoch && o.Tenant == tenant {
			keys = append(keys, o.TenantKey)
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}
