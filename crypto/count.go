package crypto

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// The count of a tenant key is a record of its own in the store of subjects:
//
//	0x01 | messages leased (8) | HMAC-SHA256 (32)
//
// The code covers tenant, key id and count, under a key derived from the tenant
// key. It keeps a count from being lowered by hand; an older record that was
// put back is seen only by processes that saw the newer one.
const (
	countPrefix = "budget"
	countFormat = 0x01
	countSize   = 1 + 8 + sha256.Size
)

// maxConflicts bounds how often a record that others change is read again.
const maxConflicts = 1000

func countName(id uint32) string {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], id)
	return countPrefix + hex.EncodeToString(b[:])
}

func (k *Key) encodeCount(tenant string, leased uint64) []byte {
	out := binary.BigEndian.AppendUint64([]byte{countFormat}, leased)
	return append(out, k.countCode(tenant, out)...)
}

func (k *Key) parseCount(tenant string, b []byte) (uint64, error) {
	if len(b) != countSize || b[0] != countFormat || !hmac.Equal(b[9:], k.countCode(tenant, b[:9])) {
		return 0, ErrCount
	}
	return binary.BigEndian.Uint64(b[1:]), nil
}

func (k *Key) countCode(tenant string, head []byte) []byte {
	msg := appendPart([]byte{aadVersion, purposeBudget}, tenant)
	msg = binary.BigEndian.AppendUint32(msg, k.id)
	mac := hmac.New(sha256.New, k.count[:])
	mac.Write(append(msg, head...))
	return mac.Sum(nil)
}

// spend takes one message of a tenant key.
func (s *Sealer) spend(ctx context.Context, tenant string, k *Key) error {
	if k.budget.spend() {
		return nil
	}
	return s.leaseTenant(ctx, tenant, k, 1)
}

// spendN takes n messages of a tenant key, or none.
func (s *Sealer) spendN(ctx context.Context, tenant string, k *Key, n uint64) error {
	if k.budget.spendN(n) {
		return nil
	}
	return s.leaseTenant(ctx, tenant, k, n)
}

// leaseTenant leases messages of a tenant key and spends n. Past half it
// asks for a rotation and tells the program, when others need not wait for it.
func (s *Sealer) leaseTenant(ctx context.Context, tenant string, k *Key, n uint64) error {
	event := BudgetEvent{Tenant: tenant, KeyID: k.id, Limit: s.limit}
	past, news := false, false
	err := k.budget.lease(ctx, n, func(missing uint64) (uint64, error) {
		leased, n, err := s.grant(ctx, tenant, k, missing)
		event.Leased, event.Exhausted = leased, errors.Is(err, ErrLimit)
		if s.store != nil {
			event.Leased += n
		}
		past = err == nil && leased+n > half(s.limit)
		news = event.Exhausted && !k.budget.told || !event.Exhausted && leased <= half(s.limit)
		if event.Exhausted {
			k.budget.told = true
			past = time.Since(k.budget.asked) >= time.Second // not for every refusal
			k.budget.asked = time.Now()
		}
		return n, err
	})
	if past {
		s.pastHalf(ctx, event, news)
	}
	return err
}

// pastHalf asks for a rotation, and tells the program if that is news or
// failed.
func (s *Sealer) pastHalf(ctx context.Context, event BudgetEvent, news bool) {
	if r, ok := s.keys.(Rotator); ok {
		s.stats.rotations.Add(1)
		event.RotateErr = r.Rotate(ctx, event.Tenant, event.KeyID)
	}
	if news || event.RotateErr != nil {
		s.tell(event)
	}
}

// tell counts event and passes it on.
func (s *Sealer) tell(event BudgetEvent) {
	if event.Exhausted {
		s.stats.exhausted.Add(1)
	} else {
		s.stats.half.Add(1)
	}
	if s.onBudget != nil {
		s.onBudget(event)
	}
}

// grant leases n messages of a tenant key, in the store if there is one: what
// is missing at least, if the limit has it. leased is how many were before.
func (s *Sealer) grant(ctx context.Context, tenant string, k *Key, missing uint64) (leased, n uint64, err error) {
	if s.store == nil {
		leased = k.budget.leased.Load()
		n, err = share(leased, max(missing, half(s.limit)), s.limit)
		return leased, n, err
	}
	for range maxConflicts {
		leased, n, err = s.grantOnce(ctx, tenant, k, missing)
		if !errors.Is(err, ErrConflict) {
			return leased, n, err
		}
	}
	return leased, 0, err
}

func (s *Sealer) grantOnce(ctx context.Context, tenant string, k *Key, missing uint64) (leased, n uint64, err error) {
	old, leased, err := s.count(ctx, tenant, k)
	if err != nil {
		return 0, 0, err
	}
	if n, err = share(leased, max(missing, tenantBlock(s.limit)), s.limit); err != nil {
		return leased, 0, err
	}
	if err := s.put(ctx, tenant, countName(k.id), old, k.encodeCount(tenant, leased+n)); err != nil {
		return leased, 0, err
	}
	if k.budget.tenant == "" {
		k.budget.tenant = tenant
	}
	if k.budget.tenant == tenant {
		k.budget.floor = leased + n
	}
	s.stats.leases.Add(1)
	return leased, n, nil
}

// share returns how much of block is left under limit.
func share(leased, block, limit uint64) (uint64, error) {
	if leased >= limit {
		return 0, ErrLimit
	}
	return min(block, limit-leased), nil
}

// count reads the count of a tenant key; old is nil if there is none yet.
func (s *Sealer) count(ctx context.Context, tenant string, k *Key) (old []byte, leased uint64, err error) {
	old, err = s.get(ctx, tenant, countName(k.id))
	if errors.Is(err, ErrNotFound) {
		if err := s.neverUsed(ctx, tenant, k); err != nil {
			return nil, 0, err
		}
		old, err = s.get(ctx, tenant, countName(k.id))
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, 0, nil
	case errors.Is(err, ErrShredded):
		return nil, 0, ErrCount
	case err != nil:
		return nil, 0, err
	}
	leased, err = k.parseCount(tenant, old)
	if err == nil && k.budget.tenant == tenant && leased < k.budget.floor {
		err = ErrCount // an older record was put back
	}
	return old, leased, err
}

// neverUsed returns nil if a missing count can be the first one: this process
// has not counted, and the key did not wrap the names of subjects, unless a
// version did that counted nothing. The names are wrapped under a new primary by
// RewrapSubjects and by nothing else: were it done here, a process that has not
// heard of a rotation would wrap them under a key that is about to go. Between its two questions another process
// may have begun to count, so the caller asks for the count again.
func (s *Sealer) neverUsed(ctx context.Context, tenant string, k *Key) error {
	if k.budget.tenant == tenant && k.budget.floor > 0 {
		return ErrCount
	}
	_, rec, err := s.readRecord(ctx, tenant, indexName)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if !wrappedBy(rec, k.id) {
		return nil
	}
	if _, err := s.get(ctx, tenant, countName(k.id)); errors.Is(err, ErrNotFound) {
		return ErrCount
	}
	return nil
}

// wrappedBy reports whether a key of rec was wrapped under the tenant key id
// by a version that counted.
func wrappedBy(rec *record.Record, id uint32) bool {
	for i := range rec.Keys {
		if k := &rec.Keys[i]; !k.Old && k.Wrapper() == id {
			return true
		}
	}
	return false
}

// A Budget says how far the primary of a tenant has used the messages that it
// may seal.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
type Budget struct {
	// KeyID is the primary.
	KeyID uint32
	// Leased is how many messages processes have leased, used or not, of Limit.
	Leased, Limit uint64
	// Shared is true if all processes over the store are in Leased, and false
	// if only this one is, since it started.
	Shared bool
}

// Budget reads the count of the tenant's primary, which costs one or two
// questions to the store. It returns [ErrTenant], [ErrCount] or what the store
// returned.
func (s *Sealer) Budget(ctx context.Context, tenant string) (Budget, error) {
	ks, err := s.keyset(ctx, tenant)
	if err != nil {
		return Budget{}, err
	}
	b := Budget{KeyID: ks.primary.id, Limit: s.limit, Shared: s.store != nil}
	if !b.Shared {
		b.Leased = ks.primary.Seals()
		return b, nil
	}
	stored, err := s.get(ctx, tenant, countName(b.KeyID))
	if errors.Is(err, ErrNotFound) {
		return b, nil
	}
	if err != nil {
		return Budget{}, fmt.Errorf("crypto: budget: %w", err)
	}
	b.Leased, err = ks.primary.parseCount(tenant, stored)
	return b, err
}
