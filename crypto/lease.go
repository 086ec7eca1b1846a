package crypto

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// leaseTTL is how long what is left of a subject's lease is remembered after
// its keys have left the memory, so that coming back costs no new lease.
const leaseTTL = time.Hour

// A lease is what this process may seal with a version of a subject: of that
// number and moment, since a store that was restored may give the number again,
// to another key.
type lease struct {
	version uint32
	created int64
	budget  *budget
}

// errWorn says that a subject's key has used half of its messages, and that
// the subject should be loaded again, which adds a version.
var errWorn = errors.New("crypto: seal: key is half used")

// subjectBudget returns what this process may seal with a version of a
// subject: what is left of an earlier lease, or granted, or nothing yet.
func (s *Sealer) subjectBudget(id subjectID, k *subjectKey, granted uint64) *budget {
	if l, ok := s.leases.get(id); ok && l.version == k.version && l.created == k.created && granted == 0 {
		return l.budget
	}
	b := newBudget()
	b.leased.Store(granted)
	b.left.Store(int64(granted))
	s.leases.put(id, &lease{k.version, k.created, b}, leaseTTL)
	return b
}

// spendSubject takes n messages of the key that seals for a subject, or none.
func (s *Sealer) spendSubject(ctx context.Context, id subjectID, ready *subject, n uint64) error {
	if ready.budget.spendN(n) {
		return nil
	}
	err := ready.budget.lease(ctx, n, func(missing uint64) (uint64, error) { return s.grantSubject(ctx, id, ready, missing) })
	if errors.Is(err, errWorn) || errors.Is(err, ErrShredded) {
		s.ready.remove(id)
	}
	return err
}

// grantSubject leases messages of a subject's key in its record.
func (s *Sealer) grantSubject(ctx context.Context, id subjectID, ready *subject, missing uint64) (uint64, error) {
	for range maxConflicts {
		old, rec, err := s.readRecord(ctx, id.tenant, ready.name)
		if err != nil {
			return 0, err
		}
		n, err := s.leaseVersion(rec, ready, missing)
		if err != nil {
			s.exhausted(id, ready, err)
			return 0, err
		}
		err = s.writeRecord(ctx, id.tenant, ready.name, old, rec)
		if err == nil {
			s.stats.leases.Add(1)
			return n, nil
		}
		if !errors.Is(err, ErrConflict) {
			return 0, err
		}
	}
	return 0, ErrConflict
}

// leaseVersion adds a block, or what is missing if that is more, to what is
// leased of the version that seals. Past
// half it is errWorn if there is a newer one that ready does not know, or can
// be one.
func (s *Sealer) leaseVersion(rec *record.Record, ready *subject, missing uint64) (uint64, error) {
	at := slices.IndexFunc(rec.Keys, func(k record.Key) bool {
		return k.Version == ready.sealing.version && k.Created.Unix() == ready.sealing.created
	})
	if at < 0 {
		return 0, errWorn // dropped meanwhile, or another key of a store that was restored
	}
	k, last := &rec.Keys[at], rec.Keys[len(rec.Keys)-1].Version
	extensible := k.Version == last && len(rec.Keys) < record.MaxKeys
	if k.Leased >= half(s.limit) && (extensible || last > ready.newest) {
		return 0, errWorn
	}
	n, err := share(k.Leased, max(missing, subjectBlock(s.limit)), s.limit)
	k.Leased += n
	return n, err
}

// exhausted tells the program, once, of a subject that can have no more
// versions.
func (s *Sealer) exhausted(id subjectID, ready *subject, err error) {
	if !errors.Is(err, ErrLimit) || ready.budget.told {
		return
	}
	ready.budget.told = true
	s.tell(BudgetEvent{
		Tenant: id.tenant, KeyID: ready.sealing.born, Subject: true,
		Leased: s.limit, Limit: s.limit, Exhausted: true,
	})
}
