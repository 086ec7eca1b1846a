package shred

import (
	"context"
	"errors"
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

	lock  lock
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
	r := &Register{log: log, lock: make(lock, 1), state: newState()}
	return r, r.view(ctx, func(*state) error { return nil })
}

// view calls f with the newest state. f must not keep it.
func (r *Register) view(ctx context.Context, f func(*state) error) error {
	if err := r.lock.acquire(ctx); err != nil {
		return err
	}
	defer r.lock.release()
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
	if err := r.lock.acquire(ctx); err != nil {
		return err
	}
	defer r.lock.release()
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
// hex; of none, that of the log's identity, or "" if the Log is not an
// [IdentifiedLog]. Written down elsewhere, it shows later that no entry was cut off or
// changed. The [Shredder] reports it.
func (r *Register) Head(ctx context.Context) (entries uint64, hash string, err error) {
	err = r.view(ctx, func(s *state) error {
		entries, hash = s.number, s.head
		return nil
	})
	if err != nil || entries > 0 {
		return entries, hash, err
	}
	if hash, err = origin(ctx, r.log); err != nil {
		return 0, "", wrap("register", err)
	}
	return 0, hash, nil
}

// Contains reports whether the hash is that of the entry with this number. Of
// what [Register.Head] returned once, or of zero and "", it is true for ever: a
// register of which it is false is another, or was cut.
func (r *Register) Contains(ctx context.Context, entry uint64, hash string) (bool, error) {
	if entry == 0 {
		id, err := origin(ctx, r.log)
		if err != nil {
			return false, wrap("register", err)
		}
		return hash == "" || hash == id, nil
	}
	there := uint64(0)
	if err := r.view(ctx, func(s *state) error { there = s.number; return nil }); err != nil || entry > there {
		return false, err
	}
	b, err := r.log.Read(ctx, entry)
	if err != nil {
		return false, wrap("register", err)
	}
	return hashOf(b) == hash, nil
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
