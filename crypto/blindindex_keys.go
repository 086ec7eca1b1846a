package crypto

import (
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// ErrIndexRotation reports a rotation of index keys that is out of turn: a
// second one before the first is over, or the retiring of a key that is still
// in use. What is returned unwraps to it and says which.
//
// Controls: HIPAA 164.312(a)(2)(iv); NIST CSF 2.0 PR.DS-01.
var ErrIndexRotation = errors.New("crypto: index: rotation out of turn")

// A rotation of index keys takes place while every process may hold keys that
// are SubjectTTL old. A new version is searched for at once and writes when
// every process searches for it (settled). When no process writes the old one
// any more (retirable), rows are renewed and then the old one may go: a token
// of the old version that is written after its row was renewed would be taken
// for stale, and the row be found by its old value. Each step leaves one
// SubjectTTL for clocks that differ, and the second to which records are
// rounded.
func settled(created time.Time, ttl time.Duration) time.Time {
	return created.Add(2*ttl + time.Second)
}

func retirable(created time.Time, ttl time.Duration) time.Time {
	return created.Add(4*ttl + 2*time.Second)
}

// searchKeys are the ready keys of one index of one tenant.
type searchKeys struct {
	live  []*searchKey // versions ascending
	write *searchKey
	alone time.Time // from when on no process writes an older version
}

// keys returns the ready keys of the tenant, from the cache if they are there.
func (x *BlindIndex) keys(ctx context.Context, tenant string, create bool) (*searchKeys, error) {
	if x.ready == nil { // the zero BlindIndex
		return nil, errNoStore
	}
	if keys, ok := x.ready.get(subjectID{tenant: tenant}); ok {
		return keys, nil
	}
	return x.load(ctx, tenant, create)
}

func (x *BlindIndex) load(ctx context.Context, tenant string, create bool) (*searchKeys, error) {
	if tenant == "" || len(tenant) > maxPart {
		return nil, fmt.Errorf("%w: Tenant must be 1 to %d bytes", ErrRef, maxPart)
	}
	start := time.Now()
	ks, err := x.sealer.keyset(ctx, tenant)
	if err != nil {
		return nil, err
	}
	_, rec, err := x.sealer.searchRecord(ctx, ks, tenant, create)
	if err != nil {
		return nil, err
	}
	keys := new(searchKeys)
	for i := range rec.Keys {
		key, err := x.derive(ks, tenant, &rec.Keys[i])
		if err != nil {
			return nil, err
		}
		keys.live = append(keys.live, key)
	}
	if newest := len(rec.Keys) - 1; newest > 0 {
		keys.alone = retirable(rec.Keys[newest].Created, x.sealer.ttl)
	}
	keys.write = keys.live[writing(rec, start, x.sealer.ttl)]
	x.ready.put(subjectID{tenant: strings.Clone(tenant)}, keys, x.sealer.ttl-time.Since(start))
	return keys, nil
}

// derive returns the key of this index from one version of the root key, which
// is random, so that HKDF needs to expand it only (RFC 5869, section 3.3).
func (x *BlindIndex) derive(ks *Keyset, tenant string, k *record.Key) (*searchKey, error) {
	root, err := unwrap(ks, tenant, searchName, k)
	if err != nil {
		return nil, err
	}
	defer clear(root)
	key, err := hkdf.Expand(sha256.New, root, string(x.spec.info(tenant, x.table)), keySize)
	if err != nil {
		return nil, errors.New("crypto: index: key: refused by HKDF")
	}
	return newSearchKey(k.Version, key), nil
}

// writing returns which of the keys of rec writes at the time now: the newest,
// unless it is so new that another process may not search for it yet.
func writing(rec *record.Record, now time.Time, ttl time.Duration) int {
	newest := len(rec.Keys) - 1
	if newest > 0 && now.Before(settled(rec.Keys[newest].Created, ttl)) {
		return newest - 1
	}
	return newest
}

// searchRecord returns the record of the tenant's root keys and its bytes.
func (s *Sealer) searchRecord(ctx context.Context, ks *Keyset, tenant string, create bool) ([]byte, *record.Record, error) {
	old, rec, err := s.readRecord(ctx, tenant, searchName)
	if create && errors.Is(err, ErrNotFound) {
		rec, err = s.makeRoot(ctx, ks, tenant, searchName)
	}
	if err == nil && len(rec.Keys) == 0 {
		err = ErrNotFound
	}
	return old, rec, err
}

// RotateIndexKeys adds a version of the tenant's root key of blind indexes and
// returns it. Searches ask for both versions at once, the new one writes after
// two SubjectTTLs and a second; the TTL must be the same in every process. When
// no process writes the old one any more, after four SubjectTTLs and two
// seconds, [BlindIndex.Backfill] renews the rows of each index, and when
// [TokenStore.Stale] finds none of the old version in any, [Sealer.RetireIndexKey]
// ends the rotation. It returns [ErrIndexRotation] while an older rotation is
// not over, and [ErrNotFound] for a tenant without a key.
//
// Rotate after two years at most (NIST SP 800-57), and when the tokens and
// their key may have come into the same hands.
func (s *Sealer) RotateIndexKeys(ctx context.Context, tenant string) (version uint32, err error) {
	ks, old, rec, err := s.rotating(ctx, tenant)
	if err != nil {
		return 0, err
	}
	if len(rec.Keys) > 1 {
		return 0, fmt.Errorf("%w: the older key is not retired", ErrIndexRotation)
	}
	key, err := s.newKey(ctx, ks, tenant, searchName, rec.Keys[0].Version+1)
	if err != nil {
		return 0, err
	}
	rec.Keys = append(rec.Keys, key)
	return key.Version, s.writeRecord(ctx, tenant, searchName, old, rec)
}

// RetireIndexKey drops the root key of the tenant before version, which
// [Sealer.RotateIndexKeys] returned: tokens of older versions are found no
// more. It cannot see the tokens: ask [TokenStore.Stale] for every index first.
// It returns [ErrIndexRotation] for what is not the newest version, and before
// four SubjectTTLs and two seconds have passed since it was made; it may be repeated.
func (s *Sealer) RetireIndexKey(ctx context.Context, tenant string, version uint32) error {
	_, old, rec, err := s.rotating(ctx, tenant)
	if err != nil {
		return err
	}
	newest := rec.Keys[len(rec.Keys)-1]
	switch {
	case newest.Version != version:
		return fmt.Errorf("%w: not the newest version", ErrIndexRotation)
	case len(rec.Keys) == 1:
		return nil
	case time.Now().Before(retirable(newest.Created, s.ttl)):
		return fmt.Errorf("%w: the older key may still write", ErrIndexRotation)
	}
	rec.Keys = []record.Key{newest}
	return s.writeRecord(ctx, tenant, searchName, old, rec)
}

// rotating reads what a rotation changes.
func (s *Sealer) rotating(ctx context.Context, tenant string) (ks *Keyset, old []byte, rec *record.Record, err error) {
	if s.store == nil {
		return nil, nil, nil, errNoStore
	}
	if tenant == "" || len(tenant) > maxPart {
		return nil, nil, nil, fmt.Errorf("%w: Tenant must be 1 to %d bytes", ErrRef, maxPart)
	}
	if ks, err = s.keyset(ctx, tenant); err != nil {
		return nil, nil, nil, err
	}
	old, rec, err = s.searchRecord(ctx, ks, tenant, false)
	return ks, old, rec, err
}
