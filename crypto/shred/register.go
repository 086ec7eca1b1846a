package shred

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/safeguard-sdk/safeguard/crypto"
)

// A Register is the account of what was requested, approved, held and
// destroyed, and where certificates are kept. It decides between a hold and an
// approval that come at once: of the two, the one that is entered first stands.
// A store of subject keys has exactly one.
//
// Entries are only ever added. Each holds the hash of the one before it, so
// that a change shows; that the last ones were cut off does not, unless
// [Register.Head] was written down elsewhere. It holds no PHI: patients are the
// names of the store. Any number of processes may share one Log. It is safe for
// concurrent use. The zero Register is not usable.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1), 164.312(b); NIST CSF 2.0 PR.DS-01, PR.PS-04.
type Register struct {
	log Log

	mu    sync.Mutex
	state *state
}

// OpenRegister returns the Register over log, and reads what is in it. It
// returns [ErrRegister] if that is not as it was written.
//
// Controls: HIPAA 164.310(d)(2)(i), 164.312(c)(1); NIST CSF 2.0 PR.DS-01.
func OpenRegister(ctx context.Context, log Log) (*Register, error) {
	if log == nil {
		return nil, errors.New("shred: register: no log")
	}
	r := &Register{log: log, state: newState()}
	return r, r.view(ctx, func(*state) error { return nil })
}

// view calls f with the newest state. f must not keep it.
func (r *Register) view(ctx context.Context, f func(*state) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.refresh(ctx); err != nil {
		return err
	}
	return f(r.state)
}

// refresh reads what other processes have entered. The caller holds the lock.
func (r *Register) refresh(ctx context.Context) error {
	for {
		b, err := r.log.Read(ctx, r.state.number+1)
		if errors.Is(err, ErrNoEntry) {
			return nil
		}
		if err != nil {
			return wrap("register", err)
		}
		if err := r.state.apply(b); err != nil {
			return err
		}
	}
}

// attempts bounds how often an entry is made again because another process was
// faster.
const attempts = 1000

// add enters what build returns, and builds it anew whenever another process
// was faster, so that what build saw is true at the moment of entry. A build
// that returns nil enters nothing.
func (r *Register) add(ctx context.Context, build func(*state) (*entry, error)) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for range attempts {
		if err := r.refresh(ctx); err != nil {
			return err
		}
		e, err := build(r.state)
		if e == nil || err != nil {
			return err
		}
		err = r.append(ctx, e)
		if !errors.Is(err, ErrConflict) {
			return err
		}
	}
	return wrap("register", ErrConflict)
}

func (r *Register) append(ctx context.Context, e *entry) error {
	e.Number, e.Prev, e.At = r.state.number+1, r.state.head, now()
	b, err := e.encode()
	if err != nil {
		return badRegister("entry cannot be encoded")
	}
	if _, err := parseEntry(b); err != nil {
		return err
	}
	if err := r.log.Append(ctx, e.Number, b); err != nil {
		return wrap("register", err)
	}
	return r.state.apply(b)
}

// Head returns how many entries there are and the SHA-256 of the last one, in
// hex. Written down elsewhere, it shows later that no entry was cut off or
// changed. The [Shredder] reports it.
func (r *Register) Head(ctx context.Context) (entries uint64, hash string, err error) {
	err = r.view(ctx, func(s *state) error {
		entries, hash = s.number, s.head
		return nil
	})
	return entries, hash, err
}

// Certificate returns the certificate of an order. It returns [ErrUnknown] if
// there is none, or none yet.
func (r *Register) Certificate(ctx context.Context, order string) (c Certificate, err error) {
	err = r.view(ctx, func(s *state) error {
		o := s.orders[order]
		if o == nil || o.certificate == nil {
			return ErrUnknown
		}
		c = o.certificate.clone()
		return nil
	})
	return c, err
}

// Certificates returns the ids of all orders of a tenant that have a
// certificate, in the order of their issue.
func (r *Register) Certificates(ctx context.Context, tenant string) (orders []string, err error) {
	err = r.view(ctx, func(s *state) error {
		for _, id := range s.certified {
			if s.orders[id].Tenant == tenant {
				orders = append(orders, id)
			}
		}
		return nil
	})
	return orders, err
}

// Names returns the names of a tenant's store whose destruction was approved,
// ascending: all that must not come back with a backup. It has those of a
// destroyed tenant too.
func (r *Register) Names(ctx context.Context, tenant string) ([]string, error) {
	var names []string
	var lists []uint64
	err := r.view(ctx, func(s *state) error {
		for at := range s.doomed {
			if at.tenant == tenant {
				names = append(names, at.name)
			}
		}
		if o := s.orders[s.ended[tenant]]; o != nil {
			lists = slices.Clone(o.names)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, number := range lists {
		listed, err := r.listed(ctx, number)
		if err != nil {
			return nil, err
		}
		names = append(names, listed...)
	}
	slices.Sort(names)
	return slices.Compact(names), nil
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

// Outstanding returns the orders of a tenant whose destroyed keys can still be
// opened by who has an old backup of the store and a tenant key that is not
// certified as ended ([EndEpoch]), each with the tenant keys that are left.
func (r *Register) Outstanding(ctx context.Context, tenant string) (orders map[string][]uint32, err error) {
	orders = make(map[string][]uint32)
	err = r.view(ctx, func(s *state) error {
		var over []uint32
		for _, id := range s.certified {
			if o := s.orders[id]; o.Kind == EndEpoch && o.Tenant == tenant {
				over = append(over, o.TenantKey)
			}
		}
		for _, id := range s.certified {
			o := s.orders[id]
			if o.Kind != DestroyPatient || o.Tenant != tenant || o.intent == nil {
				continue
			}
			if left := without(tenantKeys(o.intent.Keys), over); len(left) > 0 {
				orders[id] = left
			}
		}
		return nil
	})
	return orders, err
}

// Applied counts what [Register.Apply] did.
//
// Controls: HIPAA 164.310(d)(2)(i); NIST CSF 2.0 PR.DS-01.
type Applied struct {
	// Tenants have something to destroy, of which Names is the number.
	Tenants, Names int
}

// Apply destroys in a restored store whatever was destroyed before by the
// account of the register, so that restoring a backup brings nothing back. It
// must have returned without an error before anything opens a value. It may
// be repeated. Of a tenant that was destroyed as a whole it also destroys
// what the register does not list, if the store is a crypto.SubjectLister.
func (r *Register) Apply(ctx context.Context, store crypto.SubjectKeys) (Applied, error) {
	var done Applied
	doomed := make(map[string]bool) // tenants; true if as a whole
	err := r.view(ctx, func(s *state) error {
		for at := range s.doomed {
			doomed[at.tenant] = false
		}
		for tenant := range s.ended {
			doomed[tenant] = true
		}
		return nil
	})
	if err != nil {
		return done, err
	}
	for _, tenant := range sortedKeys(doomed) {
		n, err := r.applyTenant(ctx, store, tenant, doomed[tenant])
		done.Names += n
		if err != nil {
			return done, err
		}
		done.Tenants++
	}
	return done, nil
}

func (r *Register) applyTenant(ctx context.Context, store crypto.SubjectKeys, tenant string, whole bool) (int, error) {
	names, err := r.Names(ctx, tenant)
	if err != nil {
		return 0, err
	}
	for i, name := range names {
		if err := store.Destroy(ctx, tenant, name); err != nil {
			return i, wrap("apply: store", err)
		}
	}
	lister, ok := store.(crypto.SubjectLister)
	if !whole || !ok {
		return len(names), nil
	}
	more := 0
	err = eachPage(ctx, lister, tenant, func(page []string) error {
		for _, name := range page {
			if err := store.Destroy(ctx, tenant, name); err != nil {
				return wrap("apply: store", err)
			}
			more++
		}
		return nil
	})
	return len(names) + more, err
}

// eachPage calls f with the living names of a tenant, page by page.
func eachPage(ctx context.Context, lister crypto.SubjectLister, tenant string, f func(names []string) error) error {
	after := ""
	for {
		names, err := lister.Names(ctx, tenant, after, chunk)
		if err != nil {
			return wrap("store", err)
		}
		if len(names) > 0 {
			if err := f(names); err != nil {
				return err
			}
			after = names[len(names)-1]
		}
		if len(names) < chunk {
			return nil
		}
	}
}
