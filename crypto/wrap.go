package crypto

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/safeguard-sdk/safeguard/crypto/internal/record"
)

// Names of root keys in the store. They are no hashes, so no subject can have
// one.
const (
	indexName  = "index"  // names the subjects
	searchName = "search" // of blind indexes
	// nameSize is the length of a subject's name.
	nameSize = 64
)

var errUnwrap = fmt.Errorf("crypto: subject key: cannot be unwrapped: %w", ErrOpen)

// A rootKey is one version of a root key of a tenant. Whoever loads it keeps
// it no longer than SubjectTTL.
type rootKey struct {
	version  uint32
	born     uint32
	material [keySize]byte
}

// roots returns the versions of the root key under name, which it makes if
// there is none and create says so.
func (s *Sealer) roots(ctx context.Context, ks *Keyset, tenant, name string, create bool) ([]rootKey, error) {
	_, rec, err := s.readRecord(ctx, tenant, name)
	if create && errors.Is(err, ErrNotFound) {
		rec, err = s.makeRoot(ctx, ks, tenant, name)
	}
	if err != nil {
		return nil, err
	}
	out := make([]rootKey, len(rec.Keys))
	for i := range rec.Keys {
		k := &rec.Keys[i]
		material, err := unwrap(ks, tenant, name, k)
		if err != nil {
			return nil, err
		}
		out[i] = rootKey{version: k.Version, born: k.Born, material: [keySize]byte(material)}
		clear(material)
	}
	if len(out) == 0 {
		return nil, ErrNotFound
	}
	return out, nil
}

// makeRoot stores the first version of a root key. Where another process was
// first it returns the other's.
func (s *Sealer) makeRoot(ctx context.Context, ks *Keyset, tenant, name string) (*record.Record, error) {
	k, err := s.newKey(ctx, ks, tenant, name, 1)
	if err != nil {
		return nil, err
	}
	rec := &record.Record{Keys: []record.Key{k}}
	err = s.writeRecord(ctx, tenant, name, nil, rec)
	if errors.Is(err, ErrConflict) {
		_, rec, err = s.readRecord(ctx, tenant, name)
	}
	return rec, err
}

// newKey returns a new random key, wrapped under the primary.
func (s *Sealer) newKey(ctx context.Context, ks *Keyset, tenant, name string, version uint32) (record.Key, error) {
	var material [keySize]byte
	rand.Read(material[:])
	defer clear(material[:])
	k := record.Key{Version: version, Created: time.Now(), Born: ks.primary.id}
	return k, s.wrap(ctx, ks, tenant, name, &k, material[:])
}

// wrap sets k.Wrapped to material, sealed under the primary.
func (s *Sealer) wrap(ctx context.Context, ks *Keyset, tenant, name string, k *record.Key, material []byte) error {
	if err := s.spend(ctx, tenant, ks.primary); err != nil {
		return err
	}
	k.Old = false
	k.Wrapped = ks.primary.seal(nil, material, wrapAAD(tenant, name, k))
	return nil
}

// unwrap returns the material of k. The caller clears it.
func unwrap(ks *Keyset, tenant, name string, k *record.Key) ([]byte, error) {
	material, err := ks.open(nil, k.Wrapped, wrapAAD(tenant, name, k))
	if err != nil || len(material) != keySize {
		return nil, errUnwrap
	}
	return material, nil
}

// wrapAAD is the associated data of a wrapped key.
func wrapAAD(tenant, name string, k *record.Key) []byte {
	purpose := byte(purposeWrapped)
	switch {
	case k.Old && name == indexName:
		purpose = purposeSubjectIndex
	case k.Old:
		purpose = purposeSubjectKey
	}
	aad := []byte{aadVersion, purpose}
	aad = appendPart(aad, tenant)
	aad = appendPart(aad, name)
	aad = binary.BigEndian.AppendUint32(aad, k.Version)
	aad = binary.BigEndian.AppendUint64(aad, uint64(k.Created.Unix()))
	if k.Old {
		return aad
	}
	return binary.BigEndian.AppendUint32(aad, k.Born)
}

// readRecord returns the record under name and its bytes. One that is being
// shredded is ErrShredded.
func (s *Sealer) readRecord(ctx context.Context, tenant, name string) ([]byte, *record.Record, error) {
	b, err := s.get(ctx, tenant, name)
	if err != nil {
		return nil, nil, err
	}
	rec, err := record.Parse(b)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrOpen, err)
	}
	if rec.Shredding {
		return nil, nil, ErrShredded
	}
	return b, rec, nil
}

// writeRecord stores rec in the place of old.
func (s *Sealer) writeRecord(ctx context.Context, tenant, name string, old []byte, rec *record.Record) error {
	b, err := rec.Encode()
	if err != nil {
		return err
	}
	return s.put(ctx, tenant, name, old, b)
}

func (s *Sealer) get(ctx context.Context, tenant, name string) ([]byte, error) {
	b, err := s.store.Get(ctx, tenant, name)
	return b, storeFailure(err)
}

func (s *Sealer) put(ctx context.Context, tenant, name string, old, b []byte) error {
	return storeFailure(s.store.Put(ctx, tenant, name, old, b))
}

// storeFailure returns the sentinels bare and says of other errors whose they
// are.
func storeFailure(err error) error {
	for _, known := range []error{ErrNotFound, ErrShredded, ErrConflict} {
		if errors.Is(err, known) {
			return known
		}
	}
	if err != nil {
		return fmt.Errorf("crypto: subject key: store: %w", err)
	}
	return nil
}
