package crypto

import (
	"context"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/safeguard-sdk/safeguard"
)

// indexName is the reserved name under which a tenant's subject index key is
// stored. It is no hash, so no subject can have it.
const indexName = "index"

// subjectID is the key of the cache of ready subject keys.
type subjectID struct {
	tenant  string
	patient safeguard.Patient
}

// subjectKeys are the ready keys of one subject, versions ascending; the last
// one seals.
type subjectKeys []subjectKey

type subjectKey struct {
	version uint32
	wrapper uint32 // id of the tenant key that wraps it
	aead    cipher.AEAD
	seals   *atomic.Uint64
}

func (keys subjectKeys) find(version uint32) *subjectKey {
	for i := range keys {
		if keys[i].version == version {
			return &keys[i]
		}
	}
	return nil
}

// indexKey names a tenant's subjects in the store.
type indexKey [keySize]byte

// name returns the name of a subject: a keyed hash, so that who reads the
// store can neither see nor guess whose key it is.
func (k *indexKey) name(id subjectID) string {
	msg := appendPart([]byte{aadVersion, purposeSubjectName}, id.tenant)
	msg = appendPart(msg, id.patient.Reveal())
	mac := hmac.New(sha256.New, k[:])
	mac.Write(msg)
	return hex.EncodeToString(mac.Sum(nil))
}

// subject returns the ready keys of id, from the cache if they are there.
func (s *Sealer) subject(ctx context.Context, id subjectID, create bool) (subjectKeys, error) {
	if s.store == nil {
		return nil, errNoStore
	}
	if keys, ok := s.ready.get(id); ok {
		return keys, nil
	}
	return s.loadSubject(ctx, id, create)
}

// loadSubject reads the keys of id from the store and makes them ready. With
// create it makes the first key of a subject that has none; without, such a
// subject is ErrNotFound.
func (s *Sealer) loadSubject(ctx context.Context, id subjectID, create bool) (subjectKeys, error) {
	start := time.Now()
	ks, err := s.keyset(ctx, id.tenant)
	if err != nil {
		return nil, err
	}
	index, err := s.index(ctx, ks, id.tenant, create)
	if err != nil {
		return nil, err
	}
	name := index.name(id)
	record, err := s.record(ctx, ks, purposeSubjectKey, id.tenant, name, create)
	if err != nil {
		return nil, err
	}
	wrapped, err := parseRecord(record)
	if err != nil {
		return nil, err
	}
	keys := make(subjectKeys, len(wrapped))
	for i, w := range wrapped {
		if keys[i], err = s.readyKey(ks, id.tenant, name, w); err != nil {
			return nil, err
		}
	}
	id.tenant = strings.Clone(id.tenant)
	// The time to live counts from before the read, so that a slow store
	// cannot stretch the bound within which a destroyed key stops working.
	s.ready.put(id, keys, s.ttl-time.Since(start))
	return keys, nil
}

func (s *Sealer) readyKey(ks *Keyset, tenant, name string, w wrappedKey) (subjectKey, error) {
	material, err := unwrap(ks, purposeSubjectKey, tenant, name, w)
	if err != nil {
		return subjectKey{}, err
	}
	defer clear(material)
	aead, err := newAEAD(material)
	if err != nil {
		return subjectKey{}, err
	}
	return subjectKey{
		version: w.version,
		wrapper: binary.BigEndian.Uint32(w.wrapped[1:]),
		aead:    aead,
		seals:   s.counter(name, w.version),
	}, nil
}

// index returns the tenant's subject index key.
func (s *Sealer) index(ctx context.Context, ks *Keyset, tenant string, create bool) (*indexKey, error) {
	if key, ok := s.indexes.get(tenant); ok {
		return key, nil
	}
	start := time.Now()
	record, err := s.record(ctx, ks, purposeSubjectIndex, tenant, indexName, create)
	if err != nil {
		return nil, err
	}
	wrapped, err := parseRecord(record)
	if err != nil {
		return nil, err
	}
	material, err := unwrap(ks, purposeSubjectIndex, tenant, indexName, wrapped[0])
	if err != nil {
		return nil, err
	}
	key := new(indexKey)
	copy(key[:], material)
	clear(material)
	s.indexes.put(strings.Clone(tenant), key, s.ttl-time.Since(start))
	return key, nil
}

// record returns the record under name, which it makes if there is none and
// create says so. Of two processes that make one at once, the store lets one
// win, and the other uses the winner's.
func (s *Sealer) record(ctx context.Context, ks *Keyset, purpose byte, tenant, name string, create bool) ([]byte, error) {
	record, err := s.get(ctx, tenant, name)
	if !create || !errors.Is(err, ErrNotFound) {
		return record, err
	}
	record, err = s.newRecord(ks, purpose, tenant, name)
	if err != nil {
		return nil, err
	}
	err = s.store.Put(ctx, tenant, name, nil, record)
	if errors.Is(err, ErrConflict) {
		return s.get(ctx, tenant, name)
	}
	if err != nil {
		return nil, storeFailure(err)
	}
	if purpose == purposeSubjectKey {
		s.stats.created.Add(1)
	}
	return record, nil
}

func (s *Sealer) get(ctx context.Context, tenant, name string) ([]byte, error) {
	record, err := s.store.Get(ctx, tenant, name)
	return record, storeFailure(err)
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

// newRecord returns a record with one new random key.
func (s *Sealer) newRecord(ks *Keyset, purpose byte, tenant, name string) ([]byte, error) {
	var material [keySize]byte
	rand.Read(material[:])
	defer clear(material[:])
	w := wrappedKey{version: 1, created: time.Now().Unix()}
	aad := wrapAAD(purpose, tenant, name, w.version, w.created)
	var err error
	if w.wrapped, err = ks.seal(nil, material[:], aad, s.limit); err != nil {
		return nil, err
	}
	return encodeRecord([]wrappedKey{w}), nil
}

// unwrap returns the material of w. The caller clears it.
func unwrap(ks *Keyset, purpose byte, tenant, name string, w wrappedKey) ([]byte, error) {
	material, err := ks.open(nil, w.wrapped, wrapAAD(purpose, tenant, name, w.version, w.created))
	if err != nil || len(material) != keySize {
		return nil, fmt.Errorf("crypto: subject key: cannot be unwrapped: %w", ErrOpen)
	}
	return material, nil
}

// SubjectName returns the name of a patient in the store of subject keys. It
// returns [ErrNotFound] for a tenant that has no names yet.
func (s *Sealer) SubjectName(ctx context.Context, tenant string, p safeguard.Patient) (string, error) {
	if s.store == nil {
		return "", errNoStore
	}
	ks, err := s.keyset(ctx, tenant)
	if err != nil {
		return "", err
	}
	index, err := s.index(ctx, ks, tenant, false)
	if err != nil {
		return "", err
	}
	return index.name(subjectID{tenant, p}), nil
}

// Forget drops the ready key of a patient from the memory of this process.
func (s *Sealer) Forget(tenant string, p safeguard.Patient) {
	s.ready.remove(subjectID{tenant, p})
}
